//! A ring, with changes and readers in any order.

use proptest::prelude::*;

use super::*;
use crate::room::entry::Part;

const LARGE: usize = 1 << 20;

/// The change `rev`, which posts or changes the message `seq`.
fn change(rev: u64, seq: u64) -> Entry {
    Entry { rev, parts: vec![part(seq, &format!("{seq}@{rev} "))], is_text: true, ..Entry::default() }
}

fn part(seq: u64, fragment: &str) -> Part {
    Part { seq, fragment: fragment.to_owned() }
}

fn text(read: &Read) -> &str {
    read.frame.payload()
}

/// All that the ring has after `rev`.
fn read_all(ring: &mut Ring, mut rev: u64) -> String {
    let mut all = String::new();
    while let Some(read) = ring.read(rev).unwrap() {
        all.push_str(text(&read));
        rev = read.to;
    }
    all
}

#[test]
fn a_reader_reads_what_comes_after_its_rev() {
    let mut ring = Ring::new(7, LARGE);
    ring.push(change(8, 8));
    ring.push(change(9, 9));
    ring.push(change(9, 9)); // the same again
    assert_eq!(read_all(&mut ring, 7), "8@8 9@9 ");
    assert_eq!(read_all(&mut ring, 8), "9@9 ");
    assert_eq!(ring.read(9), Ok(None));
    assert_eq!(ring.read(6), Err(Lagged));
}

#[test]
fn only_the_latest_fragment_of_a_message_is_read() {
    let mut ring = Ring::new(0, LARGE);
    ring.push(change(1, 1));
    ring.push(change(2, 2));
    assert_eq!(read_all(&mut ring, 0), "1@1 2@2 ");
    ring.push(change(3, 1));
    assert_eq!(read_all(&mut ring, 0), "2@2 1@3 ", "the frame of before is not read again");
    ring.push(change(4, 1));
    assert_eq!(read_all(&mut ring, 2), "1@4 ", "several changes of one message are sent once");
}

#[test]
fn a_change_of_two_messages_is_read_whole_and_superseded_one_by_one() {
    let mut ring = Ring::new(0, LARGE);
    let large = "x".repeat(FRAME_BYTES + 1);
    ring.push(Entry { rev: 1, parts: vec![part(1, &large), part(2, "2 ")], is_text: true, ..Entry::default() });
    ring.push(change(2, 3));
    let read = ring.read(0).unwrap().unwrap();
    assert!(text(&read).ends_with("x2 ") && read.to == 1, "a frame never ends within a change");
    ring.push(change(3, 1));
    assert_eq!(read_all(&mut ring, 0), "2 3@2 1@3 ");
}

#[test]
fn a_full_ring_drops_its_first_changes() {
    let capacity = 3 * change(1, 1).bytes();
    let mut ring = Ring::new(0, capacity);
    (1..=3).for_each(|rev| ring.push(change(rev, rev)));
    assert_eq!(ring.base(), 0);
    (4..=5).for_each(|rev| ring.push(change(rev, rev)));
    assert_eq!((ring.base(), ring.read(1)), (2, Err(Lagged)));
    assert_eq!(read_all(&mut ring, 2), "3@3 4@4 5@5 ");
    ring.push(change(6, 1)); // its first fragment is gone
    assert_eq!(read_all(&mut ring, 3), "4@4 5@5 1@6 ");
    assert_eq!(ring.recent.unwrap().latest.len(), 3, "the index forgets what was dropped");
}

#[test]
fn a_cleared_ring_goes_on_from_its_head() {
    let mut ring = Ring::new(0, LARGE);
    ring.push(change(1, 1));
    ring.clear(0);
    assert_eq!((ring.read(0), ring.read(1)), (Err(Lagged), Ok(None)));
    ring.clear(5);
    assert_eq!((ring.read(1), ring.head()), (Err(Lagged), 5));
    ring.push(change(6, 1));
    assert_eq!(read_all(&mut ring, 5), "1@6 ");
}

#[test]
fn late_readers_find_prepended_changes() {
    let mut ring = Ring::new(4, LARGE);
    ring.push(change(5, 1));
    // as a store returns them: each message at its latest change, also later ones
    let from_store = || vec![change(2, 2), change(3, 3), change(5, 1)];
    ring.prepend(1, 4, from_store(), false);
    assert_eq!(read_all(&mut ring, 1), "2@2 3@3 1@5 ");
    assert_eq!(ring.read(0), Err(Lagged));

    let mut dropped_more = Ring::new(6, LARGE);
    dropped_more.prepend(1, 4, from_store(), false);
    assert_eq!(dropped_more.read(1), Err(Lagged), "the changes 5 and 6 would be missing");

    let mut small = Ring::new(4, change(5, 1).bytes() * 2);
    small.push(change(5, 1));
    small.prepend(1, 4, from_store(), false);
    assert_eq!((small.read(1), read_all(&mut small, 2)), (Err(Lagged), "3@3 1@5 ".to_owned()));
}

