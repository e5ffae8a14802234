//! MongoDB with TLS under a private CA, with accounts and client certificates, and by `mongodb+srv://`: natter works, or
//! says in one line why it does not and what helps.

mod accounts;
mod authority;
mod client_certificates;
mod dns;
mod refusal;
mod secured_mongod;
mod srv;
mod tls;

use self::{
    authority::Authority,
    dns::Dns,
    refusal::refusal,
    secured_mongod::{READ_WRITE, SecuredMongod},
};
