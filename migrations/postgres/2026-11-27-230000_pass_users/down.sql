ALTER TABLE passes DROP COLUMN user_id;
