//! The members of a room, those who are online first.

use std::collections::HashMap;

use super::pagination::take_page;
use crate::{
    domain::{Fields, Phrase, User, UserKey, fold},
    room::Presence,
    store::{Access, Member},
    web::{AppState, Error, Result},
};

/// Members of a room that is read whole, so that all of its members are in the order of their names.
const SMALL: u32 = 500;
/// Online users, in order of their keys, that are looked up among the room's members at a time.
const ONLINE_CHUNK: usize = 1000;
/// Members that are read at a time, to find those who are not online.
const OTHERS_CHUNK: u32 = 250;

/// A member, and whether the user is online.
#[derive(Debug, Clone)]
pub(super) struct PresentMember {
    pub member: Member,
    pub presence: Presence,
}

impl PresentMember {
    /// The member with the present presence.
    pub(super) fn new(state: &AppState, member: Member) -> Self {
        let presence = state.presence_of(&[member.person.key])[0];
        Self { member, presence }
    }

    /// The place in the order of names.
    fn place(&self) -> (String, UserKey) {
        (fold(&self.member.person.name), self.member.person.key)
    }
}

/// The last member of a page, and the part of the list that this one is in: those who are online, in order of their
/// names, or the others, in order of their names in a small room, else of their keys.
pub(super) enum MemberCursor {
    Online(User),
    Others(User),
}

impl MemberCursor {
    /// # Errors
    /// 422 at `after` if `raw` is no cursor, or its user does not exist any more.
    pub(super) async fn parse(state: &AppState, raw: Option<&str>) -> Result<Option<Self>> {
        let Some(raw) = raw else { return Ok(None) };
        let refused =
            || Error::invalid(Fields::one("after", Phrase::english("Use the address in next, or start over.")));
        let (part, user_id) = raw.split_once(':').ok_or_else(refused)?;
        let user = state.find_user(user_id).await.map_err(|error| match error.status.as_u16() {
            404 => refused(),
            _ => error,
        })?;
        match part {
            "online" => Ok(Some(Self::Online(user))),
            "others" => Ok(Some(Self::Others(user))),
            _ => Err(refused()),
        }
    }

    /// The cursor after `last`, as [`MemberCursor::parse`] reads it.
    fn after(last: &PresentMember) -> String {
        let part = if last.presence == Presence::Offline { "others" } else { "online" };
        format!("{part}:{}", last.member.person.user_id)
    }
}

/// The first `limit` members after `after`, and the cursor of the next page if there are more. `count`: the number of all
/// members.
///
/// # Errors
/// The store's.
pub(super) async fn members_page(
    state: &AppState,
    access: &Access,
    count: u64,
    after: Option<MemberCursor>,
    limit: u32,
) -> Result<(Vec<PresentMember>, Option<String>)> {
    if count <= u64::from(SMALL) {
        let all = state.store.members_after(access, None, SMALL).await?;
        return Ok(page_of_small(state, all, after.as_ref(), limit));
    }
    let wanted = limit as usize + 1;
    let (mut found, after) = match after {
        None => (online_members(state, access, None, wanted).await?, None),
        Some(MemberCursor::Online(user)) => (online_members(state, access, Some(&user), wanted).await?, None),
        Some(MemberCursor::Others(user)) => (Vec::new(), Some(user.key)),
    };
    if found.len() < wanted {
        found.extend(other_members(state, access, after, wanted - found.len()).await?);
    }
    let (members, last) = take_page(found, limit);
    Ok((members, last.as_ref().map(MemberCursor::after)))
}

/// The same of a room of which these are all members.
fn page_of_small(
    state: &AppState,
    all: Vec<Member>,
    after: Option<&MemberCursor>,
    limit: u32,
) -> (Vec<PresentMember>, Option<String>) {
    let keys: Vec<UserKey> = all.iter().map(|member| member.person.key).collect();
    let present = all.into_iter().zip(state.presence_of(&keys));
    let mut present: Vec<_> = present.map(|(member, presence)| PresentMember { member, presence }).collect();
    let place = |member: &PresentMember| (member.presence == Presence::Offline, member.place());
    present.sort_by_cached_key(place);
    if let Some(after) = after {
        let (is_offline, user) = match after {
            MemberCursor::Online(user) => (false, user),
            MemberCursor::Others(user) => (true, user),
        };
        let after = (is_offline, (fold(user.name.as_str()), user.key));
        present.retain(|member| place(member) > after);
    }
    let (members, last) = take_page(present, limit);
    (members, last.as_ref().map(MemberCursor::after))
}

/// Those who are online, by name within each [`ONLINE_CHUNK`] of all online users: so a page of a large room costs one
/// look-up if many of them are its members.
async fn online_members(
    state: &AppState,
    access: &Access,
    after: Option<&User>,
    wanted: usize,
) -> Result<Vec<PresentMember>> {
    let mut online = state.online();
    online.sort_unstable_by_key(|(user, _)| *user);
    let chunk_of = |user: &User| online.partition_point(|(key, _)| *key < user.key) / ONLINE_CHUNK;
    let mut found = Vec::new();
    for chunk in online.chunks(ONLINE_CHUNK).skip(after.map_or(0, chunk_of)) {
        let keys: Vec<UserKey> = chunk.iter().map(|(user, _)| *user).collect();
        let presence_of: HashMap<_, _> = chunk.iter().copied().collect();
        let members = state.store.members_among(access, &keys).await?;
        let present = members.into_iter().filter_map(|member| {
            let presence = *presence_of.get(&member.person.key)?;
            Some(PresentMember { member, presence })
        });
        let mut present: Vec<_> = present.collect();
        present.sort_by_cached_key(PresentMember::place);
        if let Some(after) = after.filter(|user| presence_of.contains_key(&user.key)) {
            let after = (fold(after.name.as_str()), after.key);
            present.retain(|member| member.place() > after);
        }
        found.extend(present);
        if found.len() >= wanted {
            break;
        }
    }
    found.truncate(wanted);
    Ok(found)
}

async fn other_members(
    state: &AppState,
    access: &Access,
    mut after: Option<UserKey>,
    wanted: usize,
) -> Result<Vec<PresentMember>> {
    let mut found = Vec::new();
    loop {
        let members = state.store.members_after(access, after, OTHERS_CHUNK).await?;
        let is_last = members.len() < OTHERS_CHUNK as usize;
        after = members.last().map(|last| last.person.key).or(after);
        let keys: Vec<UserKey> = members.iter().map(|member| member.person.key).collect();
        let present = members.into_iter().zip(state.presence_of(&keys));
        let offline = present.filter(|(_, presence)| *presence == Presence::Offline);
        found.extend(offline.map(|(member, presence)| PresentMember { member, presence }));
        if is_last || found.len() >= wanted {
            found.truncate(wanted);
            return Ok(found);
        }
    }
}
