//! A run without a fault, and the same run with each of them.

use std::collections::BTreeMap;

use super::check;
use crate::{
    frame::{Frame, Item, News, Numbers, Row},
    history::{Event, History, What},
    log::{Content, Message, Outcome, RoomLog, UserState},
    page::tests::news,
    report::Fault,
};

pub fn room(messages: Vec<Message>) -> RoomLog {
    RoomLog { messages, ..RoomLog::default() }
}

/// A text, posted under `rev` = `seq`, at the time ten times as high.
pub fn text(seq: u64, author: &str, text: &str) -> Message {
    message(seq, author, Content::Text(Some(text.to_owned())))
}

pub fn notice(seq: u64, author: &str, kind: &str, subject: Option<&str>) -> Message {
    message(seq, author, Content::Notice { kind: kind.to_owned(), subject: subject.map(str::to_owned) })
}

fn message(seq: u64, author: &str, content: Content) -> Message {
    Message {
        seq,
        rev: seq,
        text_rev: seq,
        author: author.to_owned(),
        sent: 10 * seq,
        content,
        is_edited: false,
        mentions: Vec::new(),
    }
}

fn row(seq: u64, rev: u64, text: Option<&str>) -> Row {
    Row { room: "r".into(), seq, rev, text: text.map(str::to_owned) }
}

fn numbers(rev: u64, seq: u64, texts: u64, own: u64, unread: i64) -> Numbers {
    Numbers { own, unread, ..crate::page::tests::numbers(rev, seq, texts, 0, 0) }
}

struct Run {
    histories: Vec<History>,
    outcome: Outcome,
}

/// Ann owns the closed room `r` and is in it with Ben, who is removed and comes back. Ann posts `zq-1`, which Ben sees and
/// she deletes, and `zq-2`, while Ben is not there.
fn run() -> Run {
    let mut deleted = message(1, "ann", Content::Text(None));
    (deleted.rev, deleted.text_rev) = (2, 2);
    let at = |seq, rev, message: Message| Message { seq, rev, text_rev: rev, sent: 10 * rev, ..message };
    let messages = vec![
        deleted,
        at(2, 3, notice(2, "ann", "removed", Some("ben"))),
        at(3, 4, text(3, "ann", "zq-2")),
        at(4, 5, notice(4, "ann", "added", Some("ben"))),
    ];
    let log = RoomLog { first_members: vec!["ann".into(), "ben".into()], ..room(messages) };
    let state =
        |tag: &str, numbers: Numbers| UserState { tag: tag.into(), rooms: BTreeMap::from([("r".to_owned(), numbers)]) };
    let users = BTreeMap::from([
        ("ann".to_owned(), state("A", numbers(5, 4, 2, 2, 0))),
        ("ben".to_owned(), state("B", numbers(5, 4, 2, 0, 1))),
    ]);
    let room = || "r".to_owned();
    let opening = |at| (at, What::Opening { room: Some(room()), after: 0 });
    let got = |at, frame| (at, What::Received(frame));
    let rows = |at, row| got(at, Frame::Rows(vec![row]));
    let sent = |at, id: &str| (at, What::Sent { room: room(), client_id: id.into(), text: format!("zq-{id}") });
    let acknowledged =
        |at, id: &str, seq, rev| got(at, Frame::Acknowledged { room: room(), client_id: id.into(), seq, rev });
    let absolute = |at, numbers| got(at, Frame::Numbers { items: vec![Item::Numbers(numbers)], complete: true });
    let news = |at, from, to, seq, texts, ann, deleted: &[(u64, u64)]| {
        let deleted = deleted.iter().map(|(rev, seq)| (*rev, *seq, "A".to_owned())).collect();
        let authors = BTreeMap::from([("A".to_owned(), ann)]);
        got(at, Frame::News(News { authors, deleted, ..crate::page::tests::news(from, to, seq, texts) }))
    };
    let ann = vec![
        opening(1),
        absolute(2, numbers(0, 0, 0, 0, 0)),
        sent(9, "1"),
        rows(12, row(1, 1, Some("zq-1"))),
        acknowledged(13, "1", 1, 1),
        (21, What::Deleted { room: room(), seq: 1 }),
        rows(22, row(1, 2, None)),
        rows(31, row(2, 3, None)),
        sent(39, "2"),
        rows(42, row(3, 4, Some("zq-2"))),
        acknowledged(43, "2", 3, 4),
        rows(51, row(4, 5, None)),
        news(52, 0, 5, 4, 2, 2, &[(2, 1)]),
    ];
    let ben = vec![
        opening(1),
        absolute(2, numbers(0, 0, 0, 0, 0)),
        rows(12, row(1, 1, Some("zq-1"))),
        news(13, 0, 1, 1, 1, 1, &[]),
        rows(22, row(1, 2, None)),
        news(23, 1, 2, 1, 1, 1, &[(2, 1)]),
        got(31, Frame::Gone { room: room() }),
        (55, What::Moving { room: Some(room()), after: Some(2) }),
        got(56, Frame::Moved { room: room(), after: 2 }),
        rows(57, row(2, 3, None)),
        rows(57, row(3, 4, Some("zq-2"))),
        rows(57, row(4, 5, None)),
        absolute(58, numbers(5, 4, 2, 0, 1)),
    ];
    let history = |user: &str, tag: &str, events: Vec<(u64, What)>| History {
        events: events.into_iter().map(|(at, what)| Event { at, what }).collect(),
        ..History::new(user, user, tag)
    };
    Run {
        histories: vec![history("ann", "A", ann), history("ben", "B", ben)],
        outcome: Outcome { rooms: BTreeMap::from([(room(), log)]), users },
    }
}

