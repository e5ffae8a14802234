//! The contract of the store, which both adapters fulfil, and what only MongoDB does.
#![allow(clippy::unwrap_used)] // all of this is tests; clippy.toml knows only functions marked as such

mod account_removals;
mod administration;
mod avatars;
mod copies;
mod deletions;
mod edits;
mod event_order;
mod events;
mod everyone;
mod fail_point;
mod fold;
mod kept_lists;
mod log;
mod marks;
mod members;
mod memberships;
mod mention_lists;
mod mentions;
mod mongo;
mod mongo_avatars;
mod mongo_costs;
mod mongo_everyone;
mod mongo_mentions;
mod mongo_migrations;
mod mongo_objects;
mod mongo_processes;
mod mongo_removals;
mod mongo_rooms;
mod mongo_underived;
mod networks;
mod objects;
mod older_data;
mod older_mongo;
mod older_sqlite;
mod paging;
mod password_hashes;
mod people;
mod presence;
mod random_commands;
mod reactions;
mod replies;
mod room_deletions;
mod room_lists;
mod rooms;
mod saved;
mod sessions;
mod settings;
mod size_limits;
mod sqlite;
mod sqlite_chunks;
mod subscriber;
mod support;
mod tables;
mod threads;
mod typing;
mod unread;
mod uploads;
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
    administration:
        a_disabled_account_has_no_valid_token
        an_admin_who_can_log_in_is_kept
        a_logout_by_an_admin_voids_all_tokens
        a_login_link_works_once
        a_new_account_is_listed_if_an_admin_creates_it
        a_disabled_user_writes_nothing
        the_audit_list_has_the_latest_first
        entries_of_the_audit_list_expire
        disabled_people_are_found_by_admins_only;
    tables:
        the_table_of_users_counts_what_its_reader_may_read
        the_table_of_users_sorts_and_pages_by_activity
        the_table_of_rooms_has_open_rooms_only;
    password_hashes:
        the_highest_hash_cost_is_found_in_every_bcrypt_version
        a_hash_is_replaced_only_if_it_is_unchanged;
    objects:
        an_object_has_the_bytes_that_were_written
        an_interrupted_object_goes_on_from_any_offset
        an_object_has_no_gap_and_no_missing_end
        a_removed_object_is_gone;
    uploads:
        an_upload_is_its_owners_until_a_message_has_it
        a_message_has_a_text_or_files
        a_repeat_of_a_post_with_files_returns_the_stored_message
        one_of_many_concurrent_posts_gets_the_file
        a_file_is_read_with_the_right_to_its_room
        objects_are_removed_once_nothing_has_them
        an_expired_upload_is_gone
        the_files_of_a_removed_account_follow_its_messages
        objects_that_an_interruption_left_are_found
        the_files_of_a_room_are_listed_from_the_latest
        quotas_count_all_that_is_stored
        an_upload_that_is_opened_again_refuses_the_attempt_before
        a_disabled_account_uploads_nothing;
    avatars:
        an_avatar_belongs_to_its_account
        an_avatar_that_is_being_made_survives_a_sweep
        only_a_present_upload_of_the_user_becomes_an_avatar
        an_avatar_is_seen_wherever_the_name_is;
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
        changes_come_in_order_of_rev
        kept_messages_lose_their_author
        deleted_messages_are_changes
        concurrent_posts_and_deletions_leave_no_gap
        an_unknown_room_is_refused
        reopening_keeps_all_data
        texts_are_counted;
    edits:
        an_edit_replaces_the_text
        a_stale_edit_is_refused_with_the_present_message
        an_edit_to_the_same_text_is_a_repeat
        a_reaction_makes_no_edit_stale
        nobody_edits_what_others_wrote;
    deletions:
        a_deletion_keeps_only_the_place
        authors_and_admins_delete;
    reactions:
        reactions_keep_the_order_in_which_they_were_given
        a_repeated_reaction_takes_no_rev
        a_message_has_at_most_twenty_emoji
        concurrent_reactions_are_all_kept
        a_pin_is_set_once
        changes_of_messages_are_announced
        a_reaction_is_announced_with_who_gave_it
        an_account_that_is_deleted_changes_nothing;
    replies:
        a_reply_counts_at_the_root_under_the_same_rev
        a_deleted_reply_does_not_count
        a_chunk_never_splits_a_change;
    threads:
        a_thread_has_its_replies_in_order
        a_thread_leaves_out_deleted_replies
        pages_of_a_large_thread_contain_each_reply_once
        the_last_pinned_message_is_first
        a_room_has_at_most_fifty_pinned_messages;
    mentions:
        only_members_are_mentioned
        an_edit_mentions_anew_and_a_deletion_ends_it
        old_messages_do_not_mention_who_gets_a_user_id_again
        unread_mentions_are_counted_after_the_mark
        a_refused_edit_changes_no_mentions;
    mention_lists:
        mentions_are_listed_by_time_across_rooms
        a_list_of_mentions_has_only_rooms_of_the_user
        all_members_are_those_who_had_joined
        pages_of_large_mentions_contain_each_once;
    saved:
        a_message_is_saved_once
        saved_messages_are_listed_by_time_across_rooms
        a_list_of_saved_messages_has_only_what_may_be_read
        only_texts_are_saved
        who_may_not_read_a_room_saves_nothing
        pages_of_large_saved_messages_contain_each_once;
    rooms:
        the_lobby_is_open_to_everybody
        a_new_room_has_its_first_members
        only_members_see_a_closed_or_direct_room
        a_direct_room_is_unique_by_its_members
        each_room_has_its_own_numbers
        the_heads_of_many_rooms_are_read_together
        a_client_id_of_another_room_is_an_error
        a_first_post_in_an_open_room_joins
        an_archived_room_can_be_read_and_left;
    memberships:
        a_member_is_added_by_an_owner
        who_was_removed_writes_no_more
        a_removal_races_posts
        the_first_member_inherits_a_room
        opening_and_closing_change_who_may_see;
    marks:
        texts_of_others_after_the_mark_are_unread
        a_mark_moves_forward_by_reading_only
        ones_own_post_moves_a_mark_right_before_it
        a_membership_begins_read_up_to_its_own_number
        a_tab_of_an_earlier_membership_undoes_nothing
        a_member_sets_level_and_star
        who_is_no_member_has_no_settings
        everything_is_read_at_once
        the_rooms_of_a_user_are_listed_by_id
        changes_of_a_membership_are_announced;
    unread:
        unread_is_what_a_count_of_the_log_finds
        unread_is_exact_after_concurrent_changes;
    everyone:
        a_new_account_is_in_the_lobby_read_up_to_its_end
        a_room_gets_every_account
        a_deleted_owner_passes_a_room_of_everyone_on
        a_deleted_account_leaves_rooms_of_everyone_silently;
    room_lists:
        names_of_open_rooms_are_unique
        one_of_many_concurrent_rooms_gets_the_name
        open_rooms_are_found_by_name
        a_direct_room_is_found_by_its_members
        concurrent_first_posts_make_one_direct_room
        members_are_paged_in_order_of_their_keys
        the_readable_rooms_are_those_that_one_may_enter;
    kept_lists:
        a_list_follows_every_change;
    room_deletions:
        a_deleted_room_does_not_exist
        the_memberships_of_a_deleted_room_are_announced
        an_operator_deletes_any_room_but_the_lobby
        what_is_left_of_a_deleted_room_is_removed_after_a_restart;
    people:
        people_are_found_by_their_keys_while_they_have_an_account
        a_user_says_something_about_themselves
        a_bot_is_no_admin
        last_seen_is_shown_unless_a_user_hides_it
        a_search_of_names_finds_no_addresses
        members_are_found_by_the_beginnings_of_their_names_first
        members_of_a_large_room_are_found_by_their_names
        a_notice_has_the_present_name_of_its_subject;
    settings:
        settings_are_changed_one_by_one
        two_settings_are_changed_at_the_same_time
        the_default_leaves_nothing_in_the_store
        an_unknown_value_is_read_as_the_default;
    paging:
        pages_go_backwards
        pages_go_forwards
        pages_go_around_a_message
        pages_leave_out_deleted_messages;
    account_removals:
        the_messages_of_an_account_are_deleted_in_all_rooms
        kept_messages_stay_in_all_rooms
        a_deleted_account_leaves_its_rooms
        direct_rooms_stay_for_the_others
        reactions_and_mentions_of_a_deleted_account_are_taken_back
        they_are_taken_back_if_messages_are_deleted_too
        what_a_deleted_account_has_saved_is_removed;
    random_commands:
        the_state_is_the_fold_of_the_acknowledged_commands;
    copies:
        a_copy_has_all_rows_and_continues
        who_lacks_a_membership_of_everyone_gets_it;
    size_limits:
        pages_of_large_messages_contain_each_once
        changes_of_large_messages_contain_each_once
        latest_messages_of_many_authors_share_one_size_limit;
    sessions:
        a_session_is_kept_until_it_is_deleted
        an_existing_session_id_is_refused
        the_sessions_of_a_user_are_found
        a_deleted_account_has_no_sessions
        a_deleted_session_is_not_saved_again
        expired_sessions_and_revocations_are_removed
        a_grant_is_valid_until_it_is_revoked
        the_void_ones_of_many_grants_are_found
        only_mongodb_shares_a_secret;
    events:
        there_is_one_event_stream
        posts_are_announced_once_they_are_durable
        account_changes_are_announced;
    event_order:
        changes_are_announced_in_order;
    presence:
        only_mongodb_has_shared_presence;
}
