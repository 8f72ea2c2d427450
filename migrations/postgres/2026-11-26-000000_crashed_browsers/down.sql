ALTER TABLE sessions DROP COLUMN confirmations;
ALTER TABLE sessions DROP COLUMN made_agent;
ALTER TABLE sessions DROP COLUMN made_ip;
ALTER TABLE sessions DROP COLUMN recovered;
ALTER TABLE sessions DROP COLUMN settled;
