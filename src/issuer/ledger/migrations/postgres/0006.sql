-- Version 6: what people signed, under the receipt that it led to. Deleted when its time is over.
CREATE TABLE evidence (
    account TEXT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    until BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, seq)
);
CREATE INDEX evidence_until ON evidence (until);
CREATE TRIGGER evidence_is_final BEFORE UPDATE ON evidence EXECUTE FUNCTION stays();
