//! The collections of the database.

use mongodb::{
    Client, Collection, Database,
    bson::Document,
    options::{CollectionOptions, ReadConcern},
};

use super::documents::{LeaseDoc, MessageDoc, PresenceDoc, RemovalDoc, SessionDoc, UserDoc};

/// Handles of the collections. They are cheap to clone.
#[derive(Clone)]
pub struct Collections {
    pub database: Database,
    pub users: Collection<UserDoc>,
    /// The users with read concern "local", which does not wait for a majority: shows whether an account exists now.
    pub users_now: Collection<UserDoc>,
    pub messages: Collection<MessageDoc>,
    pub sessions: Collection<SessionDoc>,
    pub networks: Collection<Document>,
    pub revoked: Collection<Document>,
    pub leases: Collection<LeaseDoc>,
    pub presence: Collection<PresenceDoc>,
    pub removals: Collection<RemovalDoc>,
    /// Single documents of natter itself: the guard of the admins, the shared secret, the mark of an unfinished copy.
    pub natter: Collection<Document>,
}

impl Collections {
    pub fn new(database: Database) -> Self {
        let local = CollectionOptions::builder().read_concern(ReadConcern::local()).build();
        Self {
            users: database.collection("users"),
            users_now: database.collection_with_options("users", local),
            messages: database.collection("messages"),
            sessions: database.collection("sessions"),
            networks: database.collection("loginNetworks"),
            revoked: database.collection("revokedTokens"),
            leases: database.collection("leases"),
            presence: database.collection("presence"),
            removals: database.collection("removals"),
            natter: database.collection("natter"),
            database,
        }
    }

    pub fn client(&self) -> &Client {
        self.database.client()
    }
}
