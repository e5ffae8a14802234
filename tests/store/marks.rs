//! What a member keeps of a room: the read mark with what is unread, the level and the star.

use natter::{
    domain::{Action, Level, MemberRole, Message, ReadMark, Reading, RoomAction, RoomId, RoomKind, rules::Refusal},
    store::{Error, OwnMembership, RoomSummary},
};
use natter_test_support::eventually;

use crate::{
    events::wait_for,
    members::{Member, in_lobby},
    support::TestDatabase,
};

impl Member {
    pub async fn summary(&self) -> RoomSummary {
        self.store.summary(&self.access).await.unwrap()
    }

    pub async fn unread(&self) -> u64 {
        self.summary().await.unread
    }

    /// The user's membership of this room.
    pub async fn own(&self) -> OwnMembership {
        self.summary().await.own.unwrap()
    }

    pub async fn mark(&self, reading: Reading) -> ReadMark {
        self.store.read(&self.access, reading).await.unwrap()
    }

    /// All rooms of the user.
    pub async fn rooms(&self) -> Vec<RoomSummary> {
        self.store.rooms_of(&self.user, None, 100).await.unwrap()
    }
}

pub fn read(seq: u64) -> Reading {
    Reading::Read { seq, version: None }
}

pub fn unread(seq: u64) -> Reading {
    Reading::Unread { seq, version: None }
}

