//! [`Personal`] for the shared database.

use async_trait::async_trait;

use super::database::Mongo;
use crate::{
    domain::{Message, User},
    store::{Access, ListCursor, Personal, Result, SavedMessage},
};

#[async_trait]
impl Personal for Mongo {
    async fn mentions_of(&self, _user: &User, _after: Option<&ListCursor>, _limit: u32) -> Result<Vec<Message>> {
        Err(crate::store::Error::Failed("unfinished".into()))
    }

    async fn saved_by(&self, _user: &User, _after: Option<&ListCursor>, _limit: u32) -> Result<Vec<SavedMessage>> {
        Err(crate::store::Error::Failed("unfinished".into()))
    }

    async fn save(&self, _access: &Access, _seq: u64) -> Result<()> {
        Err(crate::store::Error::Failed("unfinished".into()))
    }

    async fn unsave(&self, _access: &Access, _seq: u64) -> Result<()> {
        Err(crate::store::Error::Failed("unfinished".into()))
    }

    async fn saved_among(&self, _access: &Access, _seqs: &[u64]) -> Result<Vec<u64>> {
        Err(crate::store::Error::Failed("unfinished".into()))
    }
}
