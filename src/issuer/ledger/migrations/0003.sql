-- Version 3: what calls that changed something were answered.
CREATE TABLE calls (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;

CREATE INDEX calls_until ON calls (until);
