DROP TRIGGER users_present_removed ON users;
DROP TRIGGER users_present_changed ON users;
DROP TRIGGER users_present_added ON users;
DROP FUNCTION count_users_present();
DROP TABLE users_present;
CREATE INDEX users_deleted ON users (canonical) WHERE deleted_at IS NOT NULL;
DROP INDEX users_by_role;
DROP INDEX users_by_state;
DROP TABLE name_parts;
