//! Random queries: what is typed, and what it means.

use natter_check::team::Random;
use time::{Duration, OffsetDateTime};

use crate::{
    scan::Term,
    vocabulary::{Segment, Text, random_text, random_whole, spelling, word},
    world::{Kind, Message, Room, USERS, World},
};

/// What somebody searches for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub typed: String,
    pub terms: Vec<Term>,
    /// The possible authors, by number. Nobody is none of the users.
    pub from: Vec<Option<usize>>,
    /// The ids of the possible rooms.
    pub rooms: Vec<String>,
    pub flags: Vec<Flag>,
    /// Only what was sent on a day before this one, or after it.
    pub before: Vec<String>,
    pub after: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    File,
    Link,
    Code,
    Pinned,
    Mine,
    Reply,
}

const FLAGS: [(Flag, &str); 6] = [
    (Flag::File, "has:file"),
    (Flag::Link, "has:link"),
    (Flag::Code, "has:code"),
    (Flag::Pinned, "is:pinned"),
    (Flag::Mine, "is:mine"),
    (Flag::Reply, "IS:reply"),
];

impl Query {
    /// A query by `searcher`. Mostly it finds something that was said at some time.
    pub fn random(random: &mut Random, world: &World, searcher: usize) -> Self {
        let text = match random.pick(&world.said) {
            Some(said) if random.below(4) > 0 => said.clone(),
            _ => random_text(random).segments,
        };
        let mut query = Self::default();
        let mut pieces = Vec::new();
        let (terms, filters) = match random.below(8) {
            0 => (0, 1 + random.below(2)),
            1 | 2 => (1, 1 + random.below(2)),
            3 | 4 => (2 + random.below(3), 0),
            _ => (1, 0),
        };
        for n in 0..terms {
            let (term, typed) = random_term(random, &text, n + 1 == terms);
            query.terms.push(term);
            pieces.push(typed);
        }
        for _ in 0..filters {
            let filter = query.add_filter(random, world, searcher);
            pieces.insert(random.below(pieces.len() + 1), filter);
        }
        query.typed = pieces.join(" ");
        query
    }

    /// A query for the beginning of a text.
    pub fn quoting(text: &[Segment]) -> Self {
        let segments = text[..text.len().min(3)].to_vec();
        let words = segments.iter().map(|segment| match segment {
            Segment::Word { folded, .. } => folded.clone(),
            Segment::Run(run) => run.concat(),
        });
        let typed = format!("\"{}\"", words.collect::<Vec<_>>().join(" "));
        Self { typed, terms: vec![Term { segments, is_open: false }], ..Self::default() }
    }

    /// Adds a random filter. Returns what is typed.
    fn add_filter(&mut self, random: &mut Random, world: &World, searcher: usize) -> String {
        match random.below(6) {
            0 => {
                let user = Some(random.below(USERS.len() + 1)).filter(|user| *user < USERS.len());
                self.from.push(user);
                let sign = random.pick(&["", "@"]).unwrap();
                format!("from:{sign}{}", user.map_or("nobody", |user| USERS[user]))
            }
            1 | 2 => {
                let room = random.pick(&world.rooms).unwrap();
                self.rooms.push(room.id.clone());
                in_room(random, room, searcher)
            }
            3 => {
                let today = OffsetDateTime::now_utc().date();
                let day = (today + Duration::days(random.below(3) as i64 - 1)).to_string();
                let (days, name) = match random.below(2) {
                    0 => (&mut self.before, "before"),
                    _ => (&mut self.after, "after"),
                };
                days.push(day.clone());
                format!("{name}:{day}")
            }
            _ => {
                let (flag, typed) = *random.pick(&FLAGS).unwrap();
                self.flags.push(flag);
                typed.to_owned()
            }
        }
    }

