//! The rules for the room itself and its members, one by one.

use super::{
    Refusal,
    world::{ADMIN, OWNER, World, post, react, room, user},
};
use crate::domain::{
    Action, Content, MemberRole, Membership, Notice, RoomAction, RoomKind, RoomName, Timestamp, Topic,
};

fn notice(world: &mut World, by: u128, action: RoomAction) -> Notice {
    match world.change(by, room(action)).content {
        Content::Notice(notice) => notice,
        Content::Text(_) => panic!("not a notice"),
    }
}

fn topic(topic: &str) -> Topic {
    Topic::parse(topic).unwrap()
}

fn role(world: &World, n: u128) -> Option<MemberRole> {
    world.members.iter().find(|member| member.user == user(n)).map(|member| member.role)
}

#[test]
fn a_first_post_in_an_open_room_joins() {
    let mut world = World::new(RoomKind::Open);
    let change = world.give(4, post(None)).unwrap().unwrap();
    assert!(change.message.joins);
    let joined = Membership { user: user(4), rev: 1, role: MemberRole::Member, joined_at: Timestamp(1) };
    assert_eq!(change.members, [(user(4), Some(joined))]);
    assert!(!world.post(4).joins && !world.post(2).joins && !World::lobby().post(4).joins);
    world.change(4, react(1, "👍"));
    assert_eq!(world.members.len(), 4);
}

#[test]
fn a_closed_or_direct_room_does_not_exist_for_others() {
    for kind in [RoomKind::Closed, RoomKind::Direct] {
        let mut world = World::new(kind);
        world.post(2);
        for by in [4, ADMIN] {
            let join = room(RoomAction::Add(user(by)));
            for action in [post(None), react(1, "👍"), Action::Delete { seq: 9 }, join, room(RoomAction::Leave)] {
                assert_eq!(world.give(by, action), Err(Refusal::NoSuchRoom));
            }
        }
    }
}

#[test]
fn owners_manage_a_room_and_admins_an_open_one() {
    let rename = || room(RoomAction::Rename(RoomName::parse("Attic").unwrap()));
    for (kind, by, expected) in [
        (RoomKind::Closed, OWNER, Ok(())),
        (RoomKind::Closed, 2, Err(Refusal::NotAllowed)),
        (RoomKind::Open, 4, Err(Refusal::NotAllowed)),
        (RoomKind::Open, ADMIN, Ok(())),
        (RoomKind::Direct, OWNER, Err(Refusal::IsDirect)),
    ] {
        assert_eq!(World::new(kind).give(by, rename()).map(|change| change.map(drop).unwrap()), expected);
    }
    assert!(World::lobby().give(ADMIN, rename()).unwrap().is_some());
    let managed =
        [RoomAction::Add(user(5)), RoomAction::Remove(user(3)), RoomAction::SetRole(user(3), MemberRole::Owner)]
            .into_iter()
            .chain([RoomAction::SetTopic(topic("x")), RoomAction::Close, RoomAction::Archive]);
    for action in managed {
        assert_eq!(World::new(RoomKind::Open).give(2, room(action)), Err(Refusal::NotAllowed));
    }
}

#[test]
fn fields_of_a_room_change_once() {
    let mut world = World::new(RoomKind::Closed);
    let name = || RoomName::parse("Attic").unwrap();
    for (action, expected) in [
        (RoomAction::Rename(name()), Notice::Renamed { name: "Attic".into() }),
        (RoomAction::SetTopic(topic("Old things")), Notice::Topic { topic: "Old things".into() }),
        (RoomAction::Open, Notice::Opened),
        (RoomAction::Close, Notice::Closed),
    ] {
        assert_eq!(notice(&mut world, OWNER, action.clone()), expected);
        assert_eq!(world.give(OWNER, room(action)), Ok(None));
        assert_eq!(world.room.rev, world.rev);
    }
    assert_eq!((world.room.name.as_str(), world.room.topic.as_str()), ("Attic", "Old things"));
    assert_eq!((world.room.kind, world.rev, world.messages.len()), (RoomKind::Closed, 4, 4));
    assert!(world.messages.iter().all(|message| message.room_texts == 0));
}

