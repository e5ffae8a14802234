//! The HTTP kit that the features share: errors, extractors, assets, the state they are handed.

pub mod arrival;
pub mod assets;
pub mod error;
pub mod extract;
pub mod origin;
pub mod page;
pub mod sites;
pub mod state;

pub use error::Error;
pub use extract::{Admin, Bearer, ClientAddr, Form, Json, Path, Query, SignedIn};
pub use page::{Nav, NavSlot};
pub use sites::Sites;
pub use state::{AppState, SharedSites};

/// What a handler returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
