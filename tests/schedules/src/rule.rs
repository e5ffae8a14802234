//! The rules of the live part, each of which a mutant skips.

use std::cell::Cell;

thread_local! {
    static SKIPPED: Cell<Option<Rule>> = const { Cell::new(None) };
}

/// Declares the rules and the list of all of them.
macro_rules! rules {
    ($($(#[$comment:meta])* $name:ident,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Rule {
            $($(#[$comment])* $name,)*
        }

        impl Rule {
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

rules! {
    /// A shard sets its bit in a room before it reads the room.
    BitBeforeRead,
    /// A shard clears its note of news before it reads the room.
    NotifiedBeforeRead,
    /// A shard takes what is queued when a subscriber joins.
    QueueAtJoin,
    /// The writing is handed over before the shard learns of the subscriber.
    HandOverBeforeJoin,
    /// What the library queues is reported to the shard.
    RequestFlush,
    /// The writing is taken back before the subscriber's task is woken.
    TakeBackBeforeWake,
    /// The position is given back before the subscriber's task is woken.
    PositionBeforeWake,
    /// The rest of a frame that was sent in part is kept.
    KeepRest,
    /// A frame that was sent in part moves the position.
    PartIsSent,
    /// The rest of a frame is sent before what is queued.
    RestFirst,
    /// The end of a subscription waits until the shard has given the writing back.
    WaitForLeave,
    /// A subscriber that joins gets the signals that it has missed.
    MissedAtJoin,
    /// Signals that cannot be sent now are sent later.
    KeepUnsent,
    /// What was read from the store before a ring was cleared is read again.
    ReadAgainAfterClear,
    /// A ring empties the fragment that a later change replaces.
    Supersede,
    /// Entries put before a ring's beginning do not replace later ones.
    PrependOlderOnly,
    /// Entries are put before a ring's beginning only where they were read for.
    PrependAtBase,
    /// An event is pushed only if it is the next change of its room.
    PushNextOnly,
    /// Who reacted stays in a ring although a later change replaces the message's fragment.
    KeepReacted,
    /// A ring notes up to which change it does not know who reacted.
    UnknownReactions,
    /// A live subscriber that would be sent such a change catches up instead.
    UnknownReactionsEndLive,
    /// A page that catches up is sent its own reactions first, if it may have missed some.
    OwnReactions,
    /// A subscription starts to fill a gap that was given up or that nobody has seen.
    SubscriptionStartsFill,
    /// A gap is filled up to all that is known to be committed.
    FillToTarget,
    /// A script reads on however much it has missed.
    ScriptsReadOn,
    /// Only a room that nobody follows is dropped.
    DropIdleOnly,
    /// A shard gives back who may have lost the right to read before it writes what came after the loss.
    LossBeforeWrite,
    /// A subscriber that reads on by itself stops at a loss.
    LossEndsRead,
    /// A subscriber that has lost the right does not become live.
    LossAtJoin,
    /// A subscriber that catches up has its right verified before it is sent what came after a loss.
    LossBeforeCatchUp,
    /// Changes that were skipped may have been losses.
    LossInJump,
    /// Changes before a room was opened may have been losses.
    LossBeforeOpening,
    /// A socket whose writing the fan-out gets asks for the numbers of rooms whose news it may have missed.
    WantMissed,
    /// A room that is listened to in the middle of a part is read again.
    ListenAgain,
    /// What was not sent to a sidebar stays wanted.
    StaysWanted,
    /// What was committed before a room was opened for a sidebar is read.
    ReadOpened,
}

impl Rule {
    /// Whether the schedules of this thread follow the rule.
    pub fn holds(self) -> bool {
        SKIPPED.get() != Some(self)
    }

    /// Skips a rule in the schedules of this thread.
    pub(crate) fn skip(rule: Option<Self>) {
        SKIPPED.set(rule);
    }
}
