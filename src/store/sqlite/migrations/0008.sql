-- Files. migrations-notes/0008-files.md has the reasons. messages.files has been there since 0003: JSON, NULL for none.

CREATE TABLE uploads (
    id         BLOB PRIMARY KEY,                         -- UUIDv7, 16 bytes; the object's id
    owner      BLOB NOT NULL,                            -- users.key
    name       TEXT NOT NULL,
    size       INTEGER NOT NULL,                         -- bytes that it has, or will have
    received   INTEGER NOT NULL,                         -- bytes that are durable
    kept_until INTEGER NOT NULL,
    facts      TEXT,                                     -- JSON, once it is complete
    message    INTEGER                                   -- messages.id, once it is a file of a message
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_kept ON uploads (kept_until) WHERE message IS NULL;
CREATE INDEX uploads_owner ON uploads (owner, size);
CREATE INDEX uploads_message ON uploads (message) WHERE message IS NOT NULL;

-- the files of a room, the latest first
CREATE INDEX messages_files ON messages (id) WHERE files IS NOT NULL;

ALTER TABLE users ADD COLUMN avatar BLOB;                -- the object of the picture, which belongs to the account
CREATE INDEX users_avatar ON users (avatar) WHERE avatar IS NOT NULL;
