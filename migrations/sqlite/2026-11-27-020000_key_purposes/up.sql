-- What a key signs: sessions (the tokens of Portero's own sessions) or apps (what only apps read). No key of one is a key of the other.
ALTER TABLE signing_keys ADD COLUMN purpose TEXT NOT NULL DEFAULT 'sessions';

DROP INDEX signing_keys_one_signs;
CREATE UNIQUE INDEX signing_keys_one_signs ON signing_keys (purpose) WHERE state = 'signing';
