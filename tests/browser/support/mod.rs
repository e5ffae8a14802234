//! natter, browsers, and the people who use them.

mod api;
mod chromedriver;
mod natter;
mod person;
mod proxy;

pub use self::{
    chromedriver::Chromedriver,
    natter::Natter,
    person::{BrowserOptions, LOBBY, PASSWORD, Person},
    proxy::{Proxy, Random},
};
