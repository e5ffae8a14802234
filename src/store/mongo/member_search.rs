//! The search for members of a room by their names.

use mongodb::bson::{self, Bson, Document, doc};
use serde::Deserialize;

use super::{
    bson_values::{any_of, file_id, query_limit, user_key},
    causal::collect,
    database::Mongo,
    driver::with_timeout,
    users::literal_pattern,
};
use crate::{
    domain::{Person, RoomId, fold},
    store::Result,
};

/// Most members of a room among whom users are searched. In a larger room, the users are searched first, and then their
/// memberships, until there are enough: many of those who are found are members.
const FEW: usize = 200;

#[derive(Deserialize)]
struct NamedDoc {
    #[serde(rename = "_id")]
    key: bson::Uuid,
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
    avatar: Option<bson::Uuid>,
}

impl Mongo {
    pub(super) async fn search_members(&self, room: &RoomId, text: &str, limit: u32) -> Result<Vec<Person>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let text = fold(text);
        let mut session = self.db.reads().await?;
        self.db.room(room, &mut session).await?;
        let of_room = doc! {
            "$gt": { "room": room.as_str(), "user": Bson::MinKey },
            "$lte": { "room": room.as_str(), "user": Bson::MaxKey },
        };
        let sort = doc! { "_id": 1 };
        let members = self.db.find_members(doc! { "_id": of_room }, sort, FEW as i64 + 1, &mut session).await?;
        let part = doc! { "$regex": literal_pattern(&text) };
        let mut matching =
            doc! { "disabled": { "$ne": true }, "$or": [{ "folded.userID": &part }, { "folded.name": &part }] };
        let is_large = members.len() > FEW;
        if !is_large {
            matching.insert("_id", any_of(members.iter().map(|member| member.id.user)));
        }
        let mut pipeline = vec![
            doc! { "$match": matching },
            doc! { "$project": { "userID": 1, "name": 1, "avatar": 1, "folded.name": 1, "rank": rank(&text) } },
            doc! { "$sort": { "rank": 1, "folded.name": 1, "_id": 1 } },
        ];
        if is_large {
            pipeline.extend(members_only(self.db.memberships.name(), room));
        }
        pipeline.push(doc! { "$limit": query_limit(limit) });
        let found = self.db.users.aggregate(pipeline).with_type::<NamedDoc>();
        let found = with_timeout(async { collect(found.session(&mut *session).await?, &mut session).await }).await?;
        let person = |NamedDoc { key, user_id, name, avatar }| Person {
            key: user_key(key),
            user_id,
            name,
            avatar: avatar.map(file_id),
        };
        Ok(found.into_iter().map(person).collect())
    }
}

/// 0 if the userID is the text, 1 if it or a word of the name begins with the text, else 2.
fn rank(text: &str) -> Document {
    let literal = |text: String| doc! { "$literal": text };
    let is_whole = doc! { "$eq": ["$folded.userID", literal(text.to_owned())] };
    let begins_id = doc! { "$eq": [{ "$indexOfCP": ["$folded.userID", literal(text.to_owned())] }, 0] };
    let spaced = doc! { "$concat": [" ", "$folded.name"] };
    let begins_word = doc! { "$gte": [{ "$indexOfCP": [spaced, literal(format!(" {text}"))] }, 0] };
    let begins = doc! { "$or": [begins_id, begins_word] };
    doc! { "$cond": [is_whole, 0, { "$cond": [begins, 1, 2] }] }
}

/// Leaves those users who are members of the room.
fn members_only(memberships: &str, room: &RoomId) -> [Document; 3] {
    let own = doc! { "room": { "$literal": room.as_str() }, "user": "$_id" };
    let lookup = doc! { "from": memberships, "localField": "own", "foreignField": "_id", "as": "own" };
    let lasting = doc! { "$elemMatch": { "ended": { "$exists": false } } };
    [doc! { "$set": { "own": own } }, doc! { "$lookup": lookup }, doc! { "$match": { "own": lasting } }]
}
