//! The HTTP kit that the features share: the state of handlers, extractors, errors, assets, what all pages have.

pub mod accounts;
pub mod active_uploads;
pub mod any_caller;
pub mod ask_first;
pub mod assets;
pub mod change;
pub mod completion;
pub mod composer;
pub mod direct;
pub mod error;
pub mod error_page;
pub mod etag;
pub mod extract;
pub mod files;
mod form_body;
pub mod in_room;
pub mod language;
pub mod members;
pub mod message_form;
pub mod named_users;
pub mod origin;
pub mod page;
mod part_writer;
pub mod receiver;
pub mod room_audit;
pub mod room_limits;
pub mod session;
pub mod shell;
pub mod sidebar;
pub mod sites;
pub mod state;
pub mod token_login;
pub mod typed;
pub mod user_reads;

pub use any_caller::AnyCaller;
pub use error::{Error, FieldTexts};
pub use extract::{Admin, AdminBearer, Bearer, ClientAddr, Form, Json, Path, Query, SignedIn};
pub use in_room::InRoom;
pub use shell::{Nav, NavSlot, Shell};
pub use sidebar::Sidebar;
pub use sites::Sites;
pub use state::{AppState, IsHttps, SharedSites};

/// What a handler returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
