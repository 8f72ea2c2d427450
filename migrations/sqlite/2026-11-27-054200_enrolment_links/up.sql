-- Whether the user's second factors were taken away where policy asks for one: then a new one is set up only by a link.
ALTER TABLE users ADD COLUMN enrol_by_link BOOLEAN NOT NULL DEFAULT FALSE;
