-- Administration. migrations-notes/0007-administration.md has the reasons.

ALTER TABLE users ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0; -- 1: no token, session or login link is valid
ALTER TABLE users ADD COLUMN link_hash BLOB;             -- SHA-256 of the secret of the login link; NULL: there is none
ALTER TABLE users ADD COLUMN link_expires INTEGER;
CREATE UNIQUE INDEX users_link ON users (link_hash) WHERE link_hash IS NOT NULL;

CREATE TABLE audit (
    id      BLOB PRIMARY KEY,                            -- UUIDv7, 16 bytes: has the time
    admin   TEXT NOT NULL,                               -- the userID at the time
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,                               -- a userID, or the name of a room
    detail  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
