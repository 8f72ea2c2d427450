-- What admins note about a user.
ALTER TABLE users ADD COLUMN display_name TEXT;
ALTER TABLE users ADD COLUMN mail TEXT;
-- What makes two spellings one address. A deleted user has none, so that somebody else can have it.
ALTER TABLE users ADD COLUMN mail_canonical TEXT COLLATE "C";
-- Since when the address is known to be the user's.
ALTER TABLE users ADD COLUMN mail_verified_at BIGINT;
ALTER TABLE users ADD COLUMN notes TEXT;

CREATE UNIQUE INDEX users_mail ON users (mail_canonical);
