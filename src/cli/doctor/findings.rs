//! What the checks found.

use std::collections::HashMap;

use crate::{
    domain::{FileId, Message, MessageId},
    store::{Finding, WayOut},
};

/// The most lines that are printed of one kind.
const LINES: usize = 20;

/// Findings by kind, and what can be mended.
#[derive(Default)]
pub struct Findings {
    kinds: Vec<Kind>,
    /// What is right where a message has wrong numbers, by its address.
    pub corrections: HashMap<MessageId, Correction>,
}

/// What is right where a message is wrong.
#[derive(Debug, Default)]
pub struct Correction {
    pub replies: Option<u64>,
    /// Of the room, and of the author.
    pub texts: Option<(u64, u64)>,
    /// The files whose thumbnails are missing.
    pub without_thumbnail: Vec<FileId>,
}

impl Correction {
    pub fn apply(&self, message: &mut Message) {
        message.replies = self.replies.unwrap_or(message.replies);
        (message.room_texts, message.author_texts) = self.texts.unwrap_or((message.room_texts, message.author_texts));
        for file in &mut message.files {
            file.has_thumbnail &= !self.without_thumbnail.contains(&file.id);
        }
    }
}

struct Kind {
    name: &'static str,
    way_out: WayOut,
    lines: Vec<String>,
    count: usize,
}

impl Findings {
    /// Adds a finding of a kind. Of many of one kind, the first are kept.
    pub fn add(&mut self, name: &'static str, way_out: WayOut, what: impl Into<String>) {
        let place = self.kinds.iter().position(|kind| kind.name == name && kind.way_out == way_out);
        let place = place.unwrap_or_else(|| {
            self.kinds.push(Kind { name, way_out, lines: Vec::new(), count: 0 });
            self.kinds.len() - 1
        });
        let kind = &mut self.kinds[place];
        kind.count += 1;
        if kind.lines.len() < LINES {
            kind.lines.push(what.into());
        }
    }

    pub fn add_all(&mut self, name: &'static str, findings: Vec<Finding>) {
        for finding in findings {
            self.add(name, finding.way_out, finding.what);
        }
    }

    pub fn correction(&mut self, id: &MessageId) -> &mut Correction {
        self.corrections.entry(id.clone()).or_default()
    }

    /// Whether something of a kind was found.
    pub fn has(&self, name: &str) -> bool {
        self.kinds.iter().any(|kind| kind.name == name)
    }

    pub fn count(&self) -> usize {
        self.kinds.iter().map(|kind| kind.count).sum()
    }

    /// How many `--repair` mends.
    pub fn mendable(&self) -> usize {
        self.kinds.iter().filter(|kind| kind.way_out == WayOut::Repair).map(|kind| kind.count).sum()
    }

    /// The report: a heading with the way out for each kind, then what was found.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for kind in &self.kinds {
            lines.push(format!("{}: {} found. {}", kind.name, kind.count, in_words(kind.way_out)));
            lines.extend(kind.lines.iter().map(|line| format!("  {line}")));
            let more = kind.count - kind.lines.len();
            lines.extend((more > 0).then(|| format!("  and {more} more")));
        }
        lines
    }
}

fn in_words(way_out: WayOut) -> &'static str {
    match way_out {
        WayOut::Repair => "natter doctor --repair mends this.",
        WayOut::MakeAnew => "A natter backup, restored into an empty database, makes this anew.",
        WayOut::EarlierBackup => "Restore a backup from before; natter backup --verify says whether it is whole.",
        WayOut::LostAvatar => "The user or an admin removes it, or uploads another picture.",
        WayOut::LostFile => "Restore a backup that has the file, or remove it from its message.",
    }
}
