//! Every rule is needed: without it, a schedule fails.

use natter_schedules::{
    Rule,
    check::is_caught,
    profile::{CONNECTIONS, GAPS, NAMES, RIGHTS, ROOMS, SHORT, SIDEBARS},
};

/// Declares a test for each rule: the kind of schedules that need it.
macro_rules! mutants {
    ($($test:ident: $rule:ident, $profile:ident;)*) => {
        $(#[test]
        fn $test() {
            is_caught(Rule::$rule, &$profile);
        })*

        #[test]
        fn every_rule_has_a_mutant() {
            assert_eq!(Rule::ALL, [$(Rule::$rule),*]);
        }
    };
}

mutants! {
    bit_before_read: BitBeforeRead, SHORT;
    notified_before_read: NotifiedBeforeRead, CONNECTIONS;
    queue_at_join: QueueAtJoin, CONNECTIONS;
    hand_over_before_join: HandOverBeforeJoin, CONNECTIONS;
    request_flush: RequestFlush, CONNECTIONS;
    take_back_before_wake: TakeBackBeforeWake, CONNECTIONS;
    position_before_wake: PositionBeforeWake, CONNECTIONS;
    keep_rest: KeepRest, CONNECTIONS;
    part_is_sent: PartIsSent, CONNECTIONS;
    rest_first: RestFirst, CONNECTIONS;
    wait_for_leave: WaitForLeave, ROOMS;
    missed_at_join: MissedAtJoin, NAMES;
    keep_unsent: KeepUnsent, NAMES;
    read_again_after_clear: ReadAgainAfterClear, NAMES;
    supersede: Supersede, CONNECTIONS;
    prepend_older_only: PrependOlderOnly, GAPS;
    prepend_at_base: PrependAtBase, GAPS;
    push_next_only: PushNextOnly, GAPS;
    keep_reacted: KeepReacted, CONNECTIONS;
    unknown_reactions: UnknownReactions, GAPS;
    unknown_reactions_end_live: UnknownReactionsEndLive, GAPS;
    own_reactions: OwnReactions, ROOMS;
    subscription_starts_fill: SubscriptionStartsFill, ROOMS;
    fill_to_target: FillToTarget, GAPS;
    scripts_read_on: ScriptsReadOn, GAPS;
    drop_idle_only: DropIdleOnly, ROOMS;
    loss_before_write: LossBeforeWrite, RIGHTS;
    loss_ends_read: LossEndsRead, RIGHTS;
    loss_at_join: LossAtJoin, RIGHTS;
    loss_before_catch_up: LossBeforeCatchUp, RIGHTS;
    loss_in_jump: LossInJump, RIGHTS;
    loss_before_opening: LossBeforeOpening, RIGHTS;
    want_missed: WantMissed, SIDEBARS;
    listen_again: ListenAgain, SIDEBARS;
    stays_wanted: StaysWanted, SIDEBARS;
    read_opened: ReadOpened, SIDEBARS;
}
