//! Rooms and their members: the API and the pages.

mod direct;
mod editing;
mod limits;
mod listing;
mod members;
mod own;
mod pages;
