-- Whether a token of the current generation was seen so late after its rotation that its browser must have written it to disk.
ALTER TABLE sessions ADD COLUMN settled BOOLEAN NOT NULL DEFAULT false;
-- How often a crashed browser came back with older cookies in this generation.
ALTER TABLE sessions ADD COLUMN recovered BIGINT NOT NULL DEFAULT 0;
-- Where the current pair of tokens was made for, address and browser; '' for one made before there was this column.
ALTER TABLE sessions ADD COLUMN made_ip TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN made_agent TEXT NOT NULL DEFAULT '';
-- How many access tokens confirmations have put in the place of the current pair's.
ALTER TABLE sessions ADD COLUMN confirmations BIGINT NOT NULL DEFAULT 0;
