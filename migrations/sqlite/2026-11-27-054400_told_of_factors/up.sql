-- The newest change of a user's second factors of which they have not been told: what, when and from where.
ALTER TABLE users ADD COLUMN untold_factor_change TEXT;
ALTER TABLE users ADD COLUMN untold_factor_change_at BIGINT;
ALTER TABLE users ADD COLUMN untold_factor_change_ip TEXT;
