//! UserIDs.

use natter::domain::{
    MentionedUser, Mentions, UserId, fold,
    mention::{Everyone, Mentioned},
    user_ids,
};
use url::Url;

use crate::sample::key;

/// Names that address all members of a room.
const RESERVED: [&str; 2] = ["room", "here"];

/// A userID that is accepted is short plain ASCII, stays the same in an address and in every list, and no new one looks
/// like a reserved name.
pub fn user_id(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let listed = user_ids(&text);
    assert!(listed.iter().all(|id| !id.is_empty() && !id.starts_with('@') && !id.contains([',', ';', ' ', '\n'])));
    let Ok(id) = UserId::parse(&text) else {
        assert!(UserId::parse_new(&text).is_err(), "{text}");
        return;
    };
    assert_eq!(id.as_str(), text.trim());
    assert!((UserId::MIN..=UserId::MAX).contains(&id.as_str().len()), "{id}");
    assert!(id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)), "{id}");
    assert_eq!(UserId::parse(id.as_str()).as_ref(), Ok(&id));
    assert_eq!(UserId::parse(&id.folded()).map(|folded| folded.folded()), Ok(id.folded()));
    assert_eq!(fold(id.as_str()), id.folded(), "the search compares by the other");
    assert_eq!(user_ids(&format!("@{id}, {id}")), [id.as_str(), id.as_str()]);

    let address = Url::parse(&format!("http://localhost/people/{id}/x")).map(|url| url.path().to_owned());
    assert_eq!(address.as_deref(), Ok(format!("/people/{id}/x").as_str()));

    if UserId::parse_new(&text).is_ok() {
        assert!(!RESERVED.contains(&id.folded().as_str()), "{id}");
        let user = MentionedUser { key: key(2), user_id: id.to_string() };
        let mentions = Mentions { users: vec![user], everyone: Some(Everyone::Room) };
        let text = format!("@{id}");
        let places: Vec<_> = mentions.places(&text).collect();
        assert_eq!(places, [(0..text.len(), Mentioned::User(&mentions.users[0]))], "whom {text} mentions");
    }
}
