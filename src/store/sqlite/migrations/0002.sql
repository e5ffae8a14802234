-- Networks that users log in from, and the costs of their hashes. migrations-notes/0002-networks.md has the reasons.

CREATE TABLE login_networks (
    user    BLOB NOT NULL REFERENCES users (key) ON DELETE CASCADE,
    network TEXT NOT NULL,                               -- an IPv4 address, or an IPv6 /64 by its first address
    noted   INTEGER NOT NULL,
    PRIMARY KEY (user, network)
) STRICT, WITHOUT ROWID;
CREATE INDEX login_networks_noted ON login_networks (noted);

CREATE INDEX users_cost ON users (substr(password_hash, 1, 7)); -- $2b$12$
