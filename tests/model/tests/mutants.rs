//! Every rule is needed: without it, a property is violated.

use natter_model::{
    Rule,
    check::finds_counterexample,
    scenarios::{changes, posts, reads, rights, trimming},
};

/// Declares a test for each rule: the scenario that needs it, and what is violated without it.
macro_rules! mutants {
    ($($test:ident: $rule:ident, $module:ident::$scenario:ident, $property:literal;)*) => {
        $(#[test]
        fn $test() {
            finds_counterexample($module::$scenario(), Rule::$rule, $property);
        })*

        #[test]
        fn every_rule_has_a_mutant() {
            let mut rules = vec![$(Rule::$rule),*];
            rules.dedup();
            assert_eq!(Rule::ALL, rules);
        }
    };
}

mutants! {
    head_is_permanent: HeadIsPermanent, posts::step_down, "no gap";
    settle_before_next: SettleBeforeNext, changes::step_down, "derived state is the fold of the log";
    settle_all_touched: SettleAllTouched, changes::deleted_reply, "derived state is the fold of the log";
    read_state_again: ReadStateAgain, changes::step_downs, "derived state is the fold of the log";
    insert_before_derive: InsertBeforeDerive, posts::step_down, "derived state is the fold of the log";
    derive_if_older: DeriveIfOlder, changes::step_downs, "derived state is the fold of the log";
    fence: Fence, trimming::late_change, "acknowledged is there for good";
    fence_after_insert: FenceAfterInsert, trimming::late_change, "acknowledged is there for good";
    client_ids_are_unique: ClientIdsAreUnique, posts::three_natters, "no double";
    client_ids_know_their_room: ClientIdsKnowTheirRoom, posts::two_rooms, "acknowledged is there for good";
    look_up_before_refusing: LookUpBeforeRefusing, rights::removal, "refused is not there";
    look_up_own_deletion: LookUpBeforeRefusing, rights::deletion, "refused is not there";
    look_up_after_rights: LookUpAfterRights, rights::removal, "refused is not there";
    unknown_is_not_failure: UnknownIsNotFailure, posts::step_down, "refused is not there";
    unknown_is_not_success: UnknownIsNotSuccess, posts::step_down, "acknowledged is there for good";
    look_for_own_change: LookForOwnChange, changes::unknown_pin, "no double";
    look_for_own_edit: LookForOwnChange, changes::unknown_edit, "refused is not there";
    distrust_strays: DistrustStrays, trimming::late_change, "acknowledged is there for good";
    trimmed_is_unknown: TrimmedIsUnknown, trimming::unknown_pin, "no double";
    reads_settle: ReadsSettle, reads::crash, "readers see all up to their cursor";
    head_before_messages: HeadBeforeMessages, reads::crash, "readers see all up to their cursor";
    confirm_head: ConfirmHead, reads::lagging_rights, "acknowledged is in every later read";
    majority_reads: MajorityReads, posts::step_down, "acknowledged is there for good";
    causal_reads: CausalReads, reads::lagging_changes, "derived state is the fold of the log";
    causal_rights: CausalReads, reads::lagging_rights, "nothing is committed without the right";
    floor_before_removal: FloorBeforeRemoval, trimming::late_change, "no gap";
    floor_is_permanent: FloorIsPermanent, trimming::step_down, "removed changes are below the floor";
    floor_only_rises: FloorOnlyRises, trimming::step_down, "removed changes are below the floor";
    floor_below_newest_post: FloorBelowNewestPost, trimming::late_change, "no gap";
    read_rights_again: ReadRightsAgain, rights::removal, "nothing is committed without the right";
    read_rights_of_deleted_room: ReadRightsAgain, rights::deletion, "nothing is committed without the right";
    scrub: Scrub, changes::replaced_texts, "replaced texts are gone";
    scrub_before_derive: ScrubBeforeDerive, changes::replaced_texts, "replaced texts are gone";
    read_after_lost_place: ReadAfterLostPlace, reads::lost_place, "readers reach the head";
    forget_heads_after_lost_place: ForgetHeadsAfterLostPlace, trimming::stray, "derived state is the fold of the log";
    check_account_again: CheckAccountAgain, rights::account, "deleted accounts have no texts";
    search_again: SearchAgain, rights::account_and_faults, "deleted accounts have no texts";
}
