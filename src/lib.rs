//! natter: self-hosted team chat.
//!
//! # Layers
//! A layer uses the ones below it, never one above; features never use each other; files have no circles
//! (`tests/layers`).
//!
//! | module | what |
//! |---|---|
//! | `main`, [`cli`] | the command line: the server, `natter user`, `room`, `copy`, `backup`, `restore`, `doctor`, `import` |
//! | [`app`] | settings, roles, listeners, middleware, the API's description, start and stop |
//! | [`features`] | auth, users, admin, chat, rooms, people: handlers and pages |
//! | [`web`] | the HTTP kit: extractors, errors, assets, what all pages have |
//! | [`room`] | the live part: rings, fan-out, subscriptions, sidebars, presence |
//! | [`render`] | fragments of the log, and the texts of every language |
//! | [`security`] | accounts, passwords, tokens, sessions, rate limits |
//! | [`net`] | the accept loop, connections, WebSocket frames, client addresses |
//! | [`search`] | the index of all messages: one more reader of the logs |
//! | [`store`] | the traits of a database, and private adapters for SQLite and MongoDB |
//! | [`media`] | pictures: without metadata, as thumbnails, as avatars; no I/O |
//! | [`domain`] | users, messages, ids and their rules; no I/O |
//!
//! # Glossary
//! | term | meaning |
//! |---|---|
//! | room | one durable, gap-free log of changes, and its members. Everybody is in the lobby |
//! | direct room | the conversation of a set of 1–10 users, which never changes |
//! | everyone | the switch of a room that makes every account a member; the lobby has it |
//! | message | a text with its author, or a notice; [`domain::Message`] is its latest state |
//! | notice | a message that reports a change of the room or of its members; or, outside the log, who entered or left |
//! | command | what a user wants to change in a room |
//! | change | what a command did: to a message and perhaps its thread's root, or to the room or its members |
//! | `seq` | a message's position in its room, given when it is posted; the cursor of paging |
//! | `rev` | the number of a change in its room; the cursor of catching up |
//! | `text_rev` | the number of the latest change of a message's text; an edit names the one that it is based on |
//! | thread | the replies to a message, its root, and the replies to them |
//! | access | proof that a user may read or write a room |
//! | loss | a change by which users lose the right to read a room; nothing later is sent to them |
//! | slash command | what one types into the message box of a page instead of a message, such as `/topic` |
//! | mention | whom a text addresses by `@userID`, or all members by `@room` and `@here`; decided when it is stored |
//! | own reactions | the reactions that a page's user gave: a fragment has only the numbers |
//! | saved message | a message that a user keeps in a list of their own |
//! | client id | the id that a client gives to a message, which makes repeats recognizable |
//! | fragment | the HTML of a message, a notice or the roster |
//! | tag | a user's key in fragments, by which a page marks what concerns its viewer |
//! | signal | a frame outside the log: who entered or left, the roster, who types, a new name |
//! | frame | a WebSocket frame: one or more fragments, or JSON |
//! | ring | the last rendered changes of a room, in memory, while sockets follow it |
//! | cursor | a reader's position in the log: a `rev` |
//! | fan-out | the tasks that write each new frame to all sockets of a room; each of them is a shard |
//! | level | what a room notifies a member of: everything, mentions, nothing; a hidden room is not in the member's list |
//! | read mark | how far a member has read a room, with a version that "mark unread" raises |
//! | subscriber | a socket as the fan-out sees it; it is live while a shard owns its writing |
//! | subscription | a socket's reading of one room; it can move to another |
//! | gap | numbers missing between two events of the store; they are read from the log, or skipped if they are too many |
//! | catch-up | a socket that lags reads changes from the ring or the store until it is live again |
//! | backfill | changes are read from the store into a ring, for several sockets that lag |
//! | sidebar | the list of a user's rooms beside a page, with what is unread in each |
//! | news | what happened in a room since the last write to the sidebars; the same for all members |
//! | roster | the users online, as the lobby shows them |
//! | presence | whether a user is online (has an open socket, at any process), idle or offline |
//! | lease | the time for which a process's presence is valid without renewal |
//! | token | a JWT, valid for an hour |
//! | grant | what a token or a session proves: a user, the account's version, a token id, an expiry |
//! | session | a grant in a browser's cookie |
//! | login link | a link with which a user logs in once without a password; an admin makes it |
//! | audit list | what admins did, and the use of login links; an entry is written with the act |
//! | role | a server that a process runs (users, auth, chat); a user's rights (member, admin, bot); a member's (member, owner) |
//!
//! # Write path
//! A socket ([`features::chat`]), the form or the API → a page's slash commands ([`web::typed`]) → the types of [`domain`]
//! check the input → the user's rate limit →
//! [`store::Log::change`], which applies the command by [`domain::rules`], commits the change under the room's next number
//! and only then returns → the acknowledgement. The commit is also a [`store::Event`] at every process → [`room::hub`]
//! renders it once, the same for everybody, and pushes it to the room's ring, if anybody follows the room → the fan-out
//! writes the frame to every live socket; a socket that lags reads it itself ([`room::subscription`]) → the page's script
//! marks what concerns its viewer and puts the fragment into its place.
//!
//! # Read path
//! A page reads the latest messages by `seq` and notes the room's `rev`. Its socket continues after that `rev`, from the
//! ring or the store. A script does the same with `GET /api/messages?after=`. Scrolling back reads by `seq`. Every handler
//! that reads or writes a room has a [`store::Access`], from [`web::InRoom`] or from the store.
//!
//! # Three servers
//! The users, auth and chat servers are three routers. [`app::roles`] says which of them a process runs and on which
//! addresses; pages link to them by [`web::Sites`]. A browser moves from one to another with a token
//! ([`web::token_login`]).
//!
//! # Where do I add
//! - **a page**: a handler and its `#[derive(Template)]` struct with a [`web::Shell`] in `features/X`, a template of the
//!   same name in `templates/X`, its route in `features/X/mod.rs`, its texts in `render/words`.
//! - **an API call**: a handler with `#[utoipa::path]` in `features/X/api.rs`, its route by `routes!`; then accept the new
//!   snapshot of `tests/server/openapi.rs` and add a request for each status there. A route that names a room calls it
//!   `{room}`; any other is classified in `tests/server/rights/requests.rs`.
//! - **a store method**: the trait in `store/X.rs`, both adapters (`store/sqlite/X.rs`, `store/mongo/X.rs`), and a test in
//!   `tests/store`, which runs on both.
//! - **a kind of change**: a [`domain::Action`], its rule in [`domain::rules`], the state in [`domain::Message`], the fragment
//!   in [`render::message()`]; stores, hub, ring and fan-out need no change unless the state has new fields.
//! - **a setting of the operator**: a field of [`app::Config`], the README's table; if handlers read it, [`web::state::Settings`].
//! - **a setting of users**: a field of [`domain::Settings`] and of its changes, `store/mongo/settings.rs`, the form and
//!   the API (`features/users/settings.rs`). Pages read it from [`web::Shell::settings`].
//! - **a script or a style sheet**: a file in `static/chat` or `static/style`, and its name in `build.rs`, which makes one
//!   file of each kind. `server` `pages::budgets` fails if they grow too large.
//! - **a word**: a key in every file of `render/words`; `render/words/check.rs` fails until all have it.
//!
//! # Invariants
//! The model of MongoDB's protocol (`tests/model`) and the random schedules of the live part (`tests/schedules`) hold
//! theirs.
//!
//! | what always holds | the test that holds it |
//! |---|---|
//! | an acknowledged change is on disk | `server` `binary::crash::no_acknowledged_message_is_lost_and_none_is_doubled` |
//! | no failover loses one | `faults` `killed::nothing_is_lost_if_the_primary_of_three_is_killed` |
//! | a repeated send posts once | `store` `log::concurrent_repeats_post_one_message` |
//! | a backup under load has a prefix of each log, and all that follows from it | `transfer` `under_load::a_backup_under_load_has_a_prefix_of_each_log_on_mongodb` |
//! | the log has no gaps, with any number of writers | `store` `mongo_processes::four_processes_post_ten_thousand_messages_without_a_gap` |
//! | no handler reads or writes a room without rights | `layers` `main::a_handler_that_can_read_without_rights_is_reported` |
//! | a closed or direct room does not exist for others, on any route | `server` `rights::requests::every_route_of_a_room_answers_404_to_everybody_else` |
//! | and in any frame | `server` `rights::frames::every_frame_about_a_room_is_refused_for_everybody_else` |
//! | who lost a room does not see it, even if a process died half-way | `store` `mongo_underived::a_lost_membership_that_is_not_derived_is_lost` |
//! | nobody is added to a room that is no longer everyone's | `store` `mongo_everyone::a_late_batch_adds_nobody_to_a_room_that_is_closed_by_now` |
//! | both stores change by the same rules | `store` `random_commands::the_state_is_the_fold_of_the_acknowledged_commands` |
//! | every reader sees the same log, in order | `server` `chat::interleavings::every_reader_receives_the_same_sequence` |
//! | and at every process | `server` `chat::interleavings::every_reader_at_two_processes_receives_the_same_sequence` |
//! | every reader gets the same bytes | `server` `chat::messages::authors_and_others_receive_the_same_fragment` |
//! | a live row is the row of a page | `browser` `marks::a_live_row_is_equal_to_the_row_of_a_page` |
//! | a socket is in one room at a time | `server` `chat::live_rooms::a_move_ends_one_subscription_and_begins_another` |
//! | a returning client misses nothing | `server` `chat::catching_up::a_returning_client_receives_missed_messages_once_and_in_order` |
//! | a slow reader delays nobody and receives all | `server` `chat::catching_up::a_socket_that_falls_behind_the_ring_receives_everything` |
//! | a revoked grant closes its sockets everywhere | `faults` `several_processes::a_revocation_at_one_process_closes_sockets_at_the_other` |
//! | a failed login costs the same for every userID | `server` `auth::hashes::a_failed_login_costs_the_same_for_every_user_id` |
//! | a page gets no HTML but what Markdown may make | `render::markdown::properties` |
//! | a deleted text is nowhere | `server` `binary::deleted_texts::a_deleted_text_is_nowhere` |
//! | an edited text does not live on in a cache | `room::hub::tests::a_text_that_is_edited_where_nobody_reads_is_not_kept` |
//! | text of users is shown as text | `server` `chat::messages::html_in_a_message_is_shown_as_text` |
//! | no secret is logged | `server` `binary::running::the_log_contains_no_secrets` |
//! | every text is in every language | `render::words::check` |
//! | the API does what its description says | `server` `openapi::every_route_responds_as_documented` |

pub mod app;
pub mod cli;
pub mod domain;
pub mod features;
pub mod media;
pub mod net;
pub mod render;
pub mod room;
pub mod search;
pub mod security;
pub mod store;
pub mod web;
