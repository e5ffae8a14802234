-- Mentions, saved messages, threads and pins. migrations-notes/0005-mentions-and-saved-messages.md has the reasons.

-- What messages.mentions has, by whom it concerns.
CREATE TABLE mentions (
    user     BLOB NOT NULL,                              -- users.key; empty: all members
    id       INTEGER NOT NULL,                           -- messages.id
    sent_at  INTEGER NOT NULL,
    author   BLOB NOT NULL,
    everyone INTEGER NOT NULL,                           -- 1: the message mentions all members
    PRIMARY KEY (user, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_sent ON mentions (user, id >> 40, sent_at);

CREATE TABLE saved (
    user BLOB NOT NULL,                                  -- users.key
    id   INTEGER NOT NULL,                               -- messages.id
    at   INTEGER NOT NULL,
    PRIMARY KEY (user, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX saved_at ON saved (user, at);
CREATE INDEX saved_message ON saved (id);

-- The replies of each thread in order of their places, and the pinned messages. A post that is no reply is in neither.
CREATE INDEX messages_thread ON messages (root) WHERE root IS NOT NULL AND deleted = 0;
CREATE INDEX messages_pinned ON messages (id) WHERE pinned_at IS NOT NULL;
