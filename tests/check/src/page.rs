//! The numbers of a page's sidebar. natter's script has the same arithmetic; this is written anew from the protocol, so
//! that a mistake of one shows.

use std::collections::BTreeMap;

use crate::frame::{EVERYONE, Item, News, Numbers};

/// The rooms of a page's sidebar.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The tag of the page's user.
    me: String,
    pub rooms: BTreeMap<String, Numbers>,
}

/// What a page does with a part of news.
#[derive(Debug, PartialEq, Eq)]
pub enum Applied {
    Counted,
    /// As well, but whether texts that were deleted or edited mentioned the user is not known: the page asks for the
    /// room's numbers.
    Uncertain,
    /// The page has all of it.
    Known,
    /// The page lacks what was before it, or the whole room, and asks for the room's numbers.
    Missed,
}

impl Page {
    pub fn new(me: &str) -> Self {
        Self { me: me.to_owned(), rooms: BTreeMap::new() }
    }

    /// Takes absolute numbers. Returns the rooms whose numbers are older than the page's, which stay: it has to ask again,
    /// because the mark may be newer nevertheless.
    pub fn replace(&mut self, items: &[Item], complete: bool) -> Vec<String> {
        let mut outdated = Vec::new();
        for item in items {
            match item {
                Item::Gone { room, .. } => drop(self.rooms.remove(room)),
                Item::Numbers(numbers) if self.rooms.get(&numbers.room).is_some_and(|mine| mine.rev > numbers.rev) => {
                    outdated.push(numbers.room.clone());
                }
                Item::Numbers(numbers) => drop(self.rooms.insert(numbers.room.clone(), numbers.clone())),
            }
        }
        if complete {
            self.rooms.retain(|room, _| items.iter().any(|item| item.room() == room));
        }
        outdated
    }

