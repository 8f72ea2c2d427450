-- The list of deleted users, by name: there are few of them among many.
CREATE INDEX users_deleted ON users (canonical) WHERE deleted_at IS NOT NULL;
