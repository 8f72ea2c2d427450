-- A random UUID, by which a user can be known outside: unlike the id, it is never given to another user, not even after a restore
-- from a backup that lacks the newest users.
ALTER TABLE users ADD COLUMN uid TEXT NOT NULL DEFAULT '';

UPDATE users SET uid = lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2)
    || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6)));

CREATE UNIQUE INDEX users_uid ON users (uid);