#[test]
fn an_archived_room_is_only_left_or_unarchived() {
    let mut world = World::new(RoomKind::Open);
    world.post(2);
    assert_eq!(notice(&mut world, OWNER, RoomAction::Archive), Notice::Archived);
    let others = [post(None), react(1, "👍"), Action::Delete { seq: 1 }];
    for action in others.into_iter().chain([room(RoomAction::Add(user(1))), room(RoomAction::Close)]) {
        assert_eq!(world.give(OWNER, action), Err(Refusal::Archived));
    }
    assert_eq!(world.give(OWNER, room(RoomAction::Archive)), Ok(None));
    assert_eq!(notice(&mut world, 2, RoomAction::Leave), Notice::Left { heir: None });
    assert_eq!(world.give(3, room(RoomAction::Unarchive)), Err(Refusal::NotAllowed));
    assert_eq!(notice(&mut world, OWNER, RoomAction::Unarchive), Notice::Unarchived);
    assert_eq!(world.give(OWNER, room(RoomAction::Unarchive)), Ok(None));
    world.post(3);
}

#[test]
fn members_are_added_and_removed() {
    let mut world = World::new(RoomKind::Closed);
    assert_eq!(notice(&mut world, OWNER, RoomAction::Add(user(4))), Notice::Added { user: user(4) });
    assert_eq!(world.give(OWNER, room(RoomAction::Add(user(4)))), Ok(None));
    assert_eq!(role(&world, 4), Some(MemberRole::Member));
    assert_eq!(notice(&mut world, OWNER, RoomAction::Remove(user(4))), Notice::Removed { user: user(4), heir: None });
    assert_eq!(world.give(OWNER, room(RoomAction::Remove(user(4)))), Ok(None));
    assert_eq!(world.give(4, post(None)), Err(Refusal::NoSuchRoom));
    let mut open = World::new(RoomKind::Open);
    assert_eq!(notice(&mut open, 4, RoomAction::Add(user(4))), Notice::Added { user: user(4) });
    assert_eq!(open.give(4, room(RoomAction::Add(user(5)))), Err(Refusal::NotAllowed), "only themselves");
    assert_eq!(open.give(6, room(RoomAction::Leave)), Ok(None));
}

#[test]
fn the_longest_member_inherits_a_room_without_owner() {
    let mut world = World::new(RoomKind::Closed);
    for (n, member) in world.members.iter_mut().enumerate() {
        member.joined_at = Timestamp([0, 9, 5][n]);
    }
    let change = world.give(OWNER, room(RoomAction::Leave)).unwrap().unwrap();
    assert_eq!(change.message.content, Content::Notice(Notice::Left { heir: Some(user(3)) }));
    assert_eq!(
        (role(&world, OWNER), role(&world, 3), role(&world, 2)),
        (None, Some(MemberRole::Owner), Some(MemberRole::Member))
    );
    assert!(change.members.iter().all(|(_, member)| member.as_ref().is_none_or(|member| member.rev == 1)));
    assert_eq!(notice(&mut world, 2, RoomAction::Leave), Notice::Left { heir: None }, "an owner is left");
    assert_eq!(notice(&mut world, 3, RoomAction::Leave), Notice::Left { heir: None }, "nobody is left");
}

#[test]
fn a_room_keeps_an_owner() {
    let mut world = World::new(RoomKind::Closed);
    let set = |n, role| room(RoomAction::SetRole(user(n), role));
    assert_eq!(world.give(OWNER, set(OWNER, MemberRole::Member)), Err(Refusal::LastOwner));
    assert_eq!(world.give(OWNER, set(4, MemberRole::Owner)), Err(Refusal::NoSuchMember));
    assert_eq!(world.give(OWNER, set(2, MemberRole::Member)), Ok(None));
    let made = notice(&mut world, OWNER, RoomAction::SetRole(user(2), MemberRole::Owner));
    assert_eq!(made, Notice::Role { user: user(2), role: MemberRole::Owner });
    world.change(2, set(OWNER, MemberRole::Member));
    assert_eq!((role(&world, OWNER), role(&world, 2)), (Some(MemberRole::Member), Some(MemberRole::Owner)));
    assert_eq!(world.give(OWNER, set(OWNER, MemberRole::Owner)), Err(Refusal::NotAllowed));
}

#[test]
fn a_direct_room_stays_as_it_is() {
    let mut world = World::new(RoomKind::Direct);
    let fixed = [RoomAction::Add(user(4)), RoomAction::Remove(user(2)), RoomAction::Leave, RoomAction::Open]
        .into_iter()
        .chain([RoomAction::Close, RoomAction::Archive, RoomAction::SetRole(user(2), MemberRole::Owner)])
        .chain([RoomAction::SetTopic(topic("Lunch")), RoomAction::SetEveryone(true), RoomAction::Delete]);
    for action in fixed {
        assert_eq!(world.give(OWNER, room(action)), Err(Refusal::IsDirect));
    }
    let delete = room(RoomAction::Delete);
    assert!(world.ask(OWNER, &delete, true).unwrap().unwrap().room.unwrap().deleted, "an operator deletes it");
}

