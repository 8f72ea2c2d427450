-- What the last drill of an app has shown: whether it refuses a session that has ended.
CREATE TABLE app_drills (
    app_id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    -- refused or still_let_in
    outcome TEXT NOT NULL,
    -- For how long after the end it let the session in, or was asked, in milliseconds; and how often it let it in.
    lasted_ms BIGINT NOT NULL,
    let_in BIGINT NOT NULL,
    acknowledged BOOLEAN NOT NULL
);

-- The accounts that drills make, until they are deleted. After `until` the drill was broken off.
CREATE TABLE drill_accounts (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    until BIGINT NOT NULL
);
