-- The lists in which apps look up whether a session has ended. Only the newest one still takes sessions.
CREATE TABLE status_lists (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- How many of its places were given to sessions.
    given BIGINT NOT NULL,
    -- By then all tokens of the sessions in it have expired.
    until BIGINT NOT NULL
);

-- The place of a session in them, for sessions of which an app may look it up: list and index in one number.
CREATE TABLE session_statuses (
    sid TEXT NOT NULL PRIMARY KEY REFERENCES sessions (sid) ON DELETE CASCADE,
    number BIGINT NOT NULL UNIQUE
);

-- Whether the app's ID tokens say where its session stands in the lists.
ALTER TABLE app_openid ADD COLUMN reads_status_list BOOLEAN NOT NULL DEFAULT FALSE;
