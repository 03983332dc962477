-- Version 4: held payments that time releases.
CREATE TABLE holds (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
