-- Version 6: what people signed, under the receipt that it led to. Deleted when its time is over, never changed.
CREATE TABLE evidence (
    account TEXT NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, seq)
) STRICT;
CREATE INDEX evidence_until ON evidence (until);
CREATE TRIGGER evidence_is_final BEFORE UPDATE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is never changed'); END;