const ANN: usize = 0;
const BEN: usize = 1;

#[test]
fn a_run_without_a_fault_is_clean() {
    let Run { histories, outcome } = run();
    let report = check(&histories, &outcome);
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.acknowledged, report.stored, report.received, report.connections), (2, 2, 10, 2));
}

/// Changes a clean run, and expects these numbers of faults and no other.
fn expect(faults: &[(Fault, usize)], change: impl FnOnce(&mut Run)) {
    let mut run = run();
    change(&mut run);
    let report = check(&run.histories, &run.outcome);
    let all = [
        Fault::Lost,
        Fault::Doubled,
        Fault::Misordered,
        Fault::Leaked,
        Fault::WrongCount,
        Fault::Invalid,
        Fault::Unfinished,
    ];
    let found: Vec<_> = all.map(|fault| (fault, report.count(fault))).into_iter().filter(|(_, n)| *n > 0).collect();
    assert_eq!(found, faults, "{report}");
}

/// The index of the event that has this at this time.
fn find(run: &Run, who: usize, at: u64) -> usize {
    run.histories[who].events.iter().position(|event| event.at == at).unwrap()
}

fn frame(run: &mut Run, who: usize, at: u64) -> &mut Frame {
    let index = find(run, who, at);
    match &mut run.histories[who].events[index].what {
        What::Received(frame) => frame,
        other => panic!("{other:?}"),
    }
}

fn log(run: &mut Run) -> &mut RoomLog {
    run.outcome.rooms.get_mut("r").unwrap()
}

#[test]
fn an_acknowledged_message_that_is_not_in_the_log_is_lost() {
    // the acknowledged one, and two readers got another text than the log has; and the new text was sent by nobody
    expect(&[(Fault::Lost, 3), (Fault::Doubled, 1)], |run| {
        log(run).messages[2].content = Content::Text(Some("zq-other".into()));
    });
}

#[test]
fn a_deletion_that_is_not_in_the_log_is_lost() {
    expect(&[(Fault::Lost, 1)], |run| {
        run.histories[BEN].events.push(Event { at: 60, what: What::Deleted { room: "r".into(), seq: 3 } });
    });
}

#[test]
fn a_row_that_a_subscriber_did_not_get_is_lost() {
    expect(&[(Fault::Lost, 1)], |run| {
        let index = find(run, ANN, 31);
        run.histories[ANN].events.remove(index);
    });
    // also at the end of a subscription that goes on
    expect(&[(Fault::Lost, 1)], |run| {
        let index = find(run, ANN, 51);
        run.histories[ANN].events.remove(index);
    });
}

#[test]
fn a_row_that_comes_twice_is_doubled_and_one_that_comes_late_is_misordered() {
    expect(&[(Fault::Doubled, 1)], |run| {
        let index = find(run, ANN, 22);
        let again = run.histories[ANN].events[index].clone();
        run.histories[ANN].events.insert(index, again);
    });
    expect(&[(Fault::Misordered, 1)], |run| {
        let (first, second) = (find(run, ANN, 22), find(run, ANN, 31));
        run.histories[ANN].events.swap(first, second);
    });
}

