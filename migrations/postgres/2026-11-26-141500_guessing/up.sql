-- How many wrong passwords were given in the session since the last right one.
ALTER TABLE sessions ADD COLUMN wrong_passwords BIGINT NOT NULL DEFAULT 0;
-- A session of theirs was ended because of too many, and they have not been told yet.
ALTER TABLE users ADD COLUMN untold_guessing_at BIGINT;
