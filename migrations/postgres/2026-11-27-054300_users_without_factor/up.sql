-- Who can sign in and has no second factor: few, where one is asked for.
CREATE INDEX users_without_factor ON users (id)
WHERE factors = 0 AND disabled_at IS NULL AND deleted_at IS NULL AND password_hash IS NOT NULL;
