-- How many second factors a user has, recovery codes not counted, and how often they have changed.
ALTER TABLE users ADD COLUMN factors BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN factors_version BIGINT NOT NULL DEFAULT 0;

-- By what the person has proved who they are (RFC 8176), and when they last gave a second factor.
ALTER TABLE sessions ADD COLUMN amr TEXT NOT NULL DEFAULT 'pwd';
ALTER TABLE sessions ADD COLUMN factor_time BIGINT;

CREATE TABLE factors (
    -- AUTOINCREMENT: the number of one that was removed never comes to mean another.
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    -- As the person calls it.
    name TEXT NOT NULL,
    -- Sealed under the key for factors.
    secret BLOB NOT NULL,
    -- TOTP: the newest time step whose code was accepted.
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL: it does not count yet.
    active_since BIGINT,
    last_used_at BIGINT,
    last_used_ip TEXT,
    last_used_agent TEXT
);
CREATE INDEX factors_user ON factors (user_id);

CREATE TABLE recovery_codes (
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- Keyed.
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, hash)
);

-- Sign-ins for which a password was right and a second factor is still to come.
CREATE TABLE sign_in_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    began_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Wrong codes.
    tries BIGINT NOT NULL,
    -- Whether it came from a browser that the account had signed in with under the factors that it had.
    from_known_browser BOOLEAN NOT NULL,
    -- Whether it led to a session.
    spent BOOLEAN NOT NULL,
    -- Whether the person has been told that it was given up.
    told BOOLEAN NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL
);
CREATE INDEX sign_in_attempts_user ON sign_in_attempts (user_id, began_at);
CREATE INDEX sign_in_attempts_age ON sign_in_attempts (began_at);
