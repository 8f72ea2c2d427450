ALTER TABLE users DROP COLUMN untold_guessing_at;
ALTER TABLE sessions DROP COLUMN wrong_passwords;
