//! What is changed in the sources: a file below `src`, a text that it has once, and what replaces it.

/// The files of `src/net` that are included.
pub const NET: [&str; 4] = ["connection.rs", "frame.rs", "io.rs", "retry.rs"];

/// Limits that a short schedule must be able to reach: a file, the beginning of a declaration, and the value.
pub const CONSTANTS: &[(&str, &str, &str)] = &[
    ("room/room.rs", "const RING_BYTES: usize", "900"),
    ("room/signals.rs", "const MAX_SIGNALS: usize", "32"),
    ("room/ring.rs", "pub(super) const FRAME_BYTES: usize", "60"),
    ("room/filling.rs", "const PAGE: u32", "3"),
    ("room/filling.rs", "const MAX_GAP: u64", "12"),
    ("room/filling.rs", "const MAX_BACKFILL: u64", "5"),
    ("room/filling.rs", "const LATE_PAGE: u32", "2"),
    ("room/subscription.rs", "const MAX_CATCH_UP: u64", "8"),
    ("room/shard.rs", "const YIELD_EVERY: usize", "2"),
    ("room/rooms.rs", "const FILLS: usize", "1"),
    ("room/rooms.rs", "const LATE_READS: usize", "1"),
    ("net/connection.rs", "const QUEUE_BYTES: usize", "40"),
];

/// What makes a schedule the same each time that it runs: no cores of the machine, no random order of a map, no random
/// delay.
pub const PATCHES: &[(&str, &str, &str)] = &[
    ("room/fanout.rs", "std::thread::available_parallelism().map_or(1, std::num::NonZero::get)", "2_usize"),
    ("room/rooms.rs", "collections::HashMap,", "collections::BTreeMap,"),
    ("room/rooms.rs", "by_id: HashMap<", "by_id: BTreeMap<"),
    (
        "room/rooms.rs",
        "        if by_id.len() < by_id.capacity() / 4 {\n            by_id.shrink_to_fit();\n        }\n",
        "",
    ),
    ("room/recheck.rs", ".retry(backoff(first, longest))", ".retry(backoff(first, longest)).sleep(tokio::time::sleep)"),
    ("net/retry.rs", ".with_jitter()", ""),
];

/// Notes what has happened, so that schedules that never get that far are noticed.
pub const NOTES: &[(&str, &str, &str)] = &[
    ("room/filling.rs", "                room.jump(head);", "crate::note(\"a jump\"); room.jump(head);"),
    (
        "room/subscription.rs",
        "                *own_reactions_to = as_of;",
        "crate::note(\"own reactions\"); *own_reactions_to = as_of;",
    ),
    ("room/filling.rs", "            room.prepend(", "crate::note(\"a backfill\"); room.prepend("),
    (
        "room/filling.rs",
        "            continue;\n        }\n        metrics",
        "crate::note(\"a fill read again\"); continue;\n        }\n        metrics",
    ),
    (
        "room/filling.rs",
        "Err(_) if room.abandon_fill() => return,",
        "Err(_) if room.abandon_fill() => return crate::note(\"a fill given up\"),",
    ),
    ("room/filling.rs", "                sleep(retry_in)", "crate::note(\"a fill tried again\"); sleep(retry_in)"),
    (
        "room/filling.rs",
        "    let changes = rooms.store.changes(",
        "crate::note(\"a late read\"); let changes = rooms.store.changes(",
    ),
    (
        "room/subscription.rs",
        "                    (Some(Read { to: room.head(), frame: signals::refetch",
        "crate::note(\"a refetch\"); (Some(Read { to: room.head(), frame: signals::refetch",
    ),
    (
        "room/shard.rs",
        "=> Sent::Part(bytes.slice(written..)),",
        "=> { crate::note(\"a frame sent in part\"); Sent::Part(bytes.slice(written..)) }",
    ),
    (
        "room/shard.rs",
        "                _ => slot.read_on(&self.room, self.losses),",
        "                _ => { crate::note(\"a subscriber behind its shard\"); slot.read_on(&self.room, self.losses) }",
    ),
    ("room/rooms.rs", "            if !stays {", "            if !stays { crate::note(\"a room dropped\");"),
    (
        "net/connection.rs",
        "return Ok(WriteOutcome::Queued);",
        "crate::note(\"a full queue\"); return Ok(WriteOutcome::Queued);",
    ),
];

