//! Accounts, rooms, memberships and what users keep: unique names, and references to what exists.

use std::collections::{HashMap, HashSet};

use super::findings::Findings;
use crate::{
    domain::{FileId, RoomId, RoomKind, UserKey, fold},
    store::{Account, MemberRow, RoomRow, Row, SavedRow, WayOut},
};

const NAMES: &str = "Names that are not unique";
const REFERENCES: &str = "References to what does not exist";
const ROOMS: &str = "Rooms";

/// What is known of a room.
#[derive(Default)]
pub struct RoomFacts {
    /// The numbers of its latest message and change.
    pub seq: u64,
    pub rev: u64,
    /// The number of the latest change of its fields, and of its memberships.
    pub fields_rev: u64,
}

/// What the rows so far have.
pub struct Known {
    /// Deleted accounts whose traces natter is still removing.
    departing: HashSet<UserKey>,
    users: HashSet<UserKey>,
    user_ids: HashSet<String>,
    emails: HashSet<String>,
    open_names: HashSet<String>,
    direct_keys: HashSet<String>,
    pub rooms: HashMap<RoomId, RoomFacts>,
    /// The files of all messages, their bytes, and their authors.
    pub files: HashMap<FileId, u64>,
}

impl Known {
    pub fn new(departing: Vec<UserKey>) -> Self {
        Self {
            departing: departing.into_iter().collect(),
            users: HashSet::new(),
            user_ids: HashSet::new(),
            emails: HashSet::new(),
            open_names: HashSet::new(),
            direct_keys: HashSet::new(),
            rooms: HashMap::new(),
            files: HashMap::new(),
        }
    }

    /// Whether there is such an account, or natter is removing what it has left.
    pub fn has_user(&self, user: UserKey) -> bool {
        self.users.contains(&user) || self.departing.contains(&user)
    }

    /// Checks a row of any table but the messages.
    pub fn check(&mut self, row: &Row, findings: &mut Findings) {
        match row {
            Row::Account(account) => self.account(account, findings),
            Row::Room(room) => self.room(room, findings),
            Row::Member(member) => self.member(member, findings),
            Row::Saved(saved) => self.saved(saved, findings),
            Row::Session(session) => {
                if let Some(user) = session.user.filter(|user| !self.has_user(*user)) {
                    let what = format!("a session is of the account {}, which does not exist", user.0);
                    findings.add(REFERENCES, WayOut::EarlierBackup, what);
                }
            }
            Row::Message(_) | Row::Revocation(_) | Row::Audit(_) => {}
        }
    }

    fn account(&mut self, Account { user, .. }: &Account, findings: &mut Findings) {
        self.users.insert(user.key);
        if !self.user_ids.insert(user.user_id.folded()) {
            let what = format!("the userID {} is of two accounts", user.user_id);
            findings.add(NAMES, WayOut::EarlierBackup, what);
        }
        if !self.emails.insert(user.email.as_str().to_ascii_lowercase()) {
            let what = format!("the e-mail address {} is of two accounts", user.email);
            findings.add(NAMES, WayOut::EarlierBackup, what);
        }
    }

    fn room(&mut self, RoomRow { room, direct_key }: &RoomRow, findings: &mut Findings) {
        let id = room.id.as_str();
        if room.kind == RoomKind::Open && !self.open_names.insert(fold(&room.name)) {
            let what = format!("the name \"{}\" is of two open rooms, one of them {id}", room.name);
            findings.add(NAMES, WayOut::EarlierBackup, what);
        }
        match direct_key {
            Some(key) if room.kind == RoomKind::Direct => {
                if !self.direct_keys.insert(key.clone()) {
                    let what = format!("two direct rooms are of the same users, one of them {id}");
                    findings.add(NAMES, WayOut::EarlierBackup, what);
                }
            }
            None if room.kind != RoomKind::Direct => {}
            _ => {
                let what = format!("room {id} is direct and does not say of whom, or the other way");
                findings.add(ROOMS, WayOut::EarlierBackup, what);
            }
        }
        self.rooms.insert(room.id.clone(), RoomFacts { fields_rev: room.rev, ..RoomFacts::default() });
    }

    fn member(&mut self, row: &MemberRow, findings: &mut Findings) {
        let (id, user) = (row.room.as_str(), row.membership.user);
        if !self.has_user(user) {
            let what = format!("a member of room {id} is the account {}, which does not exist", user.0);
            findings.add(REFERENCES, WayOut::EarlierBackup, what);
        }
        match self.rooms.get_mut(&row.room) {
            Some(room) => room.fields_rev = room.fields_rev.max(row.membership.rev),
            None => {
                let what = format!("the account {} is a member of room {id}, which does not exist", user.0);
                findings.add(REFERENCES, WayOut::EarlierBackup, what);
            }
        }
    }

    fn saved(&mut self, SavedRow { user, message, .. }: &SavedRow, findings: &mut Findings) {
        let (room, seq) = (message.room.as_str(), message.seq);
        if !self.has_user(*user) {
            let what = format!("message {seq} in room {room} is saved by the account {}, which does not exist", user.0);
            findings.add(REFERENCES, WayOut::EarlierBackup, what);
        }
        if self.rooms.get(&message.room).is_none_or(|room| seq == 0 || seq > room.seq) {
            let what = format!("message {seq} in room {room} is saved, and does not exist");
            findings.add(REFERENCES, WayOut::EarlierBackup, what);
        }
    }

    /// Checks the rooms, after their messages.
    pub fn check_heads(&self, findings: &mut Findings) {
        for (room, facts) in self.rooms.iter().filter(|(_, facts)| facts.fields_rev > facts.rev) {
            let what = format!(
                "the log of room {} ends at change {}, and its name, settings or members have change {}",
                room.as_str(),
                facts.rev,
                facts.fields_rev
            );
            findings.add(ROOMS, WayOut::EarlierBackup, what);
        }
    }
}