pub async fn texts_of_others_after_the_mark_are_unread(database: &TestDatabase) {
    let [_, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let bobs = bob.create(RoomKind::Closed, &[&cyd]).await;
    let cyds = cyd.enter(bobs.room()).await.unwrap();
    assert_eq!((bobs.unread().await, cyds.unread().await), (0, 0));
    for n in 1..=5 {
        bobs.post("hello").await;
        assert_eq!((bobs.unread().await, cyds.unread().await), (0, n), "one's own never count");
    }
    cyds.post("hi").await; // 6, which moves no mark, because it is not right after it
    bobs.manage(RoomAction::Archive).await; // 7, which is no text
    bobs.manage(RoomAction::Unarchive).await;
    assert_eq!((bobs.unread().await, cyds.unread().await), (1, 5));
    assert_eq!(cyds.mark(read(2)).await, ReadMark { seq: 2, version: 0 });
    assert_eq!(cyds.unread().await, 3);
    bobs.change(Action::Delete { seq: 1 }).await;
    assert_eq!(cyds.unread().await, 3, "it was read");
    bobs.change(Action::Delete { seq: 4 }).await;
    cyds.change(Action::Delete { seq: 6 }).await;
    assert_eq!((bobs.unread().await, cyds.unread().await), (0, 2), "deleted ones do not count");
    cyds.mark(read(99)).await;
    let summary = cyds.summary().await;
    assert_eq!((summary.unread, summary.own.unwrap().mark.seq), (0, 8), "a mark is at the end at most");
    assert_eq!((summary.head.seq, summary.head.rev, summary.head.texts, summary.own_texts), (8, 11, 6, 1));
}

pub async fn a_mark_moves_forward_by_reading_only(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    for _ in 0..6 {
        ada.post("hello").await;
    }
    assert_eq!(bob.mark(read(4)).await, ReadMark { seq: 4, version: 0 });
    assert_eq!(bob.mark(read(3)).await, ReadMark { seq: 4, version: 0 });
    assert_eq!(bob.mark(unread(2)).await, ReadMark { seq: 2, version: 1 });
    assert_eq!(bob.unread().await, 4);
    let stale = Reading::Read { seq: 6, version: Some(0) };
    assert_eq!(bob.mark(stale).await, ReadMark { seq: 2, version: 1 }, "a stale tab cannot undo it");
    assert_eq!(bob.mark(Reading::Read { seq: 6, version: Some(1) }).await, ReadMark { seq: 6, version: 1 });
    assert_eq!(bob.own().await.mark, ReadMark { seq: 6, version: 1 });
}

pub async fn ones_own_post_moves_a_mark_right_before_it(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let mark = async |member: &Member| member.own().await.mark.seq;
    ada.post("one").await;
    assert_eq!((mark(&ada).await, mark(&bob).await), (1, 0));
    bob.post("two").await;
    assert_eq!(mark(&bob).await, 0, "one is unread");
    bob.mark(read(2)).await;
    bob.post("three").await;
    assert_eq!((mark(&bob).await, mark(&ada).await, ada.unread().await), (3, 1, 2));
    bob.mark(unread(2)).await;
    ada.post("four").await;
    bob.post("five").await;
    assert_eq!(bob.own().await.mark, ReadMark { seq: 2, version: 1 });
}

pub async fn a_membership_begins_read_up_to_its_own_number(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let room = ada.create(RoomKind::Open, &[]).await;
    room.post("before").await;
    let [bobs, cyds] = [bob.enter(room.room()).await.unwrap(), cyd.enter(room.room()).await.unwrap()];
    let outside = bobs.summary().await;
    assert_eq!((outside.own, outside.unread, outside.head.texts), (None, 0, 1), "a reader has no mark");
    let added = room.manage(RoomAction::Add(bob.user.key)).await;
    let posted = cyds.post("first").await;
    let expected = |begun: &Message| OwnMembership {
        role: MemberRole::Member,
        level: Level::Mentions,
        starred: false,
        mark: ReadMark::of_new(begun.seq(), begun.rev),
    };
    assert_eq!((bobs.own().await, bobs.unread().await), (expected(&added), 1));
    assert_eq!((cyds.own().await, cyds.unread().await), (expected(&posted), 0));
    let left = bobs.manage(RoomAction::Leave).await;
    assert_eq!(bobs.summary().await.own, None);
    bobs.manage(RoomAction::Add(bob.user.key)).await;
    assert_eq!(bobs.own().await.mark.seq, left.seq() + 1, "a new membership is new");
    let direct = ada.create(RoomKind::Direct, &[&bob]).await;
    assert_eq!((direct.own().await.level, direct.own().await.mark.seq), (Level::Everything, 0));
}

/// A tab can be from before its user left and joined again.
pub async fn a_tab_of_an_earlier_membership_undoes_nothing(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let adas = ada.create(RoomKind::Open, &[]).await;
    let bobs = bob.enter(adas.room()).await.unwrap();
    let everyone = async |is_set| adas.manage(RoomAction::SetEveryone(is_set)).await;
    let mut stale = None;
    // joins by a post, by a command, and as everybody does
    for n in 0..3 {
        match n {
            0 => drop(bobs.post("hello").await),
            1 => drop(bobs.manage(RoomAction::Add(bob.user.key)).await),
            _ => {
                everyone(true).await;
                eventually("bob is added", async || bobs.summary().await.own).await;
            }
        }
        let last = adas.post("unread").await.seq();
        // more often than the room has changes
        let mut marked = bobs.mark(unread(last - 1)).await;
        for _ in 0..9 {
            marked = bobs.mark(unread(last - 1)).await;
        }
        let by_tab = bobs.mark(Reading::Read { seq: last, version: stale.or(Some(0)) }).await;
        assert_eq!(by_tab, marked, "{n}");
        stale = Some(marked.version);
        if n < 2 {
            bobs.manage(RoomAction::Leave).await;
        }
    }
    everyone(false).await;
    bobs.manage(RoomAction::Leave).await;
    everyone(true).await;
    eventually("bob is added", async || bobs.summary().await.own).await;
    let marked = bobs.mark(unread(1)).await;
    assert_eq!(bobs.mark(Reading::Read { seq: 99, version: stale }).await, marked, "everyone again");
}

pub async fn a_member_sets_level_and_star(database: &TestDatabase) {
    let [_, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let bobs = bob.create(RoomKind::Open, &[]).await;
    for level in [Level::Everything, Level::Nothing, Level::Hidden, Level::Mentions] {
        bobs.store.set_level(&bobs.access, level).await.unwrap();
        assert_eq!(bobs.own().await.level, level);
    }
    bobs.store.set_level(&bobs.access, Level::Nothing).await.unwrap();
    bobs.store.set_starred(&bobs.access, true).await.unwrap();
    bobs.post("hello").await;
    bobs.manage(RoomAction::Add(cyd.user.key)).await;
    bobs.manage(RoomAction::SetRole(cyd.user.key, MemberRole::Owner)).await;
    bobs.manage(RoomAction::SetRole(bob.user.key, MemberRole::Member)).await;
    bobs.mark(read(1)).await;
    let mark = ReadMark { seq: 1, version: 0 };
    let expected = OwnMembership { role: MemberRole::Member, level: Level::Nothing, starred: true, mark };
    assert_eq!(bobs.own().await, expected, "each is changed alone");
    bobs.store.set_starred(&bobs.access, false).await.unwrap();
    assert!(!bobs.own().await.starred);
}

pub async fn who_is_no_member_has_no_settings(database: &TestDatabase) {
    let [_, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Open, &[]).await;
    let cyds = cyd.enter(room.room()).await.unwrap();
    let (store, access) = (&cyds.store, &cyds.access);
    let refused = [
        store.read(access, read(1)).await.map(drop),
        store.set_level(access, Level::Nothing).await,
        store.set_starred(access, true).await,
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::Refused(Refusal::NoSuchMember))), "{refused:?}");
    }
    assert_eq!(cyds.summary().await.own, None);
}

