### The English texts of natter. `de.ftl` has the same keys with the same arguments; a test compares them.
### A text with markup is put into the page as HTML; its arguments are escaped.

## Every page

app-description = Team chat: messages appear as they are sent, and none is lost or doubled.
app-new-message = New message
title = { $page } · natter
nav-log-out = Log out
back-to-chat = Back to the chat
cancel = Cancel
try-again = Try again
discard = Discard
skip-to-content = Skip to the content
nav-menu = Rooms and people

## The sidebar

sidebar = Rooms and people
sidebar-rooms = Rooms
sidebar-direct = Direct
switcher = Go to a room or person
sidebar-draft = draft
rooms-all = All rooms
room-new = New room
people = People

## Account fields

user-id = User ID
user-id-hint = 3 to 32 letters, digits, _ . -
user-id-log-in-hint = 3 to 32 letters, digits, _ . - to log in with.
name = Name
name-hint = Shown beside your messages.
email = E-mail
phone = Phone
phone-optional = Phone (optional)
password = Password
password-hint = 8 characters or more.
role = Role
role-member = member
role-bot = bot
role-admin = admin

## Logging in and signing up

log-in = Log in
log-in-description = Log in to the team chat on this server.
log-in-first-start = Nobody has an account here yet. <a href="{ $url }">Sign up</a> first: the first account is an admin's.
log-in-no-account = New here? <a href="{ $url }">Sign up</a>
log-in-forgotten = Forgotten your password? Ask an admin for a login link.
link-heading = Log in as { $name }
link-text = This link logs you in as <b>{ $id }</b>, once. Then you choose a new password.
link-signed-in = You are logged in as <b>{ $current }</b>, and will be logged out.
link-void = This link is not valid
link-void-text = It was used, it has expired, or there is a newer one. Ask an admin for another link.
link-password = Choose a new password
link-password-text = You are logged in. Set a password, with which you log in from now on.
link-password-save = Save and go to the chat
sign-up = Sign up
sign-up-description = Make an account for the team chat on this server.
sign-up-first = You are the first here: your account will be an admin's. Others sign up in the same way.
sign-up-closed = Signing up is closed here. Ask an admin for an account.
sign-up-have-account = Have an account? <a href="{ $url }">Log in</a>

## Opening a link with somebody else's token

switch-account = Switch account?
switch-account-text = You are logged in as <b>{ $current }</b>. This link is for <b>{ $other }</b>: after you follow it, your messages are posted under that name.
switch-account-submit = Log out { $current } and continue as { $other }
switch-account-stay = Stay logged in as { $current }
continue-as = Continue as { $other }?
continue-as-text = This link is for <b>{ $other }</b>: after you follow it, your messages are posted under that name.
continue-as-submit = Continue as { $other }

## The account page

