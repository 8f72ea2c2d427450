DROP TABLE logout_deliveries;
ALTER TABLE apps DROP COLUMN backchannel_logout_uri;
