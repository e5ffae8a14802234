//! Networks that users log in from.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};

use super::{
    Mongo, any_of, bounded,
    documents::{date, key},
    duplicate, timed,
};
use crate::{
    domain::{Network, Timestamp, UserKey},
    store::{NETWORKS_PER_USER, Networks, Result},
};

#[async_trait]
impl Networks for Mongo {
    async fn network_last_seen(&self, user: UserKey, network: Network) -> Result<Option<Timestamp>> {
        let found = bounded(self.db.networks.find_one(one(user, network))).await?;
        let noted = found.and_then(|found| found.get_datetime("noted").ok().copied());
        Ok(noted.map(|noted| Timestamp(noted.timestamp_millis())))
    }

    async fn record_network(&self, user: UserKey, network: Network, now: Timestamp) -> Result<()> {
        let note = doc! { "$max": { "noted": date(now) } };
        match timed(self.db.networks.update_one(one(user, network), note).upsert(true)).await {
            // two logins at once: the other one has noted it
            Err(error) if duplicate(&error).is_none() => return Err(error.into()),
            _ => {}
        }
        let older = self.db.networks.find(doc! { "user": key(user) }).sort(doc! { "noted": -1 });
        let older = older.skip(u64::from(NETWORKS_PER_USER)).projection(doc! { "_id": 1 });
        let older: Vec<Document> = bounded(async { older.await?.try_collect().await }).await?;
        let older: Vec<Bson> = older.into_iter().filter_map(|mut network| network.remove("_id")).collect();
        if older.is_empty() {
            return Ok(());
        }
        bounded(self.db.networks.delete_many(doc! { "_id": any_of(older) })).await.map(drop)
    }
}

fn one(user: UserKey, network: Network) -> Document {
    doc! { "user": key(user), "network": network.to_string() }
}
