-- Version 5: nonces of intents that were used or failed. What was open before is kept no more and has ended.
CREATE TABLE nonces (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
