//! Commands that the tests' MongoDB server delays or fails.

use mongodb::{
    Database,
    bson::{Document, doc},
};
use tokio::sync::{Mutex, MutexGuard};

use crate::support::TestDatabase;

/// The server has one such setting for all databases.
static ONE: Mutex<()> = Mutex::const_new(());

/// What happens to the writes of one process to one collection.
pub struct FailPoint {
    admin: Database,
    entered: i64,
    _only: MutexGuard<'static, ()>,
}

impl FailPoint {
    /// Writes to the collection by the process with this name are treated as `effect` says.
    pub async fn set(database: &TestDatabase, process: &str, collection: &str, effect: Document) -> Self {
        let only = ONE.lock().await;
        let mongo = database.mongo().await;
        let mut data = doc! {
            "failCommands": ["update", "insert"], "namespace": format!("{}.{collection}", mongo.name()),
            "appName": process,
        };
        data.extend(effect);
        let admin = mongo.client().database("admin");
        let set = doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data };
        let set = admin.run_command(set).await.unwrap();
        let entered = set.get_i64("count").or(set.get_i32("count").map(i64::from)).unwrap();
        Self { admin, entered, _only: only }
    }

    /// All writes by the process with this name fail but the first `count` ones, as if the process had ended then.
    pub async fn after(database: &TestDatabase, process: &str, count: i32) -> Self {
        let writes =
            ["insert", "update", "delete", "aggregate", "create", "collMod", "createIndexes", "dropIndexes", "drop"];
        let data = doc! { "failCommands": &writes[..], "appName": process, "errorCode": 8 };
        Self::configure(database, doc! { "skip": count }, data).await
    }

    /// The first `count` changes of collections and indexes by the process with this name fail, as while another one
    /// builds an index.
    pub async fn during_index_builds(database: &TestDatabase, process: &str, count: i32) -> Self {
        let changes = ["collMod", "dropIndexes", "drop"];
        let data = doc! { "failCommands": &changes[..], "appName": process, "errorCode": 12_587 };
        Self::configure(database, doc! { "times": count }, data).await
    }

    async fn configure(database: &TestDatabase, mode: Document, data: Document) -> Self {
        let only = ONE.lock().await;
        let admin = database.mongo().await.client().database("admin");
        admin.run_command(doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data }).await.unwrap();
        Self { admin, entered: 0, _only: only }
    }

    /// Waits until a write has met it.
    pub async fn entered(&self) {
        let entered = self.entered + 1;
        let wait = doc! { "waitForFailPoint": "failCommand", "timesEntered": entered, "maxTimeMS": 10_000 };
        self.admin.run_command(wait).await.unwrap();
    }

    pub async fn unset(self) {
        self.admin.run_command(doc! { "configureFailPoint": "failCommand", "mode": "off" }).await.unwrap();
    }
}