/// The mutants: each skips a rule of `src/rule.rs`.
pub const RULES: &[(&str, &str, &str)] = &[
    // the shard's bit
    (
        "room/shard.rs",
        "        room.shards.fetch_or(self.bit, SeqCst);",
        "        if crate::Rule::BitBeforeRead.holds() { room.shards.fetch_or(self.bit, SeqCst); }",
    ),
    (
        "room/shard.rs",
        "        if let Err(Full(unsent)) = slot.send_all(queued).and_then(|()| slot.read_on(&share.room, losses)) {",
        "        let sent = slot.send_all(queued).and_then(|()| slot.read_on(&share.room, losses));
        if !crate::Rule::BitBeforeRead.holds() { share.room.shards.fetch_or(self.bit, SeqCst); }
        if let Err(Full(unsent)) = sent {",
    ),
    (
        "room/shard.rs",
        "        room.notified.fetch_and(!self.bit, SeqCst);",
        "        if crate::Rule::NotifiedBeforeRead.holds() { room.notified.fetch_and(!self.bit, SeqCst); }",
    ),
    (
        "room/shard.rs",
        "                Ok(None) => return,",
        "                Ok(None) => {
                    if !crate::Rule::NotifiedBeforeRead.holds() { room.notified.fetch_and(!self.bit, SeqCst); }
                    return;
                }",
    ),
    // the hand-over
    (
        "room/shard.rs",
        "        let queued = slot.connection.take_queued();",
        "        let mut queued = VecDeque::new();
        if crate::Rule::QueueAtJoin.holds() { queued = slot.connection.take_queued(); }",
    ),
    (
        "room/fanout.rs",
        "        subscriber.connection.hand_over(FlushRequests { requests: shard.flushes.clone(), id: subscriber.id });",
        "        let hand_over = || {
            subscriber.connection.hand_over(FlushRequests { requests: shard.flushes.clone(), id: subscriber.id });
        };
        if crate::Rule::HandOverBeforeJoin.holds() { hand_over(); }",
    ),
    (
        "room/fanout.rs",
        "        let _ = shard.commands.send(join);",
        "        let _ = shard.commands.send(join);
        if !crate::Rule::HandOverBeforeJoin.holds() { hand_over(); }",
    ),
    (
        "net/connection.rs",
        "                    fan_out.request();",
        "                    if crate::Rule::RequestFlush.holds() { fan_out.request(); }",
    ),
    (
        "room/subscriber.rs",
        "        self.connection.take_back(unsent);",
        "        if !crate::Rule::TakeBackBeforeWake.holds() { self.returned.notify_one(); }
        self.connection.take_back(unsent);",
    ),
    (
        "room/subscriber.rs",
        "        self.rev.store(position.rev, SeqCst);",
        "        if !crate::Rule::PositionBeforeWake.holds() { self.returned.notify_one(); }
        self.rev.store(position.rev, SeqCst);",
    ),
    (
        "room/subscriber.rs",
        "        self.returned.notify_one();\n    }\n\n    /// Waits",
        "        if crate::Rule::TakeBackBeforeWake.holds() && crate::Rule::PositionBeforeWake.holds() {
            self.returned.notify_one();
        }\n    }\n\n    /// Waits",
    ),
    (
        "room/shard.rs",
        "Err(Full(VecDeque::from([rest])))",
        "Err(Full(if crate::Rule::KeepRest.holds() { VecDeque::from([rest]) } else { VecDeque::new() }))",
    ),
    (
        "room/shard.rs",
        "            Sent::Part(rest) => {\n                self.position = to;",
        "            Sent::Part(rest) => {\n                if crate::Rule::PartIsSent.holds() { self.position = to; }",
    ),
    (
        "net/connection.rs",
        "        unsent.append(&mut outgoing.unsent);\n        outgoing.unsent = unsent;",
        "        if crate::Rule::RestFirst.holds() {
            unsent.append(&mut outgoing.unsent);
            outgoing.unsent = unsent;
        } else {
            outgoing.unsent.append(&mut unsent);
        }",
    ),
    (
        "room/subscription.rs",
        "            self.rooms.fanout.leave(self.subscriber.id);\n            self.subscriber.returned().await;",
        "            self.rooms.fanout.leave(self.subscriber.id);
            if crate::Rule::WaitForLeave.holds() { self.subscriber.returned().await; }",
    ),
    // signals
    (
        "room/shard.rs",
        "        let index = share.slots.len();",
        "        let mut position = position;
        if !crate::Rule::MissedAtJoin.holds() { position.signals = share.position.signals; }
        let index = share.slots.len();",
    ),
    (
        "room/shard.rs",
        "            Sent::Nothing => Err(Full(VecDeque::new())),",
        "            Sent::Nothing => {
                if !crate::Rule::KeepUnsent.holds() { self.position.signals = to.signals; }
                Err(Full(VecDeque::new()))
            }",
    ),
    (
        "room/room.rs",
        "        if live.cleared != cleared {",
        "        if live.cleared != cleared && crate::Rule::ReadAgainAfterClear.holds() {",
    ),
    // the ring
    (
        "room/ring.rs",
        "                recent.supersede(rev, seq);",
        "                if crate::Rule::Supersede.holds() { recent.supersede(rev, seq); }",
    ),
    (
        "room/ring.rs",
        "            entry.parts.retain(|part| !recent.latest.contains_key(&part.seq));",
        "            if crate::Rule::PrependOlderOnly.holds() {
                entry.parts.retain(|part| !recent.latest.contains_key(&part.seq));
            }",
    ),
    (
        "room/ring.rs",
        "        if self.base != base {",
        "        if crate::Rule::PrependAtBase.holds() && self.base != base {",
    ),
    // reactions
    (
        "room/ring.rs",
        "            part.fragment = String::new();",
        "            part.fragment = String::new();
            if !crate::Rule::KeepReacted.holds() { self.entries[index].reacted = Some(String::new()); }",
    ),
    (
        "room/ring.rs",
        "        if entry.reacted.is_none() && (is_gap",
        "        if crate::Rule::UnknownReactions.holds() && entry.reacted.is_none() && (is_gap",
    ),
    (
        "room/live.rs",
        "            Some(ring) if position.rev < ring.reactions_from() => Err(Lagged),",
        "            Some(ring) if crate::Rule::UnknownReactionsEndLive.holds() && position.rev < ring.reactions_from() => Err(Lagged),",
    ),
    (
        "room/subscription.rs",
        "                Some(read) if is_page &&",
        "                Some(read) if crate::Rule::OwnReactions.holds() && is_page &&",
    ),
    // gaps
    (
        "room/subscription.rs",
        "        advance(rooms, &room.0, 0);",
        "        if crate::Rule::SubscriptionStartsFill.holds() { advance(rooms, &room.0, 0); }",
    ),
    (
        "room/hub_task.rs",
        "        if !room.is_next(message.rev) {",
        "        if crate::Rule::PushNextOnly.holds() && !room.is_next(message.rev) {",
    ),
    (
        "room/room.rs",
        "        live.is_filling = live.head() < live.target;",
        "        live.is_filling = crate::Rule::FillToTarget.holds() && live.head() < live.target;",
    ),
    (
        "room/subscription.rs",
        "Err(Lagged) if is_page &&",
        "Err(Lagged) if (is_page || !crate::Rule::ScriptsReadOn.holds()) &&",
    ),
    (
        "room/room.rs",
        "live.idle_since.is_some_and(",
        "(!crate::Rule::DropIdleOnly.holds() && live.idle_since.is_none()) || live.idle_since.is_some_and(",
    ),
    // rights
    (
        "room/shard.rs",
        "            if found.losses > share.losses {",
        "            if crate::Rule::LossBeforeWrite.holds() && found.losses > share.losses {",
    ),
    (
        "room/shard.rs",
        "            if found.losses > losses {",
        "            if crate::Rule::LossEndsRead.holds() && found.losses > losses {",
    ),
    ("room/shard.rs", "        if is_lost {", "        if crate::Rule::LossAtJoin.holds() && is_lost {"),
    (
        "room/subscription.rs",
        "            if room.is_lost(",
        "            if crate::Rule::LossBeforeCatchUp.holds() && room.is_lost(",
    ),
    (
        "room/room.rs",
        "        live.losses.note(head, Loss::Everybody); // one",
        "        if crate::Rule::LossInJump.holds() { live.losses.note(head, Loss::Everybody); } // one",
    ),
    (
        "room/room.rs",
        "            live.losses.note(head, Loss::Everybody);\n",
        "            if crate::Rule::LossBeforeOpening.holds() { live.losses.note(head, Loss::Everybody); }\n",
    ),
    // sidebars
    (
        "room/listener.rs",
        "    if listening.tick == tick {\n",
        "    if listening.tick == tick || !crate::Rule::WantMissed.holds() {\n",
    ),
    (
        "room/listener.rs",
        "            if is_lost || !gets_all {",
        "            if is_lost || crate::Rule::ListenAgain.holds() && !gets_all {",
    ),
    (
        "room/listener.rs",
        "Some(Reading { listener: self, wanted, is_done: false })",
        "Some(Reading { listener: self, wanted, is_done: !crate::Rule::StaysWanted.holds() })",
    ),
    (
        "room/listener.rs",
        "            room.open(head.unwrap_or(0), true);",
        "            if crate::Rule::ReadOpened.holds() { room.open(head.unwrap_or(0), true); }",
    ),
];
