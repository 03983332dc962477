-- Version 7: logins that were tried many times, until their owners are told.
CREATE TABLE warnings (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