account = Account
account-profile = Profile
account-about = About you
account-about-hint = At most 200 characters. Everybody here sees it.
account-shows-last-seen = Show when I was last online
account-save-profile = Save profile
account-profile-saved = Your profile is saved.
avatar = Picture
avatar-hint = Everybody here sees it beside your messages. The square in the middle is used, without the place and the other data in the file.
avatar-choose = PNG, JPEG, GIF or WebP, up to 10 MB
avatar-save = Save picture
avatar-remove = Remove picture
avatar-saved = Your picture is saved.
avatar-removed = Your picture is removed.
avatar-missing = Choose a picture first.
avatar-too-large = The picture is larger than { $max } MB. Choose a smaller one.
avatar-unreadable = This file cannot be read as a picture. Choose a PNG, JPEG, GIF or WebP with at most 12,000 pixels a side.
account-settings = Settings
account-save-settings = Save settings
account-settings-saved = Your settings are saved.
settings-auto = Automatic
settings-auto-hint = “Automatic” follows your device and browser.
settings-theme = Theme
settings-theme-light = Light
settings-theme-dark = Dark
settings-language = Language
settings-time = Time format
settings-time-12 = 1:30 PM
settings-time-24 = 13:30
settings-enter = Enter sends the message
settings-enter-hint = If not, Enter begins a new line. Ctrl+Enter and ⌘+Enter always send.
account-notifications = Set up notifications
notifications = Notifications
notifications-text = natter can notify you of new messages while one of its pages is open, and not of a room that you have before you. The settings of each room say of which messages. What you choose here is for this browser.
notifications-no-script = Notifications need JavaScript.
notifications-desktop = Desktop notifications
notifications-sound = A quiet sound
notifications-denied = This browser blocks notifications of natter. Allow them in the browser’s settings for this site: they are beside its address.
notifications-none = This browser cannot show notifications here. They need a browser of a computer, and an address that begins with https.
language-en = English
language-de = Deutsch
sessions = Where you are logged in
session-device = { $browser } · { $system }
session-unknown = Unknown device
session-current = this session
session-same-login = same login: ends when you log out
session-end = End
session-end-device = End: { $device }
sessions-end-others = End all others
session-ended = The session has ended.
sessions-ended = All other sessions have ended.
seen-now = active just now
seen-minutes = { $count ->
    [one] active { $count } minute ago
   *[other] active { $count } minutes ago
}
seen-hours = { $count ->
    [one] active { $count } hour ago
   *[other] active { $count } hours ago
}
seen-days = { $count ->
    [one] active { $count } day ago
   *[other] active { $count } days ago
}
account-current-password = Current password
account-new-password = New password
account-new-password-hint = 8 characters or more. Logs you out everywhere else.
account-change-password = Change password
account-password-changed = Your password is changed. Your other browsers and tokens are logged out.
account-delete = Delete account
account-delete-text = This cannot be undone. Your messages stay, under “deleted user”, unless you delete them too.
account-delete-messages = Delete my messages too
account-delete-submit = Delete my account

## The users page of admins

users = Users
users-search = Search
users-search-label = Search users
users-search-hint = By user ID, name, e-mail or phone
users-count = { $count ->
    [one] { $count } user
   *[other] { $count } users
}
users-found = { $count ->
    [one] { $count } user found
   *[other] { $count } users found
}
users-none = No users found
users-new = New user
users-add = Add user
users-since = Created
users-actions = Actions
users-you = (you)
users-edit = Edit
users-save = Save
users-password-hint = Empty: it stays as it is. A new one logs the user out everywhere.
users-delete = Delete
users-delete-text = Delete <b>{ $id }</b> ({ $name })? This cannot be undone.
users-delete-messages = Delete their messages too
users-delete-submit = Delete { $id }
users-page = Page { $page } of { $pages }
users-previous = Previous
users-next = Next
users-last-seen = Last seen
users-messages = Messages
users-more = More
users-less = Less
users-tag-disabled = disabled
users-link = Login link
users-link-text = For a user who has forgotten the password: works once, for 24 hours. An earlier link becomes void.
users-link-make = Make a link
users-link-for = Login link for { $id }
users-link-until = It works once, until { $day }, { $time } UTC. Send it to nobody else. It is shown only here.
users-log-out = Log out everywhere
users-log-out-text = Ends all sessions and tokens, and voids an open login link. The password stays.
users-log-out-submit = Log out
users-logged-out = { $id } is logged out everywhere.
users-disable = Disable the account
users-disable-text = Nobody can log in to it until it is enabled again. All sessions end. The messages stay.
users-disable-submit = Disable
users-disabled = { $id } is disabled and logged out everywhere.
users-enable = Enable the account
users-enable-text = The user can log in again.
users-enable-submit = Enable
users-enabled = { $id } is enabled.
users-delete-heading = Delete the account
users-delete-hint = This cannot be undone. You are asked before it.
# A day; the arguments are digits, with leading zeros.
date = { $year }-{ $month }-{ $day }

## The other pages of admins

