ALTER TABLE shared_keys DROP COLUMN master_key;
