//! The interface to the database: traits and types that do not depend on a database driver.
//!
//! There is one trait for each entity. Two private adapters implement them: `sqlite` (embedded) and `mongo`
//! (shared by several processes). Handlers hold a `dyn Store`, which can be either; natter's own tasks and tools hold the
//! whole `dyn Database`. The contract tests (`tests/store`)
//! check these guarantees on both adapters:
//!
//! - A room's log has no gaps: `rev` numbers all changes 1, 2, 3 … in the order of commit, and `seq` the messages.
//! - A write returns `Ok` only after it is durable. [`Event`]s are sent only after that, in the order of commit.
//! - (author, client id) is unique: a repeated post returns the stored message.
//!
//! [`Transfer`] copies whole rows between stores, and a [`Snapshot`] has those of one moment. [`NodeDatabase`] reads the database of the Node application
//! that natter replaces.

mod access;
mod administration;
mod answer_budget;
mod avatars;
mod check;
mod disk;
mod error;
mod events;
mod location;
mod log;
mod memberships;
mod mongo;
mod networks;
mod object_reading;
mod object_removal;
mod objects;
mod open;
mod password_hash;
mod personal;
mod port;
mod presence;
mod retry;
mod rooms;
mod row_json;
mod sessions;
mod sqlite;
mod stored_file;
mod transfer;
mod uploads;
mod used_space;
mod users;

pub use access::Access;
pub use administration::{AUDIT_LIFETIME_SECS, Administration, LoginLink, RoomLine, SortByActivity, UserLine};
pub use answer_budget::TEXT_BYTES;
pub use avatars::{Avatars, set_avatar};
pub use check::{Check, Finding, WayOut};
pub use error::{Conflict, Error, Result};
pub use events::{Event, Events};
pub use location::{Location, MongoUrl};
pub use log::{Changed, Chunk, Log, LogReader, LoggedReaction, Page};
pub use memberships::{Member, Memberships, OwnMembership, RoomSummary};
pub use mongo::{NodeDatabase, NodeMessage, NodeMessages, NodeUser, NodeUsers, NodeValue};
pub use networks::Networks;
pub use object_reading::{ObjectFacts, ObjectReading, object_facts, sha256_of};
pub use object_removal::{remove_expired_objects, remove_objects_without_owner};
pub use objects::{Attempt, Object, Objects, PART_BYTES, ReadObject};
pub use open::{open, open_embedded, open_mongo, open_source, open_target};
pub use password_hash::PasswordHash;
pub use personal::{ListCursor, Personal, SavedMessage};
pub use port::{Database, Store};
pub use presence::{LEASE_RENEWAL_INTERVAL, OnlineUser, PresenceStore, ProcessId};
pub use rooms::{MAX_COUNTED_MEMBERS, NewRoom, OpenRoom, Rooms};
pub use row_json::ROW_FORM;
pub use sessions::{SessionRow, Sessions};
pub use transfer::{
    Account, AuthoredPost, MemberRow, MessageRow, Revocation, RoomRow, Row, RowReader, SavedRow, Snapshot, Table,
    Transfer, UploadRow,
};
pub use uploads::{FileFacts, NewUpload, OwnedObjects, Quota, UPLOAD_LIFETIME_SECS, Upload, Uploads};
pub use users::{MessageRetention, NewUser, Searched, SortUsersBy, UserChanges, UserSearch, Users};
