-- The initial schema. migrations-notes/0001-initial-schema.md has the reasons.

CREATE TABLE users (
    key           BLOB PRIMARY KEY,                      -- UUIDv7, 16 bytes; never given out again
    user_id       TEXT NOT NULL COLLATE NOCASE UNIQUE,
    name          TEXT NOT NULL,
    email         TEXT NOT NULL COLLATE NOCASE UNIQUE,
    phone         TEXT NOT NULL,
    password_hash TEXT NOT NULL,                         -- bcrypt
    role          TEXT NOT NULL CHECK (role IN ('member', 'admin')),
    version       INTEGER NOT NULL,                      -- raised by a changed password
    created_at    INTEGER NOT NULL                       -- milliseconds since 1970, UTC; so all times here
) STRICT, WITHOUT ROWID;

CREATE TABLE rooms (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    last_seq INTEGER NOT NULL,                           -- the number of the latest post
    last_rev INTEGER NOT NULL                            -- the number of the latest change
) STRICT;
INSERT INTO rooms VALUES (1, 'lobby', 0, 0);

CREATE TABLE messages (
    room      INTEGER NOT NULL REFERENCES rooms (id),
    seq       INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    author    BLOB NOT NULL,                             -- users.key; dangles once the user is deleted
    client_id TEXT NOT NULL,
    sent_at   INTEGER NOT NULL,
    text      TEXT,                                      -- NULL: deleted
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX messages_rev ON messages (room, rev);
CREATE UNIQUE INDEX messages_client ON messages (author, client_id);
CREATE INDEX messages_author ON messages (author, room, seq) WHERE text IS NOT NULL;

CREATE TABLE sessions (
    id      BLOB PRIMARY KEY,                            -- SHA-256 of the cookie's id
    data    BLOB NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE revoked_tokens (
    id      BLOB PRIMARY KEY,                            -- the token's jti
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