#[test]
fn a_message_that_is_stored_twice_or_that_nobody_sent_is_doubled() {
    for text in ["zq-2", "zq-3"] {
        // both readers did not get it, and both lists by the API are older
        expect(&[(Fault::Lost, 2), (Fault::Doubled, 1), (Fault::WrongCount, 2)], |run| {
            log(run).messages.push(Message { seq: 5, ..super::tests::text(6, "ann", text) });
        });
    }
}

#[test]
fn a_refused_message_must_not_be_in_the_log() {
    let refuse = |run: &mut Run| {
        *frame(run, ANN, 43) =
            Frame::Refused { room: "r".into(), client_id: "2".into(), status: 403, retry_after: None };
    };
    expect(&[(Fault::Misordered, 1)], refuse);
    // the first attempt may have been stored before the right was lost
    expect(&[], |run| {
        refuse(run);
        let index = find(run, ANN, 39);
        let again = run.histories[ANN].events[index].clone();
        run.histories[ANN].events.insert(index, again);
    });
}

#[test]
fn a_message_without_an_answer_is_unfinished() {
    expect(&[(Fault::Unfinished, 1)], |run| {
        let index = find(run, ANN, 43);
        run.histories[ANN].events.remove(index);
    });
}

#[test]
fn what_is_received_after_the_loss_of_a_right_is_leaked() {
    // right after the removal, to the subscription that goes on, before the right came back
    expect(&[(Fault::Leaked, 1)], |run| {
        let index = find(run, BEN, 31);
        let row = Frame::Rows(vec![row(2, 3, None)]);
        run.histories[BEN].events.insert(index, Event { at: 32, what: What::Received(row) });
    });
    // by a new subscription, although what is sent is from before: it was known that the right was lost
    expect(&[(Fault::Leaked, 1)], |run| {
        let index = find(run, BEN, 55);
        let events = [
            What::Opening { room: Some("r".into()), after: 1 },
            What::Received(Frame::Rows(vec![row(1, 2, None)])),
            What::Closed,
        ];
        let events = events.map(|what| Event { at: 45, what });
        run.histories[BEN].events.splice(index..index, events);
        // the numbers of the page are those of its last connection
    });
    expect(&[(Fault::Leaked, 1)], |run| {
        let index = find(run, BEN, 31);
        let authors = BTreeMap::from([("A".to_owned(), 2)]);
        let news = News { authors, ..news(2, 4, 3, 2) };
        let what = What::Received(Frame::News(news));
        run.histories[BEN].events.insert(index, Event { at: 46, what });
    });
}

#[test]
fn mentions_that_differ_from_the_log_are_wrong() {
    let mention = |run: &mut Run| log(run).messages[2].mentions = vec!["ben".into()];
    let tell_ann = |run: &mut Run| {
        mention(run);
        if let Frame::News(news) = frame(run, ANN, 52) {
            news.mentions.push((4, 3, "A".into(), vec!["B".into()]));
        }
    };
    // the list by the API has no mention, and the part of news that Ann got is without it; then only the first
    expect(&[(Fault::WrongCount, 2)], mention);
    expect(&[(Fault::WrongCount, 1)], tell_ann);
    // Ben's page shows none
    expect(&[(Fault::WrongCount, 1)], |run| {
        tell_ann(run);
        run.outcome.users.get_mut("ben").unwrap().rooms.get_mut("r").unwrap().mentions = 1;
    });
}

