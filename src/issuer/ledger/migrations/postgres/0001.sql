-- Version 1, the same tables as SQLite's. Keys compare by their bytes, whatever the database's locale is.
CREATE TABLE accounts (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE logins (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE handles (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE keys (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE credentials (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE tries (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE attempts (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE tickets (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE enrolments (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE used (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE tills (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE till_codes (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE till_answers (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE payments (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE top_ups (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE open_top_ups (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE card_proofs (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);
CREATE TABLE issuer_keys (key TEXT COLLATE "C" PRIMARY KEY, body TEXT NOT NULL, until BIGINT);

CREATE INDEX used_until ON used (until);
CREATE INDEX tries_until ON tries (until);
CREATE INDEX till_answers_until ON till_answers (until);

CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'what % holds is never changed or deleted', TG_TABLE_NAME; END $$;

CREATE TABLE receipts (
    account TEXT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    receipt BYTEA NOT NULL,
    -- May be emptied when a person's details must be erased: the chain is over its hash.
    body BYTEA NOT NULL,
    PRIMARY KEY (account, seq)
);
CREATE TRIGGER receipts_stay BEFORE DELETE OR TRUNCATE ON receipts EXECUTE FUNCTION stays();
CREATE TRIGGER receipts_are_final BEFORE UPDATE OF account, seq, kind, at, receipt ON receipts EXECUTE FUNCTION stays();

CREATE TABLE entries (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movement TEXT NOT NULL,
    book TEXT NOT NULL CHECK (book IN ('accounts', 'merchants', 'cards', 'openings')),
    account TEXT NOT NULL,
    -- Minor units, signed; 2^53 - 1 at the most.
    amount BIGINT NOT NULL CHECK (amount <> 0 AND abs(amount) < 9007199254740992),
    -- ISO 4217 number.
    currency BIGINT NOT NULL,
    at BIGINT NOT NULL,
    UNIQUE (movement, book, account, currency)
);
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON entries EXECUTE FUNCTION stays();

CREATE TABLE messages (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account TEXT,
    recipient TEXT NOT NULL,
    at BIGINT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    code TEXT
);
