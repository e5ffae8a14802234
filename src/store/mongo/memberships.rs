//! [`Memberships`].
// stub

use async_trait::async_trait;

use super::database::Mongo;
use crate::{
    domain::{Level, ReadMark, Reading, RoomId, User, UserKey},
    store::{Access, Error, Member, Memberships, Result, RoomSummary},
};

fn not_built<T>() -> Result<T> {
    Err(Error::Failed("not built".into()))
}

#[async_trait]
impl Memberships for Mongo {
    async fn rooms_of(&self, _: &User, _: Option<&RoomId>, _: u32) -> Result<Vec<RoomSummary>> {
        not_built()
    }
    async fn summaries(&self, _: &User, _: &[RoomId]) -> Result<Vec<RoomSummary>> {
        not_built()
    }
    async fn summary(&self, _: &Access) -> Result<RoomSummary> {
        not_built()
    }
    async fn read(&self, _: &Access, _: Reading) -> Result<ReadMark> {
        not_built()
    }
    async fn read_all(&self, _: UserKey) -> Result<()> {
        not_built()
    }
    async fn set_level(&self, _: &Access, _: Level) -> Result<()> {
        not_built()
    }
    async fn set_starred(&self, _: &Access, _: bool) -> Result<()> {
        not_built()
    }
    async fn members_after(&self, _: &Access, _: Option<UserKey>, _: u32) -> Result<Vec<Member>> {
        not_built()
    }
    async fn members_among(&self, _: &Access, _: &[UserKey]) -> Result<Vec<Member>> {
        not_built()
    }
    async fn member_count(&self, _: &Access) -> Result<u64> {
        not_built()
    }
    async fn room_count_of(&self, _: UserKey) -> Result<u64> {
        not_built()
    }
}
