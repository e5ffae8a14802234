//! The rules of the protocol, each of which a mutant skips.

/// Declares the rules and the list of all of them.
macro_rules! rules {
    ($($(#[$comment:meta])* $name:ident,)*) => {
        /// A rule. The comments name the paragraph of README.md.
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
    /// R1: a number is taken only above a head that is permanent.
    HeadIsPermanent,
    /// R2: the newest document is derived before the next one is committed.
    SettleBeforeNext,
    /// R2: a document is settled when all documents that it changes are derived.
    SettleAllTouched,
    /// R3: after a collision the state is read again.
    ReadStateAgain,
    /// R4: the document is inserted before its effect is derived.
    InsertBeforeDerive,
    /// R4: a derivation changes only documents that are older.
    DeriveIfOlder,
    /// R4: a change checks the floor.
    Fence,
    /// R4: it checks the floor after the insert, not before.
    FenceAfterInsert,
    /// R5: (author, client id) is unique.
    ClientIdsAreUnique,
    /// R5: a client id that is stored in another room is an error.
    ClientIdsKnowTheirRoom,
    /// R5: a stored post is returned, whatever its author may do now.
    LookUpBeforeRefusing,
    /// R5: it is looked up after the rights were read.
    LookUpAfterRights,
    /// R6: an unknown outcome is not a failure.
    UnknownIsNotFailure,
    /// R6: an unknown outcome is not a success.
    UnknownIsNotSuccess,
    /// R6: after an unknown outcome or a collision a process looks for its own change under the number that it tried.
    LookForOwnChange,
    /// R6: an own change at or below the floor is not taken for committed.
    DistrustStrays,
    /// R6: if the number that was tried is at or below the floor, the command is not applied again.
    TrimmedIsUnknown,
    /// R7: a read settles the newest document first.
    ReadsSettle,
    /// R7: the head of an answer is read before its messages.
    HeadBeforeMessages,
    /// R7: a reader's head is confirmed by a majority.
    ConfirmHead,
    /// All reads are majority reads.
    MajorityReads,
    /// No read of a process goes back behind what the process has learnt.
    CausalReads,
    /// R8: the floor is raised before changes are removed.
    FloorBeforeRemoval,
    /// R8: the floor has its majority before changes are removed.
    FloorIsPermanent,
    /// R8: the floor only rises.
    FloorOnlyRises,
    /// R8: the floor stays below the newest post.
    FloorBelowNewestPost,
    /// R9: after a collision the rights are read again.
    ReadRightsAgain,
    /// R10: an edit or a delete removes the text from the edit before it.
    Scrub,
    /// R10: it does so before it is derived.
    ScrubBeforeDerive,
    /// R11: a stream that has lost its place reads the log from its own position.
    ReadAfterLostPlace,
    /// R11: and forgets the heads.
    ForgetHeadsAfterLostPlace,
    /// R12: the author's account is checked again after the insert.
    CheckAccountAgain,
    /// R12: the removal of an account searches again when no earlier post can be on its way.
    SearchAgain,
}

/// The rules that a checked system follows: all, or all but one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    pub skipped: Option<Rule>,
}

impl Rules {
    pub fn hold(self, rule: Rule) -> bool {
        self.skipped != Some(rule)
    }
}
