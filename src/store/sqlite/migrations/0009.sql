-- Attempts to write to an upload. migrations-notes/0009-attempts.md has the reasons.

ALTER TABLE uploads ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;  -- the last request that opened it for writing
