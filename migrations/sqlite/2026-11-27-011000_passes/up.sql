-- What browsers hold at the hosts of apps, each bound to the session by which it was given.
CREATE TABLE passes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- The first 128 bits of the SHA-256 of what the browser holds, in hexadecimal.
    hash TEXT NOT NULL UNIQUE,
    sid TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    origin_id BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- What the session had proved when the pass was given, and when.
    amr TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    factor_time BIGINT
);
CREATE INDEX passes_session ON passes (sid);
CREATE INDEX passes_expiry ON passes (expires_at);

-- On the way from Portero to an app: each is good once, for seconds.
CREATE TABLE gate_codes (
    -- SHA-256 of the code, in hexadecimal.
    hash TEXT NOT NULL PRIMARY KEY,
    sid TEXT NOT NULL,
    origin_id BIGINT NOT NULL,
    -- Of the nonce that the browser holds at the app's host.
    nonce_hash TEXT NOT NULL,
    -- The page that was asked for.
    path TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX gate_codes_expiry ON gate_codes (expires_at);

-- Which apps were entered in a session.
CREATE TABLE app_entries (
    sid TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    app_id BIGINT NOT NULL,
    -- As it was called then.
    app_name TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (sid, app_id)
);
