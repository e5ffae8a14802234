//! The numbers of a page's sidebar. natter's script has the same arithmetic; this is written anew from the protocol, so
//! that a mistake of one shows.

use std::collections::BTreeMap;

use crate::frame::{Item, News, Numbers};

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
    /// The page has all of it, or does not show the room.
    Known,
    /// The page lacks what was before it, and asks for the room's numbers.
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
        let Some(mine) = self.rooms.get_mut(&news.room) else { return Applied::Known };
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
        mine.unread += (news.texts as i64 - mine.texts as i64) - (own as i64 - mine.own as i64) - deleted;
        (mine.rev, mine.seq, mine.texts, mine.own) = (news.to, news.seq, news.texts, own);
        Applied::Counted
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
        News { room: "r".into(), from, to, seq, texts, authors: BTreeMap::new(), deleted: Vec::new() }
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
    fn parts_that_are_known_or_come_too_early_change_nothing() {
        let mut page = page();
        assert_eq!(page.count(&news(5, 10, 10, 10)), Applied::Known);
        assert_eq!(page.count(&news(11, 12, 12, 12)), Applied::Missed);
        assert_eq!(page.count(&News { room: "s".into(), ..news(0, 12, 12, 12) }), Applied::Known);
        assert_eq!(page.rooms["r"], numbers(10, 10, 10, 8, 2));
        assert_eq!(page.count(&news(7, 12, 12, 12)), Applied::Counted, "numbers were read in the middle of it");
        assert_eq!(unread(&page), 4);
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
