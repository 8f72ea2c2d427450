ALTER TABLE users DROP COLUMN enrol_by_link;