    /// Whether it finds a message.
    pub fn finds(&self, searcher: usize, room: &Room, message: &Message) -> bool {
        let day = &message.sent_time[..10];
        let text = message.searched();
        (self.from.is_empty() || self.from.contains(&Some(message.author)))
            && (self.rooms.is_empty() || self.rooms.contains(&room.id))
            && self.before.iter().all(|before| day < before.as_str())
            && self.after.iter().all(|after| day > after.as_str())
            && self.flags.iter().all(|flag| match flag {
                Flag::File => message.file.is_some(),
                Flag::Link => message.text.has_link,
                Flag::Code => message.text.has_code,
                Flag::Pinned => message.is_pinned,
                Flag::Mine => message.author == searcher,
                Flag::Reply => message.is_reply,
            })
            && self.terms.iter().all(|term| term.occurs_in(&text))
    }
}

/// `in:` by id, by name, or by the other person of a direct room.
fn in_room(random: &mut Random, room: &Room, searcher: usize) -> String {
    let other = room.members.iter().find(|member| **member != searcher);
    match (room.kind, other) {
        (Kind::Direct, Some(other)) if room.members.contains(&searcher) && random.below(2) == 0 => {
            format!("in:@{}", USERS[*other])
        }
        (Kind::Open | Kind::Closed, _) if random.below(2) == 0 => match random.below(2) {
            0 => format!("in:\"{}\"", room.name),
            _ => format!("in:\"{}\"", room.name.to_uppercase()),
        },
        _ => format!("in:{}", room.id),
    }
}

/// A term, and how it is typed. Mostly it occurs in `text`. Of the last term of a query the last word can be a beginning.
fn random_term(random: &mut Random, text: &[Segment], is_last: bool) -> (Term, String) {
    if random.below(8) == 0 {
        let Text { written, segments, .. } = random_whole(random);
        // punctuation says that a word is whole
        let is_open = is_last && written.ends_with(char::is_alphanumeric);
        return (Term { segments, is_open }, written);
    }
    let from = random.below(text.len());
    let rest = &text[from..];
    let mut segments = match random.below(6) {
        0 => rest[..1 + random.below(rest.len().min(4))].to_vec(),
        1 => random_part(random, rest).unwrap_or_else(|| rest[..1].to_vec()),
        _ => rest[..1].to_vec(),
    };
    cut_runs(random, &mut segments);
    let is_quoted = random.below(4) == 0;
    let may_be_open = is_last && !is_quoted;
    if may_be_open
        && random.below(2) == 0
        && let Some(Segment::Word { folded, .. }) = segments.last_mut()
    {
        *folded = beginning(random, folded);
    }
    let pieces: Vec<String> = segments.iter().map(|segment| typed(random, segment)).collect();
    let mut typed = pieces.join(if is_quoted { " " } else { random.pick(&["-", ".", "/"]).unwrap() });
    let mut is_open = may_be_open;
    if is_quoted {
        typed = format!("\"{typed}\"");
    } else if may_be_open && random.below(3) == 0 {
        typed.push_str(random.pick(&[".", " !", "?"]).unwrap());
        is_open = false;
    }
    (Term { segments, is_open }, typed)
}

/// A part of the first identifier.
fn random_part(random: &mut Random, text: &[Segment]) -> Option<Vec<Segment>> {
    let parts = text.iter().find_map(|segment| match segment {
        Segment::Word { parts, .. } if !parts.is_empty() => Some(parts),
        _ => None,
    });
    Some(vec![word(random.pick(parts?)?)])
}

/// Takes letters away from the ends of runs, so that what is left still occurs.
fn cut_runs(random: &mut Random, segments: &mut [Segment]) {
    if let Some(Segment::Run(run)) = segments.first_mut() {
        let gone = random.below(run.len());
        run.drain(..gone);
    }
    if let Some(Segment::Run(run)) = segments.last_mut() {
        let left = 1 + random.below(run.len());
        run.truncate(left);
    }
}

/// The first characters of a word. It ends in none that would end it. Of an emoji, all of it.
fn beginning(random: &mut Random, word: &str) -> String {
    if !word.starts_with(char::is_alphanumeric) {
        return word.to_owned();
    }
    let count = 1 + random.below(word.chars().count());
    word.chars().take(count).collect::<String>().trim_end_matches('_').to_owned()
}

fn typed(random: &mut Random, segment: &Segment) -> String {
    match segment {
        Segment::Word { folded, .. } => spelling(random, folded),
        Segment::Run(run) => run.concat(),
    }
}
