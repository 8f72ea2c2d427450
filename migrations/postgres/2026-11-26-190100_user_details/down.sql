DROP INDEX users_mail;
ALTER TABLE users DROP COLUMN notes;
ALTER TABLE users DROP COLUMN mail_verified_at;
ALTER TABLE users DROP COLUMN mail_canonical;
ALTER TABLE users DROP COLUMN mail;
ALTER TABLE users DROP COLUMN display_name;
