//! The contract of the store's port, held by both adapters, and what is MongoDB's alone.
#![allow(clippy::unwrap_used)] // all of this is tests; clippy.toml knows only functions marked as such

mod account_removals;
mod events;
mod log;
mod mongo;
mod networks;
mod presence;
mod sessions;
mod size_limits;
mod subscriber;
mod support;
mod users;

/// Runs each function on both adapters.
macro_rules! contract {
    ($($module:ident: $($test:ident)*;)*) => {
        mod embedded {
            $($(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    crate::$module::$test(&crate::support::TestDatabase::embedded()).await;
                }
            )*)*
        }
        mod mongodb {
            $($(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    crate::$module::$test(&crate::support::TestDatabase::mongodb().await).await;
                }
            )*)*
        }
    };
}

contract! {
    users:
        the_first_user_is_an_admin
        of_many_first_users_one_is_an_admin
        user_ids_and_emails_are_taken_without_regard_to_case
        of_many_at_once_one_gets_the_user_id
        an_edit_changes_what_it_names
        a_new_password_raises_the_version
        there_is_always_an_admin
        two_admins_cannot_remove_each_other_at_once
        a_deleted_user_is_gone
        users_are_listed_in_order
        a_search_takes_its_text_literally
        a_search_sorts_and_pages
        a_search_folds_every_letter
        the_dearest_hash_is_found_whatever_its_version
        a_hash_is_replaced_where_it_is_still_the_same;
    networks:
        a_network_is_kept_with_the_time_it_was_noted_last
        the_newest_networks_of_a_user_are_kept
        networks_are_forgotten_in_time_and_with_their_user;
    log:
        numbers_count_from_one
        many_posters_leave_no_gap
        a_repeat_answers_with_the_message_that_is_there
        repeats_at_once_post_one_message
        a_deleted_author_cannot_post
        pages_go_back_from_the_latest
        changes_come_in_order_of_rev
        kept_messages_lose_their_author
        deleted_messages_are_changes
        posts_and_deletions_at_once_leave_no_gap
        an_unknown_room_is_refused
        everything_is_there_after_reopening;
    size_limits:
        pages_of_large_messages_lead_through_all_of_them_once
        changes_of_large_messages_lead_through_all_of_them_once
        the_latest_of_many_share_one_answer;
    sessions:
        a_session_is_kept_until_it_is_deleted
        a_taken_session_id_is_refused
        an_ended_session_stays_ended
        what_has_expired_is_forgotten
        a_grant_holds_until_it_is_void
        the_embedded_database_alone_shares_no_secret;
    events:
        there_is_one_stream
        posts_are_told_once_they_are_durable
        changes_are_told_in_order
        account_changes_are_told;
    presence:
        the_embedded_database_belongs_to_one_process;
}
