-- Version 3: what calls that changed something were answered.
CREATE TABLE calls (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);

CREATE INDEX calls_until ON calls (until);
