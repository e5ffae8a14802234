//! The contract of the store, which both adapters fulfil, and what only MongoDB does.
#![allow(clippy::unwrap_used)] // all of this is tests; clippy.toml knows only functions marked as such

mod account_removals;
mod events;
mod log;
mod mongo;
mod mongo_processes;
mod networks;
mod password_hashes;
mod presence;
mod sessions;
mod size_limits;
mod subscriber;
mod support;
mod user_search;
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
        one_of_many_concurrent_first_users_is_an_admin
        user_ids_and_emails_are_unique_regardless_of_case
        one_of_many_concurrent_sign_ups_gets_the_user_id
        an_update_changes_the_given_fields_only
        a_new_password_raises_the_version
        the_last_admin_is_kept
        two_admins_cannot_remove_each_other_concurrently
        a_deleted_user_does_not_exist
        users_are_listed_by_folded_user_id;
    user_search:
        a_search_matches_its_text_literally
        a_search_sorts_and_pages
        a_search_ignores_the_case_of_every_letter;
    password_hashes:
        the_highest_hash_cost_is_found_in_every_bcrypt_version
        a_hash_is_replaced_only_if_it_is_unchanged;
    networks:
        a_network_is_recorded_with_its_latest_time
        the_newest_networks_of_a_user_are_kept
        networks_expire_and_are_deleted_with_their_user;
    log:
        seq_and_rev_start_at_one
        concurrent_posts_leave_no_gap
        a_repeat_returns_the_stored_message
        concurrent_repeats_post_one_message
        a_deleted_author_cannot_post
        pages_go_backwards_from_the_latest_message
        changes_come_in_order_of_rev
        kept_messages_lose_their_author
        deleted_messages_are_changes
        concurrent_posts_and_deletions_leave_no_gap
        an_unknown_room_is_refused
        reopening_keeps_all_data;
    size_limits:
        pages_of_large_messages_contain_each_once
        changes_of_large_messages_contain_each_once
        latest_messages_of_many_authors_share_one_size_limit;
    sessions:
        a_session_is_kept_until_it_is_deleted
        an_existing_session_id_is_refused
        a_deleted_session_is_not_saved_again
        expired_sessions_and_revocations_are_removed
        a_grant_is_valid_until_it_is_revoked
        only_mongodb_shares_a_secret;
    events:
        there_is_one_event_stream
        posts_are_announced_once_they_are_durable
        changes_are_announced_in_order
        account_changes_are_announced;
    presence:
        only_mongodb_has_shared_presence;
}
