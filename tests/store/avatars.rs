//! The pictures of users, and to whom their objects belong.

use bytes::Bytes;
use natter::{
    domain::{FileId, FileName, RoomAction, RoomKind, Timestamp, User, UserKey},
    store::{
        Database, Error, MessageRetention, NewUpload, Quota, UPLOAD_LIFETIME_SECS, Upload, remove_expired_objects,
        remove_objects_without_owner, set_avatar,
    },
};

use crate::{
    members::{Member, in_lobby},
    support::{TestDatabase, id},
};

/// Of two parts.
fn picture(first: u8) -> Bytes {
    let mut bytes = vec![7; 300_000];
    bytes[0] = first;
    bytes.into()
}

async fn gives(store: &dyn Database, user: &User, first: u8) -> FileId {
    let changed = set_avatar(store, user.key, &picture(first), None).await.unwrap();
    assert_eq!(changed, User { avatar: changed.avatar, ..store.user(&user.user_id).await.unwrap().unwrap() });
    changed.avatar.unwrap()
}

async fn begins(store: &dyn Database, owner: UserKey) -> Upload {
    let quota = Quota { user: 1 << 30, server: 1 << 30 };
    let new = NewUpload { id: FileId::generate(), owner, name: FileName::clean("avatar"), size: 300_000 };
    let upload = store.begin_upload(new, quota, Timestamp::now()).await.unwrap();
    upload.object.replace(&picture(9)).await.unwrap();
    upload
}

/// Looks at all objects, as long after an interruption as it takes.
async fn sweep(store: &dyn Database) {
    let late = Timestamp::now().plus_secs(3 * UPLOAD_LIFETIME_SECS);
    remove_expired_objects(store, late).await.unwrap();
    remove_objects_without_owner(store, late).await.unwrap();
}

async fn objects(store: &dyn Database) -> Vec<FileId> {
    let mut all = store.objects().objects_after(None, 100).await.unwrap();
    all.sort_unstable();
    all
}

pub async fn an_avatar_belongs_to_its_account(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let store = ada.store.as_ref();
    let first = gives(store, &ada.user, 1).await;
    let of_bob = gives(store, &bob.user, 2).await;
    sweep(store).await;
    assert_eq!(objects(store).await, [first, of_bob]);
    assert_eq!(store.avatar(first).await.unwrap().unwrap().whole().await.unwrap(), picture(1));
    assert!(store.avatar(FileId::generate()).await.unwrap().is_none());

    // another one
    let second = gives(store, &ada.user, 3).await;
    assert_ne!(first, second);
    assert_eq!(objects(store).await, [of_bob, second], "the one before is removed");
    assert!(store.avatar(first).await.unwrap().is_none());
    sweep(store).await;
    assert_eq!(store.avatar(second).await.unwrap().unwrap().whole().await.unwrap(), picture(3));
    if let Some(other) = database.open_another().await {
        assert_eq!(other.user(&id("ada")).await.unwrap().unwrap().avatar, Some(second));
    }

    // none
    let none = store.change_avatar(ada.user.key, None, None, Timestamp::now()).await.unwrap();
    assert_eq!((none.avatar, none.name), (None, ada.user.name.clone()));
    assert_eq!(store.user(&id("ada")).await.unwrap().unwrap().avatar, None);
    assert_eq!(objects(store).await, [of_bob]);

    store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    assert_eq!(objects(store).await, [], "of a deleted account");
    assert!(store.avatar(of_bob).await.unwrap().is_none());
}

pub async fn an_avatar_that_is_being_made_survives_a_sweep(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let store = ada.store.as_ref();
    let (kept, left) = (begins(store, ada.user.key).await, begins(store, ada.user.key).await);
    let now = Timestamp::now();
    assert_eq!(remove_expired_objects(store, now).await.unwrap(), 0);
    assert_eq!(remove_objects_without_owner(store, now).await.unwrap(), 0);
    store.change_avatar(ada.user.key, Some(kept.object.id), None, now).await.unwrap();
    // natter ended before the account had the other one
    sweep(store).await;
    assert_eq!(objects(store).await, [kept.object.id]);
    assert_eq!(kept.object.whole().await.unwrap(), picture(9));
    assert!(store.upload(ada.user.key, left.object.id, now).await.unwrap().is_none());
    assert!(store.upload(ada.user.key, kept.object.id, now).await.unwrap().is_none(), "it is no upload any more");
}

pub async fn only_a_present_upload_of_the_user_becomes_an_avatar(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let store = ada.store.as_ref();
    let avatar = gives(store, &ada.user, 1).await;
    let (of_bob, ended) = (begins(store, bob.user.key).await, begins(store, ada.user.key).await);
    assert!(store.end_upload(ada.user.key, ended.object.id).await.unwrap());
    let unknown = FileId::generate();
    for id in [of_bob.object.id, ended.object.id, unknown, avatar] {
        let refused = store.change_avatar(ada.user.key, Some(id), None, Timestamp::now()).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
        assert_eq!(store.user(&id_of(&ada)).await.unwrap().unwrap().avatar, Some(avatar));
    }
    assert_eq!(store.avatar(avatar).await.unwrap().unwrap().whole().await.unwrap(), picture(1));
    let nobody = store.change_avatar(UserKey::generate(), None, None, Timestamp::now()).await;
    assert!(matches!(nobody, Err(Error::NotFound)), "{nobody:?}");
}

fn id_of(member: &Member) -> natter::domain::UserId {
    member.user.user_id.clone()
}

pub async fn an_avatar_is_seen_wherever_the_name_is(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let store = ada.store.as_ref();
    let room = ada.create(RoomKind::Closed, &[&bob]).await;
    let direct = ada.create(RoomKind::Direct, &[&bob]).await;
    let bob_in_room = bob.enter(room.room()).await.unwrap();
    let said = bob_in_room.post("hello").await;
    assert_eq!(said.author.as_ref().unwrap().avatar, None);
    let others = async || store.summaries(&ada.user, &[direct.room().clone()]).await.unwrap().remove(0).others;
    let listed = async || {
        let rooms = store.rooms_of(&ada.user, None, 100).await.unwrap();
        rooms.into_iter().find(|one| one.room.id == *direct.room()).unwrap().others[0].avatar
    };
    assert_eq!((others().await[0].avatar, listed().await), (None, None));

    for avatar in [Some(gives(store, &bob.user, 1).await), Some(gives(store, &bob.user, 2).await), None] {
        if avatar.is_none() {
            store.change_avatar(bob.user.key, None, None, Timestamp::now()).await.unwrap();
        }
        // the second one took the place of the first before this loop began
        let now = store.user(&id("bob")).await.unwrap().unwrap().avatar;
        assert!(avatar.is_none() == now.is_none());
        assert_eq!(room.read(said.seq()).await.author.unwrap().avatar, now);
        assert_eq!(room.after(0, 10).await.messages.last().unwrap().author.as_ref().unwrap().avatar, now);
        assert_eq!(bob_in_room.post("again").await.author.unwrap().avatar, now, "as it is announced");
        assert_eq!(store.people(&[bob.user.key]).await.unwrap()[0].avatar, now);
        assert_eq!(store.members_named(&room.access, "bob", 1).await.unwrap()[0].avatar, now);
        assert_eq!((others().await[0].avatar, listed().await), (now, now));
    }
    let picture = gives(store, &bob.user, 3).await;
    let removed = room.manage(RoomAction::Remove(bob.user.key)).await;
    assert_eq!(removed.subject.unwrap().avatar, Some(picture));
}
