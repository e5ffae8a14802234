-- What users set for themselves. migrations-notes/0006-settings.md has the reasons.

ALTER TABLE users ADD COLUMN settings TEXT;              -- JSON of what is not the default; NULL: all is
