//! natter, browsers, and the people who use them.

mod chromedriver;
mod natter;
mod person;

pub use self::{
    chromedriver::Chromedriver,
    natter::Natter,
    person::{BrowserOptions, PASSWORD, Person},
};