admin = Administration
admin-rooms = Open rooms
admin-rooms-hint = Closed and direct rooms are the business of their members, and not listed.
admin-rooms-members = Members
admin-rooms-latest = Last activity
admin-rooms-settings = Settings
admin-rooms-none = No rooms found
audit = Audit log
audit-hint = What admins did to accounts and open rooms, for one year.
audit-time = Time
audit-admin = Who
audit-act = Action
audit-none = No entries.
audit-older = Older
audit-latest = Back to the latest
audit-user-created = Created the account <b>{ $id }</b>
audit-user-edited = Changed the profile of <b>{ $id }</b>
audit-role-changed = Changed the role of <b>{ $id }</b> to { $role }
audit-password-set = Set a new password for <b>{ $id }</b>
audit-user-disabled = Disabled <b>{ $id }</b>
audit-user-enabled = Enabled <b>{ $id }</b>
audit-user-logged-out = Logged <b>{ $id }</b> out everywhere
audit-login-link-made = Made a login link for <b>{ $id }</b>
audit-login-link-used = Used the login link for <b>{ $id }</b>
audit-user-deleted = Deleted the account <b>{ $id }</b>
audit-user-deleted-messages = Deleted the account <b>{ $id }</b> and its messages
audit-room-archived = Archived the room <b>{ $room }</b>
audit-room-unarchived = Took the room <b>{ $room }</b> out of the archive
audit-room-deleted = Deleted the room <b>{ $room }</b>
audit-room-role-changed = Changed the role of <b>{ $id }</b> in the room <b>{ $room }</b> to { $role }
audit-room-member-removed = Removed <b>{ $id }</b> from the room <b>{ $room }</b>
audit-room-renamed = Renamed the room <b>{ $room }</b> to <b>{ $name }</b>
audit-room-topic-changed = Changed the topic of the room <b>{ $room }</b>
audit-room-opened = Opened the room <b>{ $room }</b>
audit-room-closed = Closed the room <b>{ $room }</b>
audit-room-everyone = Made everybody a member of the room <b>{ $room }</b>
audit-room-not-everyone = Ended that everybody is a member of the room <b>{ $room }</b>
audit-message-deleted = Deleted message { $seq } of somebody else in the room <b>{ $room }</b>
audit-unknown = Something that this version does not know, to <b>{ $id }</b>

## The chat page

