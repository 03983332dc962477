-- Version 8: the link of each receipt, so that the head which a call names is found by one look. Receipts of earlier versions
-- get theirs when the file is opened.
ALTER TABLE receipts ADD COLUMN link BLOB;
CREATE INDEX receipts_link ON receipts (account, link);
CREATE TRIGGER links_are_final BEFORE UPDATE OF link ON receipts WHEN OLD.link IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'receipts are never changed'); END;
