//! What a query asks of a message besides its text.

use std::{collections::BTreeSet, fmt};

use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

const DAY: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");

/// Most people and most rooms that a query names. Further ones are ignored.
const MAX_NAMES: usize = 16;

/// What a message must satisfy. Each filter that is present must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// `from:` the userIDs of possible authors, in lower case, without `@`. Empty for any.
    pub from: Vec<String>,
    /// `in:` the possible rooms, by name or id as typed. Empty for any.
    pub rooms: Vec<String>,
    /// `before:` it was posted before this day. The earliest of several.
    pub before: Option<Date>,
    /// `after:` it was posted after this day. The latest of several.
    pub after: Option<Date>,
    /// `has:` what it must have all of.
    pub has: BTreeSet<Has>,
    /// `is:` what it must be all of.
    pub is: BTreeSet<Is>,
}

/// What a message can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Has {
    File,
    Image,
    Link,
    Code,
}

impl Has {
    pub const ALL: [Self; 4] = [Self::File, Self::Image, Self::Link, Self::Code];

    /// The word for it in a query.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Image => "image",
            Self::Link => "link",
            Self::Code => "code",
        }
    }
}

/// What a message can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Is {
    Pinned,
    /// By the person who searches.
    Mine,
    Reply,
}

impl Is {
    pub const ALL: [Self; 3] = [Self::Pinned, Self::Mine, Self::Reply];

    /// The word for it in a query.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Mine => "mine",
            Self::Reply => "reply",
        }
    }
}

/// One filter of a query. Displayed, it is what is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    From(String),
    In(String),
    Before(Date),
    After(Date),
    Has(Has),
    Is(Is),
}

impl Filter {
    const KEYS: [&str; 6] = ["from", "in", "before", "after", "has", "is"];

    /// The key that `text` begins with, in any case, and what follows its colon.
    pub fn key(text: &str) -> Option<(&'static str, &str)> {
        let (key, value) = text.split_once(':')?;
        Self::KEYS.into_iter().find(|known| known.eq_ignore_ascii_case(key)).map(|known| (known, value))
    }

    /// The filter with a key of lower case. `None` if it cannot have this value.
    pub(super) fn new(key: &str, value: &str) -> Option<Self> {
        let is = |name: &str| name.eq_ignore_ascii_case(value);
        match key {
            "from" => user_id(value).map(Self::From),
            "in" => (!value.is_empty()).then(|| Self::In(value.to_owned())),
            "before" => day(value).map(Self::Before),
            "after" => day(value).map(Self::After),
            "has" => Has::ALL.into_iter().find(|has| is(has.name())).map(Self::Has),
            "is" => Is::ALL.into_iter().find(|this| is(this.name())).map(Self::Is),
            _ => None,
        }
    }

    /// The filter that `text` is, without quotes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::key(text).and_then(|(key, value)| Self::new(key, value))
    }
}

/// The characters of a userID are those of `UserId::parse`. Its length is not checked: a filter may name nobody.
fn user_id(value: &str) -> Option<String> {
    let id = value.strip_prefix('@').unwrap_or(value);
    let fits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    fits.then(|| id.to_ascii_lowercase())
}

fn day(value: &str) -> Option<Date> {
    // the format allows a sign
    Date::parse(value, DAY).ok().filter(|_| value.starts_with(|c: char| c.is_ascii_digit()))
}

impl Filters {
    pub(super) fn add(&mut self, filter: Filter) {
        match filter {
            Filter::From(id) if !self.from.contains(&id) && self.from.len() < MAX_NAMES => self.from.push(id),
            Filter::In(room) if !self.rooms.contains(&room) && self.rooms.len() < MAX_NAMES => self.rooms.push(room),
            Filter::From(_) | Filter::In(_) => {}
            Filter::Before(day) => self.before = Some(self.before.map_or(day, |earlier| earlier.min(day))),
            Filter::After(day) => self.after = Some(self.after.map_or(day, |later| later.max(day))),
            Filter::Has(has) => {
                self.has.insert(has);
            }
            Filter::Is(is) => {
                self.is.insert(is);
            }
        }
    }

    /// Each filter, and the others without it.
    pub fn each(&self) -> Vec<(Filter, Self)> {
        let all = self.list();
        let without = |n: usize| {
            let mut others = Self::default();
            all.iter().enumerate().filter(|(other, _)| *other != n).for_each(|(_, filter)| others.add(filter.clone()));
            others
        };
        all.iter().enumerate().map(|(n, filter)| (filter.clone(), without(n))).collect()
    }

    /// All filters, in a fixed order.
    fn list(&self) -> Vec<Filter> {
        let from = self.from.iter().cloned().map(Filter::From);
        let rooms = self.rooms.iter().cloned().map(Filter::In);
        let before = self.before.into_iter().map(Filter::Before);
        let after = self.after.into_iter().map(Filter::After);
        let has = self.has.iter().copied().map(Filter::Has);
        let is = self.is.iter().copied().map(Filter::Is);
        from.chain(rooms).chain(before).chain(after).chain(has).chain(is).collect()
    }

    /// Whether every message satisfies them.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// As it is typed, the filters in a fixed order.
impl fmt::Display for Filters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.list().iter().map(Filter::to_string).collect();
        f.write_str(&all.join(" "))
    }
}

/// As it is typed.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(id) => write!(f, "from:{id}"),
            Self::In(room) if room.contains(char::is_whitespace) => write!(f, "in:\"{room}\""),
            Self::In(room) => write!(f, "in:{room}"),
            Self::Before(day) => write!(f, "before:{day}"),
            Self::After(day) => write!(f, "after:{day}"),
            Self::Has(has) => write!(f, "has:{}", has.name()),
            Self::Is(is) => write!(f, "is:{}", is.name()),
        }
    }
}
