-- Version 1. Records are JSON bodies under a key, one table for each kind; what money and history rest on has columns.
CREATE TABLE accounts (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE logins (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE handles (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE keys (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE credentials (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE tries (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE attempts (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE tickets (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE enrolments (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE used (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE tills (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE till_codes (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE till_answers (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE payments (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE top_ups (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE open_top_ups (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE card_proofs (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;
CREATE TABLE issuer_keys (key TEXT PRIMARY KEY, body TEXT NOT NULL, until INTEGER) STRICT;

CREATE INDEX used_until ON used (until);
CREATE INDEX tries_until ON tries (until);
CREATE INDEX till_answers_until ON till_answers (until);

CREATE TABLE receipts (
    account TEXT NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    receipt BLOB NOT NULL,
    -- May be emptied when a person's details must be erased: the chain is over its hash.
    body BLOB NOT NULL,
    PRIMARY KEY (account, seq)
) STRICT;
CREATE TRIGGER receipts_stay BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are never deleted'); END;
CREATE TRIGGER receipts_are_final BEFORE UPDATE OF account, seq, kind, at, receipt ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are never changed'); END;

CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    movement TEXT NOT NULL,
    book TEXT NOT NULL CHECK (book IN ('accounts', 'merchants', 'cards', 'openings')),
    account TEXT NOT NULL,
    -- Minor units, signed; 2^53 - 1 at the most.
    amount INTEGER NOT NULL CHECK (amount <> 0 AND abs(amount) < 9007199254740992),
    -- ISO 4217 number.
    currency INTEGER NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (movement, book, account, currency)
) STRICT;
CREATE TRIGGER entries_stay BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER entries_are_final BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT,
    recipient TEXT NOT NULL,
    at INTEGER NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    code TEXT
) STRICT;
