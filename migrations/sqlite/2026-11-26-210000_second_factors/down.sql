DROP TABLE sign_in_attempts;
DROP TABLE recovery_codes;
DROP TABLE factors;
ALTER TABLE sessions DROP COLUMN factor_time;
ALTER TABLE sessions DROP COLUMN amr;
ALTER TABLE users DROP COLUMN factors_version;
ALTER TABLE users DROP COLUMN factors;
