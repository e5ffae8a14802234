-- What users set for themselves, and whose a session is. migrations-notes/0006-settings-and-sessions.md has the reasons.

ALTER TABLE users ADD COLUMN settings TEXT;              -- JSON of what is not the default; NULL: all is
ALTER TABLE sessions ADD COLUMN user BLOB;               -- users.key; NULL: nobody, or not known yet
CREATE INDEX sessions_user ON sessions (user) WHERE user IS NOT NULL;
