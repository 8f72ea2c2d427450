-- Browsers in which a user is not asked for the second factor at a sign-in.
CREATE TABLE trusted_browsers (
    -- AUTOINCREMENT: the number of one that was forgotten never comes to mean another.
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- The id in the browser's device cookie.
    device TEXT NOT NULL UNIQUE,
    -- Those under which the second factor was given. Under any other the row says nothing.
    password_version BIGINT NOT NULL,
    factors_version BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    -- The session that began there last, when, and from where.
    sid TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL
);
CREATE INDEX trusted_browsers_user ON trusted_browsers (user_id);
CREATE INDEX trusted_browsers_sid ON trusted_browsers (sid);
CREATE INDEX trusted_browsers_until ON trusted_browsers (until);
