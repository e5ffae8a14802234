//! Rooms and who may see them.

use natter::{
    domain::{
        Action, ClientId, MemberRole, Post, Right, RoomAction, RoomId, RoomKind, RoomName, Topic, rules::Refusal,
    },
    store::{Conflict, Error},
};

use crate::{
    members::{Member, in_lobby, new_post, react},
    support::{TestDatabase, revs, seqs, text},
};

/// What each of them may do in `room`.
async fn rights<const N: usize>(room: &RoomId, of: [&Member; N]) -> [Option<Right>; N] {
    let mut rights = [None; N];
    for (right, member) in rights.iter_mut().zip(of) {
        *right = match member.store.access(&member.user, room).await {
            Ok(access) => Some(access.right()),
            Err(error) => {
                assert!(matches!(error, Error::NoSuchRoom), "{error:?}");
                None
            }
        };
    }
    rights
}

pub async fn the_lobby_is_open_to_everybody(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    assert_eq!(rights(&RoomId::lobby(), [&ada, &bob]).await, [Some(Right::Write); 2]);
    assert_eq!(ada.store.room(&ada.access).await.unwrap(), natter::domain::Room::lobby());
    let members = ada.store.members(&ada.access).await.unwrap();
    assert_eq!(members.iter().map(|member| member.user).collect::<Vec<_>>(), [ada.user.key, bob.user.key]);
    for action in [RoomAction::Leave, RoomAction::Close, RoomAction::Archive] {
        assert_eq!(ada.refused(Action::Room(action)).await, Refusal::HasEveryone);
    }
    assert!(matches!(bob.give(Action::Room(RoomAction::Leave)).await, Err(Error::Refused(Refusal::HasEveryone))));
    assert!(!bob.post("hello").await.joins);
}

pub async fn a_new_room_has_its_first_members(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let bobs = bob.create(RoomKind::Closed, &[&cyd, &bob, &cyd]).await;
    let room = bob.store.room(&bobs.access).await.unwrap();
    assert_eq!((room.kind, room.rev, room.archived, room.everyone), (RoomKind::Closed, 0, false, false));
    assert_eq!((room.name.as_str(), room.topic.as_str()), ("Attic", "Old things"));
    assert_eq!(room.id, *bobs.room());
    let members = bob.store.members(&bobs.access).await.unwrap();
    let roles: Vec<_> = members.iter().map(|member| (member.user, member.role, member.rev)).collect();
    let expected = [(bob.user.key, MemberRole::Owner, 0), (cyd.user.key, MemberRole::Member, 0)];
    assert_eq!(roles, expected, "each once, and all joined at the same time");
    assert_eq!(bobs.head().await, 0);
    assert!(ada.user.is_admin());
}

pub async fn only_members_see_a_closed_or_direct_room(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    for kind in [RoomKind::Closed, RoomKind::Direct] {
        let room = bob.create(kind, &[&cyd]).await;
        let rights = rights(room.room(), [&ada, &bob, &cyd]).await;
        assert_eq!(rights, [None, Some(Right::Write), Some(Right::Write)], "an admin sees it neither");
    }
    let open = bob.create(RoomKind::Open, &[]).await;
    assert_eq!(rights(open.room(), [&ada, &bob, &cyd]).await, [Some(Right::Write); 3]);
}

pub async fn a_direct_room_is_unique_by_its_members(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let first = bob.create(RoomKind::Direct, &[&cyd]).await;
    first.post("hello").await;
    let again = cyd.create(RoomKind::Direct, &[&bob]).await;
    assert_eq!((again.room(), again.head().await), (first.room(), 1));
    let of_three = cyd.create(RoomKind::Direct, &[&bob, &ada]).await;
    assert_ne!(of_three.room(), first.room());
    assert_eq!(first.refused(Action::Room(RoomAction::Add(ada.user.key))).await, Refusal::IsDirect);
    assert_eq!(first.refused(Action::Room(RoomAction::Leave)).await, Refusal::IsDirect);
}