chat-messages = Messages
chat-earlier = Earlier messages
chat-later = Later messages
chat-latest = Latest messages
chat-new = New messages
chat-roster = Who is here
chat-message = Message
chat-message-to = Write to { $room }
chat-send = Send
chat-new-line = New
room-empty = Nothing here yet. Write the first message.
room-members = Members
room-settings-open = Room settings
room-read-only = This room is archived. You can read it, but nobody writes here any more.
room-not-joined = You are not a member. Your first message makes you one.
room-mark-read = Mark as read
room-mark-unread = Mark unread from here
room-mark-page-unread = Mark this page as unread
chat-no-script = Without JavaScript new messages appear when you <a href="{ $url }">reload</a>.
# The author of the reader's own messages.
you = You
deleted-user = deleted user
roster-count = { $count } online
roster-more = and { $count } more
# { $names } is one name, or several joined by commas.
notice-entered-one = { $names } has entered the chat
notice-entered-several = { $names } and { $last } have entered the chat
notice-entered-others = { $names } and { $others } others have entered the chat
notice-left-one = { $names } has left the chat
notice-left-several = { $names } and { $last } have left the chat
notice-left-others = { $names } and { $others } others have left the chat
# Notices in a room's log. { $by } and { $of } are names.
log-joined = { $by } joined
log-added = { $by } added { $of }
log-removed = { $by } removed { $of }
log-removed-owner = { $by } removed { $of }. The member who joined first owns the room now
log-left = { $by } left
log-left-owner = { $by } left. { $of } owns the room now
log-owner = { $by } made { $of } an owner
log-member = { $by } made { $of } a member
log-renamed = { $by } renamed the room to “{ $value }”
log-topic = { $by } set the topic to “{ $value }”
log-topic-removed = { $by } removed the topic
log-opened = { $by } opened the room to everybody
log-closed = { $by } closed the room: only members see it
log-archived = { $by } archived the room
log-unarchived = { $by } took the room out of the archive
log-everyone = { $by } made everybody a member
log-not-everyone = { $by } ended that everybody is a member
# What a reply shows of a message that is not loaded, and of a deleted one.
quote-earlier = ↩ earlier message
quote-deleted = ↩ deleted message
# Beside the time of an edited message.
message-edited = edited
# Beside the text of a message.
message-pinned = pinned
message-saved = saved
# What one can do with a message, on its own page.
message-edit = Edit message
message-present = The current text
message-reply = Reply
message-pin = Pin to the room
message-unpin = Unpin
message-save = Save for later
message-unsave = Remove from saved messages
message-delete = Delete message
message-delete-text = The text is deleted for everybody. This cannot be undone.
message-tools = What to do with this message
message-more = More
message-copy-text = Copy text
message-copy-link = Copy link
message-open = Open on its own page
message-replying = Reply to “{ $name }: { $text }”
message-editing = Editing a message
message-back = Back to the message
message-gone = This message is deleted, or there never was one here.
message-around = Show the messages around it
reactions = Reactions
reaction-other = Another emoji, or its :name:
reaction-give = React
thread-open = Open thread
thread-in = Thread in { $room }
thread-write = Reply in the thread
thread-earlier = Earlier replies
thread-latest = Latest replies
files = Files
files-of = Files in { $room }
files-all = All
files-pictures = Pictures
files-others = Others
files-none = There are no files here.
files-add = Add files
file-alt = What does it show?
file-remove = Remove { $name }
file-remove-any = Remove {"{name}"}
file-previous = Previous picture
file-next = Next picture
file-download = Download
files-waiting = Your message is sent when its files are there.
pins = Pinned messages
pins-of = Pinned in { $room }
pins-none = Nothing is pinned here. Pin a message from its “…” menu.
mentions = Mentions
mentions-none = Nobody has mentioned you yet. Messages with your @name appear here.
mentions-confirm = Send anyway
saved = Saved messages
saved-none = You have saved nothing yet. Save a message from its “…” menu.
# Below a message: a link to its thread.
message-replies = { $count ->
    [one] { $count } reply
   *[other] { $count } replies
}
# Texts of the page's script.
not-done = Nothing was changed: there is no connection. Try again later.
copied = Copied
chat-connection-lost = Connection lost. Reconnecting…
chat-offline = You are offline. What you write is sent when you are back.
chat-signed-out = You are logged out. What you typed is kept.
logged-out = You are logged out
logged-out-text = Your message was not sent. Log in in another tab, come back here, and send it.
chat-log-in-again = Log in again
chat-too-many-tabs = You have too many tabs with the chat open. Close one; this one then connects by itself.
chat-gone = This room is not there any more, or not for you.
chat-sending = sending…
chat-typing-one = { $name } is typing…
chat-typing-two = { $name } and { $other } are typing…
chat-typing-several = Several people are typing…

## Completion in the message box, the emoji to pick from, the keys

complete = Suggestions
complete-room = all members of this room
complete-here = everybody; who is online is notified at once
slash-me = Say what you do
slash-shrug = Add ¯\_(ツ)_/¯
slash-topic = Change the topic of this room
slash-invite = Add people to this room
slash-leave = Leave this room
slash-msg = Write to one person directly
emoji = Emoji
emoji-search = Search emoji
emoji-none = No emoji found
emoji-smileys = Smileys and emotion
emoji-people = People
emoji-nature = Animals and nature
emoji-food = Food and drink
emoji-travel = Travel and places
emoji-activities = Activities
emoji-objects = Objects
emoji-symbols = Symbols
emoji-flags = Flags
chat-left = { $count } left
keys = Keyboard shortcuts
close = Close
keys-ctrl = Ctrl
keys-shift = Shift
keys-writing = In the message box
keys-send = send the message
keys-send-always = send it, always
keys-break = begin a new line
keys-complete = names, emoji, and commands at the beginning
keys-take = take a suggestion
keys-last = in an empty box: edit your last message
keys-leave = close suggestions, or leave a reply or an edit
keys-reading = At a message
keys-move = go to the message before or after
keys-to-messages = from an empty box to the last message
keys-tools = go to what you can do with it
keys-reply = reply
keys-edit = edit your own message
keys-unread = mark unread from here
keys-back = go back to the message box
keys-everywhere = Everywhere
keys-switcher = go to a room or person
keys-next = go to the next unread room
keys-search = search
keys-read-all = mark all rooms as read
keys-this = show this list

