//! Networks that users log in from.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};

use super::{
    bson_values::{any_of, bson_date, bson_uuid, timestamp},
    database::Mongo,
    driver::{with_timeout, with_timeout_raw},
    unique_index::is_duplicate_key,
};
use crate::{
    domain::{Network, Timestamp, UserKey},
    store::{Networks, Result, networks::NETWORKS_PER_USER},
};

#[async_trait]
impl Networks for Mongo {
    async fn network_last_seen(&self, user: UserKey, network: Network) -> Result<Option<Timestamp>> {
        let found = with_timeout(self.db.networks.find_one(network_filter(user, network))).await?;
        let noted = found.and_then(|found| found.get_datetime("noted").ok().copied());
        Ok(noted.map(timestamp))
    }

    async fn record_network(&self, user: UserKey, network: Network, now: Timestamp) -> Result<()> {
        let seen = doc! { "$max": { "noted": bson_date(now) } };
        match with_timeout_raw(self.db.networks.update_one(network_filter(user, network), seen).upsert(true)).await {
            // a duplicate key: another login recorded the network at the same time
            Err(error) if !is_duplicate_key(&error) => return Err(error.into()),
            _ => {}
        }
        let older = self.db.networks.find(doc! { "user": bson_uuid(user) }).sort(doc! { "noted": -1 });
        let older = older.skip(u64::from(NETWORKS_PER_USER)).projection(doc! { "_id": 1 });
        let older: Vec<Document> = with_timeout(async { older.await?.try_collect().await }).await?;
        let older: Vec<Bson> = older.into_iter().filter_map(|mut network| network.remove("_id")).collect();
        if older.is_empty() {
            return Ok(());
        }
        with_timeout(self.db.networks.delete_many(doc! { "_id": any_of(older) })).await.map(drop)
    }
}

fn network_filter(user: UserKey, network: Network) -> Document {
    doc! { "user": bson_uuid(user), "network": network.to_string() }
}
