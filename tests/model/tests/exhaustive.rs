//! Every scenario, exhaustively.

/// Declares a test for each scenario.
macro_rules! scenarios {
    ($($module:ident: $($name:ident)*;)*) => {
        $(mod $module {
            $(#[test]
            fn $name() {
                let name = concat!(stringify!($module), "::", stringify!($name));
                natter_model::check::exhaustively(name, natter_model::scenarios::$module::$name());
            })*
        })*
    };
}

scenarios! {
    posts: three_natters step_down batch two_rooms;
    changes: step_down step_downs batch three_natters unknown_pin unknown_edit deleted_reply replaced_texts;
    trimming: late_change late_post unknown_pin step_down stray lagging late_change_and_step_down;
    rights: removal removal_and_return deletion account account_and_faults;
    reads: crash lost_place lagging_rights lagging_changes;
}
