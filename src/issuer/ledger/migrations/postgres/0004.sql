-- Version 4: held payments that time releases.
CREATE TABLE holds (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
