-- Version 8: the link of each receipt, so that the head which a call names is found by one look. Receipts of earlier versions
-- get theirs when the database is opened.
ALTER TABLE receipts ADD COLUMN link BYTEA;
CREATE INDEX receipts_link ON receipts (account, link);
CREATE TRIGGER links_are_final BEFORE UPDATE OF link ON receipts FOR EACH ROW WHEN (OLD.link IS NOT NULL)
EXECUTE FUNCTION stays();
