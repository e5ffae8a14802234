//! Networks that users log in from.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{batch::Batch, database::Sqlite};
use crate::{
    domain::{Network, Timestamp, UserKey},
    store::{Networks, Result, networks::NETWORKS_PER_USER},
};

#[async_trait]
impl Networks for Sqlite {
    async fn network_last_seen(&self, user: UserKey, network: Network) -> Result<Option<Timestamp>> {
        self.read(move |c| {
            c.prepare_cached("SELECT noted FROM login_networks WHERE user = ?1 AND network = ?2")?
                .query_row(params![user.0.as_bytes(), network.to_string()], |row| Ok(Timestamp(row.get(0)?)))
                .optional()
        })
        .await
    }

    async fn record_network(&self, user: UserKey, network: Network, now: Timestamp) -> Result<()> {
        let record = move |batch: &mut Batch<'_>| {
            batch
                .connection
                .prepare_cached(
                    "INSERT INTO login_networks SELECT key, ?2, ?3 FROM users WHERE key = ?1
                     ON CONFLICT DO UPDATE SET noted = max(noted, excluded.noted)",
                )?
                .execute(params![user.0.as_bytes(), network.to_string(), now.0])?;
            batch
                .connection
                .prepare_cached(
                    "DELETE FROM login_networks WHERE user = ?1 AND network NOT IN
                     (SELECT network FROM login_networks WHERE user = ?1 ORDER BY noted DESC LIMIT ?2)",
                )?
                .execute(params![user.0.as_bytes(), NETWORKS_PER_USER])?;
            Ok(())
        };
        self.writer.run(move |batch| batch.atomically(record)).await
    }
}