## Pages of rooms

rooms-search = Search rooms
rooms-own = Your rooms
rooms-open = Other open rooms
rooms-none = No rooms found
rooms-none-other = You are in all open rooms
rooms-read-all = Mark all as read
rooms-read-all-ask = Mark all messages in all rooms as read?
rooms-unread = { $count ->
    [one] { $count } unread
   *[other] { $count } unread
}
list-more = More
room-name-hint = 1 to 80 characters.
room-topic = Topic
room-topic-hint = What the room is about; may be empty.
room-kind = Who sees it
room-kind-open = Open: everybody may read it, and joins by posting
room-kind-closed = Closed: only members, whom an owner adds
room-members-first = First members (optional)
room-members-hint = User IDs, separated by spaces or commas.
room-create = Create room
room-save = Save
room-saved = Saved.
room-rest-saved = The rest is saved.
room-settings = The room
room-settings-of = Settings of { $room }
room-own = For you
room-level = Notify me of
level-everything = every message
level-mentions = mentions
level-nothing = nothing
level-hidden = nothing, and hide the room from my list
room-star = Star
room-unstar = Remove star
room-mute = Mute
room-unmute = Unmute
room-unhide = Show in list
room-join = Join
room-leave = Leave room
room-back = Back to { $room }
room-is-archived = archived
room-is-hidden = hidden
room-archive = Archive room
room-archive-heading = Archive
room-archive-text = An archived room can be read and left, but not written to.
room-unarchive = Unarchive room
room-everyone-off = You can make everybody a member, also those who sign up later. They can hide the room, but not leave it.
room-everyone-heading = Everybody
room-everyone-on = Everybody is a member of this room, also those who sign up later.
room-everyone-set = Make everybody a member
room-everyone-end = Let people leave
room-delete = Delete room
room-delete-heading = Delete
room-delete-hint = Deletes the room with all its messages, for all members. You are asked before it.
room-delete-of = Delete { $room }?
room-delete-text = Delete <b>{ $room }</b> with all its messages, for all members? This cannot be undone.
room-members-of = Members of { $room }
room-members-count = { $count ->
    [one] { $count } member
   *[other] { $count } members
}
room-members-many = { $count } or more members
room-members-add = Add members
room-members-submit = Add
member-acts = What to do with { $name }
member-owner = owner
member-make-owner = Make owner
member-make-member = Make member
member-remove = Remove
direct-empty = Nobody has written here yet. The conversation begins with your first message.

## People

presence-online = online
presence-idle = away
presence-offline = offline
presence-last-seen = last online on { $day }
people-search = Search people
people-none = Nobody found
people-message = Message
people-you = This is you.
people-disabled = This account is disabled.
people-account = Change your profile

## The API's page

api = API
api-description = The JSON API of natter: users, tokens and messages.
api-intro = For programs: <a href="/api/openapi.json">openapi.json</a>. Errors are <code>{ "{" }"message": …, "fields": { "{" }…{ "}" }{ "}" }</code>. A call that needs a token takes it as <code>Authorization: Bearer TOKEN</code>; <code>POST /api/login</code> returns one.
api-needs-token = Needs a token.
api-input = Input
api-in = In
api-meaning = Meaning

## Error pages

error-400 = Bad request
error-401 = Unauthorized
error-403 = Not allowed
error-404 = Not found
error-405 = Method not allowed
error-admins = For admins only
error-409 = Conflict
error-413 = Too large
error-415 = Unsupported media type
error-422 = Invalid input
error-429 = Too many requests
error-500 = Server error
error-503 = Unavailable
error-other = Error
error-token-text = The link is wrong, or older than an hour. <a href="{ $url }">Log in</a> for a new one.
error-token = This link does not work

