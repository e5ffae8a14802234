//! natter processes on MongoDB, and clients that carry on through every fault.

mod client;
mod clients;
mod natter;
mod tcp_proxy;

pub use self::{
    client::{Socket, revs},
    clients::{Clients, Verdict},
    natter::{Natter, PASSWORD},
    tcp_proxy::TcpProxy,
};