    pub fn count(&mut self, news: &News) -> Applied {
        let Some(mine) = self.rooms.get_mut(&news.room) else { return Applied::Missed };
        if news.to <= mine.rev {
            return Applied::Known;
        }
        if news.from > mine.rev {
            return Applied::Missed;
        }
        let own = news.authors.get(&self.me).copied().unwrap_or(mine.own);
        let is_unread_no_more =
            |deleted: &&(u64, u64, String)| deleted.0 > mine.rev && deleted.1 > mine.read_seq && deleted.2 != self.me;
        let deleted = news.deleted.iter().filter(is_unread_no_more).count() as i64;
        let concerns_me = |tags: &[String]| tags.iter().any(|tag| *tag == self.me || tag == EVERYONE);
        let is_for_me = |(rev, seq, author, tags): &&(u64, u64, String, Vec<String>)| {
            *rev > mine.rev && *seq > mine.read_seq && *author != self.me && concerns_me(tags)
        };
        let mentions = mine.mentions + news.mentions.iter().filter(is_for_me).count() as u64;
        let is_edit_uncertain = news.edited.as_ref().is_some_and(|tags| mentions > 0 || concerns_me(tags));
        let is_uncertain = deleted > 0 && mentions > 0 || is_edit_uncertain;
        mine.unread += (news.texts as i64 - mine.texts as i64) - (own as i64 - mine.own as i64) - deleted;
        (mine.rev, mine.seq, mine.texts, mine.own) = (news.to, news.seq, news.texts, own);
        mine.mentions = mentions;
        if is_uncertain { Applied::Uncertain } else { Applied::Counted }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The numbers of room `r`; the user has posted nothing.
    pub fn numbers(rev: u64, seq: u64, texts: u64, read_seq: u64, unread: i64) -> Numbers {
        Numbers {
            room: "r".into(),
            rev,
            seq,
            texts,
            own: 0,
            unread,
            mentions: 0,
            read_seq,
            read_version: 0,
            level: "mentions".into(),
            starred: false,
        }
    }

    pub fn news(from: u64, to: u64, seq: u64, texts: u64) -> News {
        let (authors, deleted, mentions) = (BTreeMap::new(), Vec::new(), Vec::new());
        News { room: "r".into(), from, to, seq, texts, authors, deleted, mentions, edited: None }
    }

    fn page() -> Page {
        let mut page = Page::new("me");
        page.replace(&[Item::Numbers(numbers(10, 10, 10, 8, 2))], true);
        page
    }

    fn unread(page: &Page) -> i64 {
        page.rooms["r"].unread
    }

    #[test]
    fn news_count_the_texts_of_others() {
        let mut page = page();
        let authors = BTreeMap::from([("me".to_owned(), 1), ("you".to_owned(), 7)]);
        assert_eq!(page.count(&News { authors, ..news(10, 13, 13, 13) }), Applied::Counted);
        assert_eq!(unread(&page), 4, "three more, of which one is one's own");
        assert_eq!((page.rooms["r"].rev, page.rooms["r"].own), (13, 1));
    }

    #[test]
    fn deleted_texts_count_no_more_if_they_did() {
        let mut page = page();
        let deleted = [(11, 9, "you"), (12, 8, "you"), (13, 10, "me"), (10, 10, "you")];
        let deleted = deleted.map(|(rev, seq, tag)| (rev, seq, tag.to_owned())).to_vec();
        assert_eq!(page.count(&News { deleted, ..news(9, 13, 10, 10) }), Applied::Counted);
        assert_eq!(unread(&page), 1, "read ones, own ones, and one whose deletion is in the numbers already");
    }

    #[test]
    fn mentions_of_the_user_and_of_everybody_count_if_they_are_unread_and_not_ones_own() {
        let mut page = page();
        let mention = |rev, seq, author: &str, tags: &[&str]| {
            (rev, seq, author.to_owned(), tags.iter().map(|&tag| tag.to_owned()).collect())
        };
        let mentions = vec![
            mention(11, 11, "you", &["her", "me"]),
            mention(12, 12, "you", &["*"]),
            mention(13, 13, "you", &["her"]),
            mention(14, 14, "me", &["*"]),
            mention(15, 8, "you", &["me"]),
            mention(10, 10, "you", &["me"]),
        ];
        assert_eq!(page.count(&News { mentions, ..news(9, 15, 15, 15) }), Applied::Counted);
        assert_eq!(
            page.rooms["r"].mentions, 2,
            "not others', one's own, what is read, and what is in the numbers already"
        );
    }

    #[test]
    fn a_page_asks_if_a_text_that_changed_may_have_mentioned_its_user() {
        let part = |mentions: u64, edited: Option<&[&str]>, deleted: &[(u64, u64)]| {
            let mut page = Page::new("me");
            page.replace(&[Item::Numbers(Numbers { mentions, ..numbers(10, 10, 10, 8, 2) })], true);
            let edited = edited.map(|tags| tags.iter().map(|&tag| tag.to_owned()).collect());
            let deleted = deleted.iter().map(|(rev, seq)| (*rev, *seq, "you".to_owned())).collect();
            page.count(&News { edited, deleted, ..news(10, 11, 10, 10) })
        };
        assert_eq!(
            part(1, None, &[(11, 9)]),
            Applied::Uncertain,
            "the deleted one may be that which mentioned the user"
        );
        assert_eq!(part(0, None, &[(11, 9)]), Applied::Counted);
        assert_eq!(part(1, None, &[(11, 8)]), Applied::Counted, "what was read did not count");
        assert_eq!(part(1, Some(&[]), &[]), Applied::Uncertain, "the edited one may have mentioned the user before");
        assert_eq!(part(0, Some(&["her"]), &[]), Applied::Counted);
        assert_eq!(part(0, Some(&["me"]), &[]), Applied::Uncertain);
        assert_eq!(part(0, Some(&["*"]), &[]), Applied::Uncertain);
    }

    #[test]
    fn parts_that_are_known_or_come_too_early_change_nothing() {
        let mut page = page();
        assert_eq!(page.count(&news(5, 10, 10, 10)), Applied::Known);
        assert_eq!(page.count(&news(11, 12, 12, 12)), Applied::Missed);
        assert_eq!(page.rooms["r"], numbers(10, 10, 10, 8, 2));
        assert_eq!(page.count(&news(7, 12, 12, 12)), Applied::Counted, "numbers were read in the middle of it");
        assert_eq!(unread(&page), 4);
    }

    /// A socket listens to a room before the room's numbers are written, so that news can come first.
    #[test]
    fn a_page_asks_for_a_room_of_which_it_gets_news_before_the_numbers() {
        let mut page = Page::new("me");
        assert_eq!(page.count(&news(9, 11, 11, 11)), Applied::Missed);
        assert!(page.rooms.is_empty());
        page.replace(&[Item::Numbers(numbers(10, 10, 10, 8, 2))], false);
        assert_eq!(page.count(&news(9, 11, 11, 11)), Applied::Counted, "the answer is in the middle of it");
        assert_eq!(unread(&page), 3);
    }

    #[test]
    fn a_page_asks_again_after_numbers_that_are_older_than_its_own() {
        let mut page = page();
        assert_eq!(page.replace(&[Item::Numbers(numbers(9, 9, 9, 9, 0))], true), ["r"]);
        assert_eq!(unread(&page), 2);
        assert!(page.replace(&[Item::Numbers(numbers(11, 9, 9, 9, 0))], false).is_empty());
        assert_eq!(unread(&page), 0);
    }

    #[test]
    fn rooms_that_are_gone_or_not_in_complete_numbers_are_not_shown() {
        let gone = Item::Gone { room: "r".into(), gone: true };
        for (items, complete) in [(&[gone][..], false), (&[], true)] {
            let mut page = page();
            page.replace(items, complete);
            assert!(page.rooms.is_empty());
        }
    }
}