#[test]
fn numbers_that_differ_from_the_log_are_wrong() {
    // absolute ones, as long as no other come
    expect(&[(Fault::WrongCount, 2)], |run| {
        if let Frame::Numbers { items, .. } = frame(run, BEN, 58)
            && let Item::Numbers(numbers) = &mut items[0]
        {
            numbers.unread += 1;
        }
    });
    // a part that counts a text too many; the next one, with its running number, makes good for it
    expect(&[(Fault::WrongCount, 1)], |run| {
        if let Frame::News(news) = frame(run, BEN, 13) {
            news.texts += 1;
        }
    });
    // a deletion that is not in a part: the part, and the count
    expect(&[(Fault::WrongCount, 2)], |run| {
        if let Frame::News(news) = frame(run, BEN, 23) {
            news.deleted.clear();
        }
    });
    // a mark that is behind what was shown with the same version: also what is unread, and what the page shows
    expect(&[(Fault::WrongCount, 2)], |run| {
        if let Frame::Numbers { items, .. } = frame(run, BEN, 58)
            && let Item::Numbers(numbers) = &mut items[0]
        {
            (numbers.read_seq, numbers.unread) = (4, 0);
        }
    });
    // the list of rooms by the API
    expect(&[(Fault::WrongCount, 2)], |run| {
        run.outcome.users.get_mut("ann").unwrap().rooms.get_mut("r").unwrap().unread = 1;
    });
    // a room that is not listed any more: for the list, and for the page
    expect(&[(Fault::WrongCount, 2)], |run| {
        run.outcome.users.get_mut("ben").unwrap().rooms.clear();
    });
}

#[test]
fn an_edit_that_is_not_in_the_log_is_lost() {
    let edited = |text: &str, rev| What::Edited { room: "r".into(), seq: 3, rev, text: text.to_owned() };
    expect(&[], |run| run.histories[ANN].events.push(Event { at: 60, what: edited("zq-2", 4) }));
    for (text, rev) in [("zq-2+1", 4), ("zq-2+1", 6)] {
        expect(&[(Fault::Lost, 1)], |run| run.histories[ANN].events.push(Event { at: 60, what: edited(text, rev) }));
    }
}

#[test]
fn what_the_api_lists_is_compared() {
    let listed = |asked, numbers| What::Listed { asked, rooms: vec![numbers] };
    // Ben is removed
    expect(&[(Fault::Leaked, 1)], |run| {
        let index = find(run, BEN, 55);
        let event = Event { at: 46, what: listed(45, numbers(4, 3, 2, 0, 1)) };
        run.histories[BEN].events.insert(index, event);
    });
    expect(&[(Fault::WrongCount, 1)], |run| {
        run.histories[BEN].events.push(Event { at: 60, what: listed(59, numbers(5, 4, 2, 0, 2)) });
    });
}

#[test]
fn a_sidebar_is_for_members_only_although_everybody_may_read_the_room() {
    expect(&[(Fault::Leaked, 1)], |run| {
        log(run).was_open = true;
        let index = find(run, BEN, 31);
        let authors = BTreeMap::from([("A".to_owned(), 2)]);
        let news = News { authors, ..news(2, 4, 3, 2) };
        run.histories[BEN].events.insert(index, Event { at: 46, what: What::Received(Frame::News(news)) });
    });
}

#[test]
fn nothing_is_sent_of_a_deleted_room_or_to_a_deleted_user() {
    // the rows of a subscription that was asked for later, and two pages that show the room for ever
    expect(&[(Fault::Leaked, 3), (Fault::WrongCount, 2)], |run| {
        run.outcome.rooms.clear();
        run.outcome.users.values_mut().for_each(|user| user.rooms.clear());
        let what = What::RoomDeleted { room: "r".into() };
        run.histories[ANN].events.push(Event { at: 54, what });
    });
    // a list that has it for ever, which the pages show
    expect(&[(Fault::Leaked, 3), (Fault::WrongCount, 2)], |run| {
        run.outcome.rooms.clear();
        run.histories[ANN].events.push(Event { at: 54, what: What::RoomDeleted { room: "r".into() } });
    });
    let delete = |run: &mut Run| {
        run.outcome.users.remove("ben");
        run.histories[BEN].events.push(Event { at: 59, what: What::AccountDeleted });
    };
    expect(&[], delete);
    expect(&[(Fault::Leaked, 1)], |run| {
        delete(run);
        let opening = What::Opening { room: Some("r".into()), after: 5 };
        let events = [opening, What::Received(Frame::Unsubscribed)].map(|what| Event { at: 60, what });
        run.histories[BEN].events.extend(events);
    });
}

#[test]
fn frames_that_are_not_as_the_protocol_has_them_are_reported() {
    expect(&[(Fault::Invalid, 1)], |run| {
        run.histories[ANN].events.push(Event { at: 60, what: What::Invalid("{}".into()) });
    });
}
