//! UserIDs.

use natter::domain::{MentionNames, UserId, fold, user_ids};
use url::Url;

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
        // Markdown takes `www.` for the beginning of a link, also within a name
        if !id.folded().contains("www.") {
            let names = MentionNames::of(&format!("hello @{id}"));
            assert!(names.everyone.is_none(), "@{id} would mention all members");
        }
    }
}
