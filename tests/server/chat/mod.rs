//! Talking.

mod bounds;
mod catching_up;
mod interleavings;
mod paging;
mod presence;
mod protocol;
mod refusals;
mod restart;
mod talking;