pub async fn everything_is_read_at_once(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let rooms = [ada.create(RoomKind::Open, &[&bob]).await, ada.create(RoomKind::Direct, &[&bob]).await, ada.clone()];
    for room in &rooms {
        room.post("hello").await;
        room.post("again").await;
    }
    bob.mark(unread(0)).await;
    let unread = async || bob.rooms().await.iter().map(|room| room.unread).collect::<Vec<_>>();
    assert_eq!(unread().await, [2; 3]);
    bob.store.read_all(bob.user.key).await.unwrap();
    assert_eq!(unread().await, [0; 3]);
    assert_eq!(bob.own().await.mark, ReadMark { seq: 2, version: 1 });
    assert_eq!(ada.own().await.mark, ReadMark { seq: 2, version: 0 });
}

pub async fn the_rooms_of_a_user_are_listed_by_id(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let shared = ada.create(RoomKind::Open, &[&bob]).await;
    let closed = bob.create(RoomKind::Closed, &[]).await;
    let with_cyd = bob.create(RoomKind::Direct, &[&cyd, &ada]).await;
    let with_oneself = bob.create(RoomKind::Direct, &[]).await;
    let open = cyd.create(RoomKind::Open, &[]).await;
    let posted = with_cyd.post("hello").await;
    let mut expected: Vec<RoomId> =
        [&bob, &shared, &closed, &with_cyd, &with_oneself].iter().map(|member| member.room().clone()).collect();
    expected.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    let ids = |rooms: &[RoomSummary]| rooms.iter().map(|room| room.room.id.clone()).collect::<Vec<_>>();
    let rooms = bob.rooms().await;
    assert_eq!(ids(&rooms), expected);
    let mut paged: Vec<RoomSummary> = Vec::new();
    for _ in 0..3 {
        let after = paged.last().map(|room| room.room.id.clone());
        paged.extend(bob.store.rooms_of(&bob.user, after.as_ref(), 2).await.unwrap());
    }
    assert_eq!(paged, rooms);
    let asked = [closed.room().clone(), open.room().clone(), RoomId::named("cellar"), with_cyd.room().clone()];
    let mut some = ids(&bob.store.summaries(&bob.user, &asked).await.unwrap());
    some.sort_by_key(|id| id != closed.room());
    assert_eq!(some, [closed.room().clone(), with_cyd.room().clone()]);
    let summary = |id: &RoomId| rooms.iter().find(|room| room.room.id == *id).unwrap();
    let others = |id| summary(id).others.iter().map(|person| person.user_id.as_str()).collect::<Vec<_>>();
    assert_eq!(others(with_cyd.room()), ["ada", "cyd"]);
    assert!(others(with_oneself.room()).is_empty() && others(shared.room()).is_empty());
    assert_eq!(summary(with_cyd.room()).latest_at, posted.sent_at);
    assert_eq!(summary(closed.room()).latest_at, summary(closed.room()).room.created_at);
    assert_eq!(bob.store.room_counts(&[bob.user.key, ada.user.key]).await.unwrap(), [5, 3]);
}

pub async fn changes_of_a_membership_are_announced(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let room = ada.create(RoomKind::Open, &[]).await;
    let bobs = bob.enter(room.room()).await.unwrap();
    let mut events = ada.store.events().unwrap();
    let mut announced = async |room: &RoomId| {
        wait_for(&mut events, |event| match event {
            natter::store::Event::MembershipChanged { room: of, user } => {
                (of == room && *user == bob.user.key).then_some(())
            }
            _ => None,
        })
        .await;
    };
    room.manage(RoomAction::Add(bob.user.key)).await;
    announced(room.room()).await;
    room.manage(RoomAction::SetRole(bob.user.key, MemberRole::Owner)).await;
    announced(room.room()).await;
    bobs.store.set_level(&bobs.access, Level::Hidden).await.unwrap();
    announced(room.room()).await;
    bobs.store.set_starred(&bobs.access, true).await.unwrap();
    announced(room.room()).await;
    bobs.mark(read(2)).await;
    announced(room.room()).await;
    bobs.post("hello").await; // moves the mark, which is not announced
    bobs.mark(unread(0)).await;
    announced(room.room()).await;
    bobs.store.read_all(bob.user.key).await.unwrap();
    announced(room.room()).await;
    bobs.manage(RoomAction::Leave).await;
    announced(room.room()).await;
    ada.post("hello").await;
    bob.mark(read(1)).await;
    announced(bob.room()).await;
}
