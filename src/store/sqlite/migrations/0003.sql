-- Rooms, memberships, and messages that can change. migrations-notes/0003-rooms-and-changes.md has the reasons.

CREATE TABLE new_rooms (
    id         INTEGER PRIMARY KEY,                      -- the room's number: the high bits of messages.id
    room_id    TEXT NOT NULL UNIQUE,
    rev        INTEGER NOT NULL,                         -- of the latest change of these fields; 0: as created
    kind       TEXT NOT NULL CHECK (kind IN ('open', 'closed', 'direct')),
    name       TEXT NOT NULL,
    topic      TEXT NOT NULL,
    archived   INTEGER NOT NULL,
    everyone   INTEGER NOT NULL,                         -- 1: every account is a member
    direct_key TEXT UNIQUE,                              -- of a direct room: its members' sorted keys, in hex
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO new_rooms (id, room_id, rev, kind, name, topic, archived, everyone, created_at)
    SELECT id, name, 0, 'open', 'Lobby', '', 0, 1, 0 FROM rooms;

CREATE TABLE new_messages (
    id           INTEGER PRIMARY KEY,                    -- room number * 2^40 + seq
    post_rev     INTEGER NOT NULL,                       -- the number of the post
    changed      INTEGER,                                -- room number * 2^40 + rev of the latest change; NULL: none
    text_rev     INTEGER NOT NULL,                       -- the number of the post, or of the latest edit or deletion
    author       BLOB NOT NULL,                          -- users.key; dangles once the user is deleted
    client_id    ANY NOT NULL,                           -- a lower-case UUID as its 16 bytes, everything else as text
    sent_at      INTEGER NOT NULL,
    text         TEXT,                                   -- NULL: deleted, or a notice
    notice       TEXT,                                   -- JSON; NULL: a text
    deleted      INTEGER NOT NULL,
    room_texts   INTEGER NOT NULL,                       -- texts posted in the room up to this message
    author_texts INTEGER NOT NULL,                       -- the author's part of them
    reply_to     INTEGER,                                -- seq
    root         INTEGER,                                -- seq
    replies      INTEGER NOT NULL,
    edited_at    INTEGER,
    pinned_at    INTEGER,
    reactions    TEXT,                                   -- JSON: [[emoji, [users.key, …]], …]; NULL: none
    joins        INTEGER NOT NULL,                       -- 1: the author became a member by this message
    mentions     TEXT,
    files        TEXT
) STRICT;

-- A row had only the number of its latest change. Deletion was the only change, and took one number. So the posts have
-- all numbers that no deletion has, in order of seq.
CREATE TEMP TABLE posts (
    room INTEGER NOT NULL,                               -- typed, because the join below cannot use the key otherwise
    seq  INTEGER NOT NULL,
    rev  INTEGER NOT NULL,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
WITH RECURSIVE numbers (room, rev, last) AS (
    SELECT id, 1, last_rev FROM rooms WHERE last_rev > 0
    UNION ALL
    SELECT room, rev + 1, last FROM numbers WHERE rev < last
)
INSERT INTO posts
    SELECT room, row_number() OVER (PARTITION BY room ORDER BY rev), rev FROM numbers n
    WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.room = n.room AND m.rev = n.rev AND m.text IS NULL);
INSERT INTO new_messages (id, post_rev, changed, text_rev, author, client_id, sent_at, text, deleted, room_texts,
                          author_texts, replies, joins)
    SELECT m.room << 40 | m.seq,
           iif(m.text IS NULL, coalesce(p.rev, m.rev), m.rev),
           iif(m.text IS NULL, m.room << 40 | m.rev, NULL),
           m.rev,
           m.author,
           iif(length(m.client_id) = 36 AND m.client_id = lower(m.client_id)
                   AND substr(m.client_id, 9, 1) || substr(m.client_id, 14, 1) || substr(m.client_id, 19, 1)
                       || substr(m.client_id, 24, 1) = '----'
                   AND length(unhex(m.client_id, '-')) = 16,
               unhex(m.client_id, '-'), m.client_id),
           m.sent_at,
           m.text,
           m.text IS NULL,
           m.seq,
           row_number() OVER (PARTITION BY m.room, m.author ORDER BY m.seq),
           0,
           0
    FROM messages m LEFT JOIN posts p ON p.room = m.room AND p.seq = m.seq
    ORDER BY m.room, m.seq;

DROP TABLE posts;
DROP TABLE messages;
DROP TABLE rooms;
ALTER TABLE new_rooms RENAME TO rooms;
ALTER TABLE new_messages RENAME TO messages;
CREATE UNIQUE INDEX messages_client ON messages (author, client_id);
CREATE INDEX messages_author ON messages (author, deleted);
CREATE INDEX messages_changed ON messages (changed) WHERE changed IS NOT NULL;

CREATE TABLE memberships (
    room         INTEGER NOT NULL REFERENCES rooms (id),
    user         BLOB NOT NULL,                          -- users.key
    rev          INTEGER NOT NULL,                       -- of the latest change of the role; 0: created with the room
    role         TEXT NOT NULL CHECK (role IN ('member', 'owner')),
    level        TEXT NOT NULL DEFAULT 'mentions',       -- what notifies the user
    starred      INTEGER NOT NULL DEFAULT 0,
    hidden       INTEGER NOT NULL DEFAULT 0,
    read_seq     INTEGER NOT NULL DEFAULT 0,             -- the messages up to here are read
    read_version INTEGER NOT NULL DEFAULT 0,             -- raised by "mark unread"
    joined_at    INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_user ON memberships (user);
