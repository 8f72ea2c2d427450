-- Wrong passwords of strangers, by account, existing or not: the name is a keyed hash, for people type passwords there.
CREATE TABLE sign_in_failures (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    -- When the first of them was; a day later they count no more.
    since BIGINT NOT NULL
);

CREATE INDEX sign_in_failures_oldest ON sign_in_failures (since);

-- From when on the user can't sign in, if an admin has set a date.
ALTER TABLE users ADD COLUMN disable_at BIGINT;
-- The account is gone; the row stays so that nobody can bear the name again.
ALTER TABLE users ADD COLUMN deleted_at BIGINT;

CREATE INDEX users_to_disable ON users (disable_at) WHERE disable_at IS NOT NULL;
CREATE INDEX one_time_links_of_user ON one_time_links (user_id) WHERE user_id IS NOT NULL;
