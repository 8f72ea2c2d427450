-- A random UUID, by which a user can be known outside: unlike the id, it is never given to another user, not even after a restore
-- from a backup that lacks the newest users.
ALTER TABLE users ADD COLUMN uid TEXT COLLATE "C" NOT NULL DEFAULT '';

UPDATE users SET uid = gen_random_uuid()::text;

CREATE UNIQUE INDEX users_uid ON users (uid);
