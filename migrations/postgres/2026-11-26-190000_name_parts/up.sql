-- What users are found by: each part of their names with what follows it, without regard to case and accents. An empty part says that
-- the user's parts are not worked out yet, which is done at the start, because it needs the tables of Unicode.
CREATE TABLE name_parts (
    part TEXT COLLATE "C" NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (part, user_id)
);

CREATE INDEX name_parts_of_user ON name_parts (user_id, part);

INSERT INTO name_parts (part, user_id) SELECT '', id FROM users;

-- One for each way to list users by name; `store/user_lists.rs` has the same expression.
CREATE INDEX users_by_state ON users (
    (CASE
        WHEN deleted_at IS NOT NULL THEN 'deleted'
        WHEN disabled_at IS NOT NULL THEN 'disabled'
        WHEN password_hash IS NULL THEN 'invited'
        ELSE 'enabled'
    END),
    canonical
);
CREATE INDEX users_by_role ON users (role, canonical);
DROP INDEX users_deleted;

-- How many users there are that are not deleted. Kept by triggers, so that it is right whoever writes, and no list has to count them.
CREATE TABLE users_present (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    users BIGINT NOT NULL
);

INSERT INTO users_present (one, users) SELECT 1, count(*) FROM users WHERE deleted_at IS NULL;

CREATE FUNCTION count_users_present() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before BIGINT := 0;
    after BIGINT := 0;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.deleted_at IS NULL THEN before := 1; END IF;
    IF TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL THEN after := 1; END IF;
    UPDATE users_present SET users = users + after - before;
    RETURN NULL;
END
$$;

CREATE TRIGGER users_present_added AFTER INSERT ON users
FOR EACH ROW WHEN (NEW.deleted_at IS NULL) EXECUTE FUNCTION count_users_present();

CREATE TRIGGER users_present_changed AFTER UPDATE OF deleted_at ON users
FOR EACH ROW WHEN ((NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL)) EXECUTE FUNCTION count_users_present();

CREATE TRIGGER users_present_removed AFTER DELETE ON users
FOR EACH ROW WHEN (OLD.deleted_at IS NULL) EXECUTE FUNCTION count_users_present();
