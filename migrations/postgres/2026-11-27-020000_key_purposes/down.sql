DELETE FROM signing_keys WHERE purpose <> 'sessions';
DROP INDEX signing_keys_one_signs;
CREATE UNIQUE INDEX signing_keys_one_signs ON signing_keys (state) WHERE state = 'signing';
ALTER TABLE signing_keys DROP COLUMN purpose;
