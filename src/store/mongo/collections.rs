//! The collections of the database.

use mongodb::{
    Client, Collection, Database,
    bson::Document,
    options::{CollectionOptions, DatabaseOptions, ReadConcern},
};

use super::{
    audit_documents::AuditDoc,
    causal::CausalClock,
    documents::{LeaseDoc, PresenceDoc, RemovalDoc, RoomNameDoc, SavedDoc, SessionDoc, UserDoc},
    log_documents::MessageDoc,
    room_documents::{MemberDoc, RoomDoc},
    upload_documents::UploadDoc,
};

/// Handles of the collections. They are cheap to clone.
#[derive(Clone)]
pub struct Collections {
    pub database: Database,
    pub users: Collection<UserDoc>,
    /// The users with read concern "local", which does not wait for a majority: shows whether an account exists now.
    pub users_now: Collection<UserDoc>,
    /// The logs of all rooms.
    pub log: Collection<Document>,
    /// The messages in it.
    pub messages: Collection<MessageDoc>,
    pub rooms: Collection<RoomDoc>,
    pub memberships: Collection<MemberDoc>,
    /// The names of open rooms.
    pub room_names: Collection<RoomNameDoc>,
    /// What users have saved.
    pub saved: Collection<SavedDoc>,
    pub sessions: Collection<SessionDoc>,
    pub networks: Collection<Document>,
    pub revoked: Collection<Document>,
    /// What admins did.
    pub audit: Collection<AuditDoc>,
    pub uploads: Collection<UploadDoc>,
    /// The objects, and their chunks.
    pub files: Collection<Document>,
    pub chunks: Collection<Document>,
    pub leases: Collection<LeaseDoc>,
    pub presence: Collection<PresenceDoc>,
    pub typing: Collection<Document>,
    /// Deleted accounts whose messages are still to be deleted.
    pub removals: Collection<RemovalDoc>,
    /// Deleted accounts whose memberships, reactions, mentions and saved messages are still to be removed.
    pub departures: Collection<RemovalDoc>,
    /// Single documents of natter itself: the guard of the admins, the shared secret, the mark of an unfinished copy.
    pub natter: Collection<Document>,
    pub clock: CausalClock,
}

impl Collections {
    /// Handles whose reads belong to a session of [`CausalClock::snapshot_session`], which the driver refuses with another
    /// read concern.
    pub fn of_snapshot(&self) -> Self {
        let options = DatabaseOptions::builder().read_concern(ReadConcern::snapshot()).build();
        Self::new(self.client().database_with_options(self.database.name(), options))
    }

    pub fn new(database: Database) -> Self {
        let local = CollectionOptions::builder().read_concern(ReadConcern::local()).build();
        Self {
            users: database.collection("users"),
            users_now: database.collection_with_options("users", local),
            log: database.collection("log"),
            messages: database.collection("log"),
            rooms: database.collection("rooms"),
            memberships: database.collection("memberships"),
            room_names: database.collection("roomNames"),
            saved: database.collection("saved"),
            sessions: database.collection("sessions"),
            networks: database.collection("loginNetworks"),
            revoked: database.collection("revokedTokens"),
            audit: database.collection("audit"),
            uploads: database.collection("uploads"),
            files: database.collection("fs.files"),
            chunks: database.collection("fs.chunks"),
            leases: database.collection("leases"),
            presence: database.collection("presence"),
            typing: database.collection("typing"),
            removals: database.collection("removals"),
            departures: database.collection("departures"),
            natter: database.collection("natter"),
            clock: CausalClock::default(),
            database,
        }
    }

    pub fn client(&self) -> &Client {
        self.database.client()
    }
}
