-- Groups of people, for apps. (`groups` is a word of SQL's own.)
CREATE TABLE user_groups (
    -- AUTOINCREMENT: the number of one that was removed never comes to mean another.
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    -- The name in lower case: no two groups differ by that alone.
    canonical TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE user_group_members (
    id INTEGER NOT NULL PRIMARY KEY,
    -- No reference: a group is removed at once, and who was in it is deleted part by part.
    group_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    since BIGINT NOT NULL,
    UNIQUE (group_id, user_id)
);
CREATE INDEX user_group_members_user ON user_group_members (user_id);