#[test]
fn who_reacted_is_read_although_the_fragment_was_replaced() {
    let reacted =
        |rev, by: &str| Entry { reacted: Some(format!("{by}@{rev} ")), has_reactions: true, ..change(rev, 1) };
    let mut ring = Ring::new(0, LARGE);
    ring.push(reacted(1, "ada"));
    ring.push(reacted(2, "bob"));
    assert_eq!(read_all(&mut ring, 0), "ada@1 1@2 bob@2 ");
    assert_eq!(read_all(&mut ring, 1), "1@2 bob@2 ");
    assert!(ring.read(0).unwrap().unwrap().has_reactions);
    let before = ring.recent.as_ref().unwrap().bytes;
    assert_eq!(before, ring.recent.as_ref().unwrap().entries.iter().map(Entry::bytes).sum::<usize>());
}

#[test]
fn a_reader_from_before_an_unknown_reaction_has_to_be_sent_its_own() {
    let unknown = |rev, has_reactions| Entry { reacted: None, has_reactions, ..change(rev, rev) };
    let mut ring = Ring::new(4, LARGE);
    assert_eq!(ring.reactions_from(), 4, "what happened before the ring is unknown");
    ring.push(change(5, 5));
    ring.push(unknown(6, false));
    assert_eq!(ring.reactions_from(), 4, "without reactions there is nothing to know");
    ring.push(unknown(7, true));
    ring.push(change(8, 8));
    assert_eq!(ring.reactions_from(), 7);
    ring.prepend(1, 4, vec![change(2, 2)], false);
    assert_eq!((ring.base(), ring.reactions_from()), (1, 7));
}

#[test]
fn a_text_that_was_edited_since_is_not_prepended() {
    let mut ring = Ring::new(4, LARGE);
    let read_before_the_edit = vec![change(3, 3), change(4, 4)];
    ring.push(change(5, 3));
    ring.prepend(2, 4, read_before_the_edit, false);
    assert_eq!(read_all(&mut ring, 2), "4@4 3@5 ");
}

#[test]
fn readers_at_the_same_rev_share_one_frame() {
    let mut ring = Ring::new(0, LARGE);
    ring.push(change(1, 1));
    let (one, two) = (ring.read(0).unwrap().unwrap(), ring.read(0).unwrap().unwrap());
    assert_eq!(text(&one).as_ptr(), text(&two).as_ptr());
    ring.push(change(2, 2));
    assert_eq!(text(&ring.read(0).unwrap().unwrap()), "1@1 2@2 ");
}

proptest! {
    /// Any changes of a few messages, in a ring of any capacity, with readers that read at any time, and late ones
    /// that fetch from the store: each has the latest state of each message at the end.
    #[test]
    fn every_reader_ends_with_the_latest_state(
        capacity in 1usize..12,
        changes in prop::collection::vec(0u64..6, 0..60),
        reads in prop::collection::vec((0usize..3, any::<bool>()), 0..60),
    ) {
        let mut ring = Ring::new(0, capacity * change(10, 1).bytes());
        let mut latest: HashMap<u64, u64> = HashMap::new();
        let mut readers = vec![(0u64, HashMap::<u64, u64>::new()); 3];
        let read = |ring: &mut Ring, latest: &HashMap<u64, u64>, (rev, seen): &mut (u64, HashMap<u64, u64>), backfill| {
            match ring.read(*rev) {
                Ok(None) => false,
                Ok(Some(read)) => {
                    for word in text(&read).split_whitespace() {
                        let (seq, at) = word.split_once('@').unwrap();
                        seen.insert(seq.parse().unwrap(), at.parse().unwrap());
                    }
                    *rev = read.to;
                    true
                }
                Err(Lagged) => {
                    let mut stored: Vec<_> = latest.iter().filter(|(_, at)| **at > *rev).collect();
                    stored.sort_unstable_by_key(|(_, at)| **at);
                    if backfill {
                        let base = ring.base();
                        ring.prepend(*rev, base, stored.iter().map(|(seq, at)| change(**at, **seq)).collect(), false);
                    }
                    if ring.read(*rev).is_err() {
                        let (seq, at) = stored[0];
                        seen.insert(*seq, *at);
                        *rev = *at;
                    }
                    true
                }
            }
        };
        for (rev, seq) in (1..).zip(&changes) {
            ring.push(change(rev, *seq));
            latest.insert(*seq, rev);
            if let Some((reader, backfill)) = reads.get(rev as usize) {
                read(&mut ring, &latest, &mut readers[*reader], *backfill);
            }
        }
        for reader in &mut readers {
            while read(&mut ring, &latest, reader, true) {}
            prop_assert_eq!(&reader.1, &latest);
        }
    }
}
