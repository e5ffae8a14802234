//! Users, rooms, messages, ids and their rules. A newtype can be made from valid input only, so the layers above do not
//! check again. No I/O, no HTTP, no database, and no sentences: a refusal is a [`Phrase`].

pub mod audit;
pub mod command;
pub mod device;
pub mod fields;
pub mod file;
pub mod file_kind;
pub mod folding;
pub mod ids;
pub mod markdown;
pub mod mention;
pub mod message;
pub mod network;
pub mod phrase;
pub mod reading;
pub mod room;
pub mod rules;
pub mod settings;
pub mod slash;
pub mod time;
pub mod user;
mod visible;

pub use audit::{AuditAction, AuditEntry, AuditId};
pub use command::{Action, Attachment, Command, Post, RoomAction};
pub use device::Device;
pub use fields::Fields;
pub use file::{AltText, Dimensions, File, FileId, FileName, MAX_FILES};
pub use file_kind::{FileKind, SNIFFED_BYTES, Shown, beginning};
pub use folding::fold;
pub use ids::{ClientId, MessageId, RoomId, TokenId, UserId, UserKey, user_ids};
pub use mention::{MentionNames, MentionedUser, Mentions};
pub use message::{Author, Content, Emoji, Message, Reaction, ReactionChange, Text};
pub use network::Network;
pub use phrase::{Arg, Invalid, Phrase};
pub use reading::{Level, ReadMark, Reading};
pub use room::{MemberRole, Membership, Notice, Right, Room, RoomKind, RoomName, Topic};
pub use settings::{LanguageChoice, Settings, SettingsChanges, Theme, TimeFormat};
pub use slash::{SlashCommand, Typed};
pub use time::Timestamp;
pub use user::{About, Email, Name, Password, Person, Phone, Role, User};
pub use visible::is_visible;