#[test]
fn the_lobby_keeps_everyone() {
    let mut world = World::lobby();
    for action in [RoomAction::Remove(user(2)), RoomAction::Leave, RoomAction::Close, RoomAction::Archive] {
        assert_eq!(world.give(ADMIN, room(action)), Err(Refusal::HasEveryone));
    }
    for action in [RoomAction::SetEveryone(false), RoomAction::SetEveryone(true), RoomAction::Delete] {
        assert_eq!(world.give(ADMIN, room(action.clone())), Err(Refusal::IsLobby));
        assert_eq!(world.ask(ADMIN, &room(action), true), Err(Refusal::IsLobby));
    }
    assert_eq!(world.give(2, room(RoomAction::Add(user(2)))), Ok(None));
    assert_eq!(world.give(ADMIN, room(RoomAction::SetRole(user(4), MemberRole::Owner))), Err(Refusal::NoSuchMember));
    world.change(ADMIN, room(RoomAction::SetRole(user(2), MemberRole::Owner)));
}

#[test]
fn an_admin_gives_an_open_room_every_account() {
    let everyone = |is_set| room(RoomAction::SetEveryone(is_set));
    for (kind, by, expected) in [
        (RoomKind::Open, OWNER, Refusal::NotAllowed),
        (RoomKind::Open, 2, Refusal::NotAllowed),
        (RoomKind::Closed, OWNER, Refusal::NotAllowed),
        (RoomKind::Closed, ADMIN, Refusal::NoSuchRoom),
    ] {
        assert_eq!(World::new(kind).give(by, everyone(true)), Err(expected));
    }
    let mut closed = World::new(RoomKind::Closed);
    let admin = Membership { user: user(ADMIN), role: MemberRole::Owner, ..closed.members[0].clone() };
    closed.members.push(admin);
    assert_eq!(closed.give(ADMIN, everyone(true)), Err(Refusal::NotOpen), "an admin who owns it");

    let mut world = World::new(RoomKind::Open);
    assert_eq!(notice(&mut world, ADMIN, RoomAction::SetEveryone(true)), Notice::Everyone);
    assert_eq!(world.give(ADMIN, everyone(true)), Ok(None));
    for action in [RoomAction::Leave, RoomAction::Remove(user(2)), RoomAction::Close, RoomAction::Archive] {
        assert_eq!(world.give(OWNER, room(action)), Err(Refusal::HasEveryone));
    }
    assert_eq!(world.give(4, room(RoomAction::Add(user(4)))), Ok(None));
    assert!(!world.post(4).joins);
    assert_eq!(notice(&mut world, ADMIN, RoomAction::SetEveryone(false)), Notice::NotEveryone);
    assert!(world.post(4).joins, "an account without a membership begins one");
    world.change(4, room(RoomAction::Leave));
}

#[test]
fn a_deleted_room_exists_for_nobody() {
    for is_archived in [false, true] {
        let mut world = World::new(RoomKind::Open);
        world.post(2);
        world.room.archived = is_archived;
        for by in [2, 4] {
            assert_eq!(world.give(by, room(RoomAction::Delete)), Err(Refusal::NotAllowed));
        }
        assert_eq!(notice(&mut world, OWNER, RoomAction::Delete), Notice::Deleted);
        for by in [ADMIN, OWNER, 2, 4] {
            for action in [post(None), react(1, "👍"), room(RoomAction::Leave), room(RoomAction::Delete)] {
                assert_eq!(world.give(by, action), Err(Refusal::NoSuchRoom));
            }
        }
    }
}

#[test]
fn natter_ends_a_membership_of_any_room() {
    for (kind, by, before) in
        [(RoomKind::Closed, OWNER, RoomAction::Archive), (RoomKind::Open, ADMIN, RoomAction::SetEveryone(true))]
    {
        let mut world = World::new(kind);
        world.change(by, room(before));
        let change = world.ask(OWNER, &room(RoomAction::Leave), true).unwrap().unwrap();
        assert_eq!(change.message.content, Content::Notice(Notice::Left { heir: Some(user(2)) }));
    }
}