## Errors

# A text that is the same in every language: what a parser said to a program.
verbatim = { $text }
field-refused = { $field }: { $reason }
fields-refused = Some fields need attention.
token-mismatch = Token didn't match
signed-out = You are logged out. Reload the page to log in.
wrong-login = This user ID and password don't match.
account-disabled = This account is disabled. An admin can enable it.
admins-only = This page is for admins.
wrong-address = This page is not on the chat's own address.
other-site = This request came from another site.
no-such-page = There is no such page.
query-refused = The address has a value that does not fit: { $field }.
no-such-user = There is no such user.
no-such-room = There is no such room.
no-such-session = There is no such session.
method-not-allowed = This address does not take that method.
body-too-large = The request body is too large. Shorten it and send it again.
server-busy = The server is busy. Nothing was changed; try again in a moment.
server-error = Something went wrong here. Try again; if it happens again, tell the operator of this server.
database-down = The database does not answer. Try again in a moment.
too-many-connections = Your address has too many connections to this server. Close some and try again.
too-many-attempts-seconds = { $seconds ->
    [one] Too many attempts. Try again in { $seconds } second.
   *[other] Too many attempts. Try again in { $seconds } seconds.
}
too-many-attempts-minutes = { $minutes ->
    [one] Too many attempts. Try again in { $minutes } minute.
   *[other] Too many attempts. Try again in { $minutes } minutes.
}
too-many-messages = You are sending too much too fast. Wait a moment, then try again.

## Refused fields

user-id-length = Use { $min } to { $max } characters.
user-id-characters = Use letters, digits, and _ . - only.
user-id-dots = Use at least one letter or digit.
user-id-reserved = Choose another one: @room and @here mention everybody.
user-id-taken = This user ID is taken. Use another.
name-length = Use 1 to { $max } characters.
name-control-characters = Leave out control and text-direction characters.
name-invisible = Use at least one visible character.
name-reserved = The chat itself calls people "You" and "deleted user". Use another name.
email-too-long = Use at most { $max } characters.
email-format = Use an address like ada@example.org.
email-taken = There is an account with this e-mail address already.
phone-characters = Use digits, spaces, and + ( ) - only.
phone-length = Use { $min } to { $max } characters, or leave it empty.
password-too-short = Use { $min } characters or more.
password-too-long = Use at most { $max } bytes (letters with accents and emoji count for two to four); this has { $bytes }.
password-nul = Leave out the NUL character.
password-common = This is one of the most common passwords. Use another.
current-password-wrong = This is not your current password.
own-password = Change your own password under Account, which asks for the current one.
role-unknown = Use "member" or "admin".
theme-unknown = Use "auto", "light" or "dark".
language-unknown = Use "auto", "en" or "de".
time-format-unknown = Use "auto", "12" or "24".
last-admin = This is the last admin. Make somebody else an admin first.
own-account-disabled = You cannot disable your own account.
link-disabled = This account is disabled. Enable it before you make a link.
client-id-format = Use 1 to { $max } letters, digits, _ and -, a fresh one for each message (a UUID will do).
client-id-reused = This clientID was used for another message. Use a fresh one for each.
mentions-many = @{ $name } notifies { $count } people.
slash-unknown = There is no command { $name }. Type / to see them, or // for a text that begins with a slash.
slash-arguments = { $name } cannot be used like this. These are the commands: /me text, /shrug text, /topic text, /invite @ada, /leave, /msg @ada text. A message that begins with a slash needs two: //
too-many-files = A message has at most { $max } files.
no-such-upload = This file is not here any more, or a message has it. Add it again.
quota-of-user = Your files would need more space than one person has here. Delete some first.
quota-of-server = There is no space left for files on this server. Ask an admin.
file-empty = A file without content cannot be sent. Choose another one.
file-too-large = A file has at most { $max } MiB. Make it smaller, or send a link to it.
too-many-uploads = You have added many files. Wait a moment, then add the next.
upload-interrupted = The connection broke off while a file was sent. Send it again.
storage-full = There is no space left on this server. Nothing was stored; tell an admin.
no-such-file = This file is not here: its message was deleted, or it was removed from it.
slash-with-files = A command takes no files. Remove them, or send a text.
alt-too-long = Use at most { $max } characters.
message-empty = Write something first.
message-too-long = A message has at most { $max } characters; this one has { $length }. Split it in two.

