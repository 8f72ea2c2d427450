-- Which version of the user's password was given at auth_time. NULL: a one-time link was used, or the row is older than this column.
ALTER TABLE sessions ADD COLUMN proved_password BIGINT;
