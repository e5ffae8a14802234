//! natter processes on MongoDB, and clients that carry on through every fault.

mod changer;
mod client;
mod clients;
mod commands;
mod compare;
mod fold;
mod folded_message;
mod natter;
mod socket;
mod tcp_proxy;
mod verdict;

pub use self::{
    clients::Clients,
    fold::{Fold, fold, read_log},
    natter::{Natter, PASSWORD},
    socket::{Socket, revs},
    tcp_proxy::TcpProxy,
    verdict::Verdict,
};