## Changes of messages and rooms that are refused

room-unchanged = It is like that already.
no-such-message = There is no such message.
message-deleted = This message is deleted.
change-not-allowed = You may not change this.
join-first = Only members may do this. Join the room first.
edit-stale = The message was changed in the meantime. Edit the current text.
too-many-emoji = A message has at most { $max } different emoji. Give one that it has.
too-many-pins = A room has at most { $max } pinned messages. Unpin one first.
emoji-unknown = Use one emoji.
notice-unchangeable = A notice cannot be changed or replied to.
room-archived = This room is archived. It can be read only.
room-direct = The members of a direct room never change, and it stays direct.
room-everyone = Everybody is a member of this room: nobody can leave it, and it cannot be closed or archived.
no-such-member = This user is not a member of the room.
last-owner = This is the last owner of the room. Make somebody else an owner first.
room-lobby = The lobby cannot be deleted, and everybody is always a member of it.
room-not-open = Only an open room can have everybody as a member.
room-name-taken = Another open room has this name. Choose another one.
topic-too-long = Use at most { $max } characters.
about-too-long = Use at most { $max } characters.
too-many-rooms = There are { $max } rooms, and there cannot be more. Ask an admin.
too-many-new-rooms = You may create { $max ->
    [one] one room
   *[other] { $max } rooms
} an hour. Wait a while and try again.
too-many-members = A room has at most { $max } members.
too-many-joins = You may join rooms and add members { $max ->
    [one] once
   *[other] { $max } times
} a minute. Wait a moment and try again.
too-many-own-rooms = You are in { $max } rooms, and cannot be in more. Leave one first.
too-many-rooms-of-user = { $user } is in { $max } rooms, and cannot be in more.
admins-create-rooms = Only admins create rooms here.
room-kind-unknown = Use "open" or "closed".
too-many-named = Name at most { $max } users.
no-such-user-named = There is no user { $user }.
user-is-disabled = The account { $user } is disabled.
direct-members = A direct conversation has at most { $max } members, you included.
level-unknown = Use "everything", "mentions", "nothing" or "hidden".
member-role-unknown = Use "owner" or "member".

search = Search
search-messages = Search all messages
search-in-room = Search { $room }
search-order = Order
search-newest = Newest
search-best = Best
search-none = Nothing was found. Try fewer words, or only the beginning of one.
search-indexing = { $percent }% of the messages can be found already; the rest follows.
search-timed-out = The search took too long, so messages may be missing. Add a word, a room or a day.
search-filters = Filters
search-without = Remove { $filter }
search-from = Sent by
search-in = In the room
search-after = After
search-before = Before
search-has = With
search-is = That is
search-any = Any
search-has-file = a file
search-has-image = a picture
search-has-link = a link
search-has-code = code
search-is-pinned = pinned
search-is-mine = mine
search-is-reply = a reply
search-example-words = messages with both words, in any order; the last one may be the beginning of a word
search-example-phrase = exactly these words, one after the other
search-example-place = by a person, in a room
search-example-days = after one day and before another, in UTC
search-example-has = with a file, a picture, a link or code
search-example-is = pinned messages, my own, replies
search-example-scripts = parts of names in code, and parts of texts without spaces
search-key-from = a person
search-key-in = a room
search-key-before = a day, like 2026-03-01
search-key-after = a day, like 2026-01-31
search-key-has = file, image, link or code
search-key-is = pinned, mine or reply