pub async fn each_room_has_its_own_numbers(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let rooms = [ada.create(RoomKind::Open, &[]).await, ada.create(RoomKind::Closed, &[]).await];
    for n in 0..3 {
        ada.post("in the lobby").await;
        let [open, closed] = &rooms;
        let (first, second) = (open.post("open").await, closed.post("closed").await);
        assert_eq!((first.id.seq, first.rev, first.room_texts, first.author_texts), (n + 1, n + 1, n + 1, n + 1));
        assert_eq!((second.id.seq, second.rev), (n + 1, n + 1));
    }
    rooms[0].change(Action::Delete { seq: 2 }).await;
    for (room, expected) in [(&ada, [1, 2, 3]), (&rooms[0], [1, 3, 4]), (&rooms[1], [1, 2, 3])] {
        let log = room.log().await;
        assert_eq!(revs(&log), expected);
        assert!(log.iter().all(|message| message.id.room == *room.room()));
        assert_eq!(room.head().await, expected[2]);
    }
    let page = rooms[1].store.before(&rooms[1].access, None, 10, Some(ada.user.key)).await.unwrap();
    assert_eq!((seqs(&page.messages), page.has_older, page.has_newer), (vec![1, 2, 3], false, false));
    let latest = rooms[0].store.latest(&rooms[0].access, &[ada.user.key], 10).await.unwrap();
    assert_eq!(seqs(&latest[0].messages), [1, 3]);
}

pub async fn the_heads_of_many_rooms_are_read_together(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let (empty, closed) = (ada.create(RoomKind::Open, &[]).await, ada.create(RoomKind::Closed, &[]).await);
    ada.post("one").await;
    ada.change(react(&ada.post("two").await, "👍")).await;
    closed.manage(RoomAction::Archive).await;
    let unknown = RoomId::named("cellar");
    let rooms = [&unknown, closed.room(), ada.room(), empty.room()].map(RoomId::clone);
    let expected = [None, Some(1), Some(3), Some(0)];
    assert_eq!(ada.store.heads(&rooms).await.unwrap(), expected);
    assert!(ada.store.heads(&[]).await.unwrap().is_empty());
    // more than fit into one query
    let repeated = |n: usize| n * 7 % rooms.len();
    let many: Vec<_> = (0..2500).map(|n| rooms[repeated(n)].clone()).collect();
    let heads: Vec<_> = (0..2500).map(|n| expected[repeated(n)]).collect();
    assert_eq!(ada.store.heads(&many).await.unwrap(), heads);
}

pub async fn a_client_id_of_another_room_is_an_error(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    let room = ada.create(RoomKind::Open, &[]).await;
    for client in ["17", "0198c0de-0000-7000-8000-000000000000", "0198C0DE-0000-7000-8000-000000000000"] {
        let post = || {
            let client = ClientId::parse(client).unwrap();
            Action::Post(Post { client, text: text("hello"), reply_to: None, files: Vec::new() })
        };
        let posted = ada.change(post()).await;
        let reused = room.give(post()).await;
        assert!(matches!(reused, Err(Error::Conflict(Conflict::ClientIdReused))), "{client}: {reused:?}");
        assert_eq!(ada.repeat(post()).await, posted);
    }
    assert_eq!((ada.head().await, room.head().await), (3, 0));
}

pub async fn a_first_post_in_an_open_room_joins(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let room = ada.create(RoomKind::Open, &[]).await;
    let bobs = bob.enter(room.room()).await.unwrap();
    let first = bobs.post("hello").await;
    assert!(first.joins && bobs.read(first.id.seq).await.joins);
    let members = bob.store.members(&bobs.access).await.unwrap();
    assert_eq!(members.iter().map(|member| member.user).collect::<Vec<_>>(), [ada.user.key, bob.user.key]);
    assert_eq!((members[1].rev, members[1].joined_at), (1, first.sent_at));
    assert!(!bobs.post("again").await.joins);
}

pub async fn an_archived_room_can_be_read_and_left(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let room = ada.create(RoomKind::Closed, &[&bob]).await;
    let bobs = bob.enter(room.room()).await.unwrap();
    bobs.post("hello").await;
    room.manage(RoomAction::Archive).await;
    assert_eq!(rights(room.room(), [&ada, &bob]).await, [Some(Right::Read); 2]);
    for action in [new_post("late", None), Action::Pin { seq: 1 }, Action::Room(RoomAction::Open)] {
        assert_eq!(room.refused(action).await, Refusal::Archived);
    }
    assert_eq!(bobs.refused(new_post("late", None)).await, Refusal::Archived, "with an access from before");
    bobs.manage(RoomAction::Leave).await;
    room.manage(RoomAction::Unarchive).await;
    assert_eq!(room.post("again").await.rev, 5);
    let renamed = RoomAction::Rename(RoomName::parse("Cellar").unwrap());
    room.manage(renamed).await;
    room.manage(RoomAction::SetTopic(Topic::parse("Wine").unwrap())).await;
    let now = room.store.room(&room.access).await.unwrap();
    assert_eq!((now.name.as_str(), now.topic.as_str(), now.rev, now.archived), ("Cellar", "Wine", 7, false));
}
