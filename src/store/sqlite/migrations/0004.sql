-- Read marks, the list of open rooms, and people. migrations-notes/0004-memberships-and-people.md has the reasons.

-- The allowed roles cannot be changed in place. Dropping the table deletes the rows that refer to it.
CREATE TEMP TABLE networks AS SELECT * FROM login_networks;
CREATE TABLE new_users (
    key             BLOB PRIMARY KEY,                    -- UUIDv7, 16 bytes; never given out again
    user_id         TEXT NOT NULL COLLATE NOCASE UNIQUE,
    name            TEXT NOT NULL,
    email           TEXT NOT NULL COLLATE NOCASE UNIQUE,
    phone           TEXT NOT NULL,
    password_hash   TEXT NOT NULL,                       -- bcrypt
    role            TEXT NOT NULL CHECK (role IN ('member', 'admin', 'bot')),
    version         INTEGER NOT NULL,                    -- raised by a changed password
    created_at      INTEGER NOT NULL,                    -- milliseconds since 1970, UTC; so all times here
    about           TEXT NOT NULL DEFAULT '',
    shows_last_seen INTEGER NOT NULL DEFAULT 1,
    last_seen       INTEGER                              -- NULL: unknown
) STRICT, WITHOUT ROWID;
INSERT INTO new_users (key, user_id, name, email, phone, password_hash, role, version, created_at)
    SELECT key, user_id, name, email, phone, password_hash, role, version, created_at FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
CREATE INDEX users_cost ON users (substr(password_hash, 1, 7)); -- $2b$12$
INSERT INTO login_networks SELECT * FROM networks;
DROP TABLE networks;

ALTER TABLE rooms ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0; -- 1: what is left of it is being removed
ALTER TABLE rooms ADD COLUMN adding BLOB;                        -- everyone: the accounts up to this key were added; NULL: all
ALTER TABLE rooms ADD COLUMN open_name TEXT;                     -- the folded name; NULL unless open and not deleted
UPDATE rooms SET name = name || ' ' || room_id WHERE kind = 'open'
    AND EXISTS (SELECT 1 FROM rooms o WHERE o.kind = 'open' AND fold(o.name) = fold(rooms.name) AND o.id < rooms.id);
UPDATE rooms SET open_name = fold(name) WHERE kind = 'open';
CREATE UNIQUE INDEX rooms_open_name ON rooms (open_name);
CREATE INDEX rooms_everyone ON rooms (everyone) WHERE everyone = 1;
CREATE INDEX rooms_deleted ON rooms (deleted) WHERE deleted = 1;
CREATE INDEX rooms_adding ON rooms (id) WHERE adding IS NOT NULL;

-- The deleted texts, in order of their places: a count of unread messages leaves them out.
CREATE INDEX messages_deleted ON messages (id, author) WHERE deleted = 1;

-- Who inherits a room comes first: an owner, else the one who joined first.
CREATE INDEX memberships_successor ON memberships (room, role DESC, joined_at, user);
ALTER TABLE memberships DROP COLUMN hidden;              -- a level
UPDATE memberships SET level = 'everything' WHERE room IN (SELECT id FROM rooms WHERE kind = 'direct');
-- Nobody has seen a count before, so everything is read.
UPDATE memberships SET read_seq = coalesce((SELECT max(id) & ((1 << 40) - 1) FROM messages
    WHERE messages.id > memberships.room << 40 AND messages.id < (memberships.room + 1) << 40), 0);
INSERT INTO memberships (room, user, rev, role, read_seq, joined_at)
    SELECT r.id, u.key, 0, 'member', coalesce((SELECT max(m.id) & ((1 << 40) - 1) FROM messages m
        WHERE m.id > r.id << 40 AND m.id < (r.id + 1) << 40), 0), u.created_at
    FROM rooms r CROSS JOIN users u WHERE r.everyone = 1
    ON CONFLICT DO NOTHING;
