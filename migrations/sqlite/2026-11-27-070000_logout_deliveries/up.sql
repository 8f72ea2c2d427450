-- Where the app is told that a session in which somebody entered it has ended. NULL: nowhere.
ALTER TABLE apps ADD COLUMN backchannel_logout_uri TEXT;

-- What apps are told of sessions that ended, each of each. A row is written in the transaction that ends the session.
CREATE TABLE logout_deliveries (
    -- In the order in which they were written, which seconds don't tell.
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- NULL: an admin tries out whether the app can be told.
    sid TEXT REFERENCES sessions (sid) ON DELETE CASCADE,
    app_id BIGINT NOT NULL,
    -- As it was called then.
    app_name TEXT NOT NULL,
    -- When the session ended.
    made_at BIGINT NOT NULL,
    -- By then every token of the session has expired that the app could accept without asking Portero.
    accepted_until BIGINT NOT NULL,
    -- How often it was tried.
    tries BIGINT NOT NULL,
    -- When it is tried next; 0: at once. NULL: no more.
    next_try_at BIGINT,
    -- When the app last answered, whatever it said.
    told_at BIGINT,
    acknowledged_at BIGINT,
    -- What the last try came to, and the status of the app's answer, if there was one.
    outcome TEXT,
    status BIGINT
);
CREATE INDEX logout_deliveries_session ON logout_deliveries (sid);
CREATE INDEX logout_deliveries_due ON logout_deliveries (app_id, next_try_at);
