//! natter processes on MongoDB, and clients that carry on through every fault.

mod changer;
mod client;
mod clients;
mod compare;
pub mod fold;
mod natter;
mod socket;
mod tcp_proxy;

pub use self::{
    clients::Clients,
    compare::Verdict,
    fold::read_fold,
    natter::{Natter, PASSWORD},
    socket::{Socket, revs},
    tcp_proxy::TcpProxy,
};
