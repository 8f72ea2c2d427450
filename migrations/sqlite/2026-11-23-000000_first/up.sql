-- All times are seconds since the epoch and supplied by the program.

CREATE TABLE users (
    -- AUTOINCREMENT: the number of a deleted user, which may still stand in a token, never comes to mean another.
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    -- Case folded and normalised: what makes two spellings one name.
    canonical TEXT NOT NULL UNIQUE,
    -- Absent until the person has chosen one.
    password_hash TEXT,
    -- Counts the changes of the password, not of its hash's form.
    password_version BIGINT NOT NULL,
    role TEXT NOT NULL,
    disabled_at BIGINT,
    -- The cut-off: tokens of peers issued up to this moment are refused.
    tokens_valid_from BIGINT NOT NULL,
    locale TEXT,
    created_at BIGINT NOT NULL,
    password_changed_at BIGINT,
    last_login_at BIGINT,
    failed_attempts BIGINT NOT NULL,
    -- A session of theirs was ended because a spent token was shown, and they have not been told yet.
    untold_reuse_at BIGINT
);

CREATE TABLE sessions (
    sid TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    transport TEXT NOT NULL,
    remembered BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    auth_time BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- The latest `exp` of any access token the session was given.
    access_until BIGINT NOT NULL,
    -- Where it was last seen, address and browser.
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    -- How often it rotated; how many refresh tokens it was given, and which of them was the last of the generation before;
    -- since when the current one is in force.
    gen BIGINT NOT NULL,
    issue_count BIGINT NOT NULL,
    previous_issue BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    -- Whether a token of the current generation was ever seen in use.
    seen BOOLEAN NOT NULL,
    csrf_seed TEXT NOT NULL,
    -- How many rows of session_steps it has, and whether one of them is odd.
    steps BIGINT NOT NULL,
    odd BOOLEAN NOT NULL,
    ended_at BIGINT,
    end_reason TEXT,
    -- The user who ended it; NULL with an end: the program itself or the command line.
    ended_by BIGINT REFERENCES users (id),
    -- Names the act that ended it, and whatever else with it.
    receipt TEXT
);

-- One for each way to list open sessions, newest first: all, of a user, from an address, with an odd step.
CREATE INDEX sessions_open_newest ON sessions (created_at, sid) WHERE ended_at IS NULL;
CREATE INDEX sessions_open_of_user ON sessions (user_id, created_at, sid) WHERE ended_at IS NULL;
CREATE INDEX sessions_open_by_ip ON sessions (ip, created_at, sid) WHERE ended_at IS NULL;
CREATE INDEX sessions_open_odd ON sessions (created_at, sid) WHERE ended_at IS NULL AND odd;
-- And for ended ones: all, of a user, from an address, for a reason, with one act.
CREATE INDEX sessions_ended_newest ON sessions (ended_at, sid) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_ended_of_user ON sessions (user_id, ended_at, sid) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_ended_by_ip ON sessions (ip, ended_at, sid) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_ended_by_reason ON sessions (end_reason, ended_at, sid) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_of_receipt ON sessions (receipt, sid) WHERE receipt IS NOT NULL;
-- What has run out by itself, what has to be refused, and what is waited for.
CREATE INDEX sessions_open_by_expiry ON sessions (expires_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended_by_expiry ON sessions (expires_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_unseen ON sessions (sid, gen) WHERE NOT seen AND ended_at IS NULL;

-- A session's story. Repeated steps of one kind by one client are one row, so that a month of renewals stays a line.
CREATE TABLE session_steps (
    sid TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    -- From 0 on.
    nth BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- First and last time, and how often.
    at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    times BIGINT NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    -- Not what one expects of the same person's browser.
    odd BOOLEAN NOT NULL,
    PRIMARY KEY (sid, nth)
) WITHOUT ROWID;

CREATE TABLE token_blocklist (
    jti TEXT NOT NULL PRIMARY KEY,
    token_type TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- NULL: a token of a peer.
    sid TEXT,
    revoked_at BIGINT NOT NULL,
    -- NULL: the token never expires.
    expires_at BIGINT,
    reason TEXT NOT NULL,
    revoked_by BIGINT REFERENCES users (id)
);

CREATE INDEX token_blocklist_newest ON token_blocklist (revoked_at, jti);
CREATE INDEX token_blocklist_of_user ON token_blocklist (user_id, revoked_at, jti);
CREATE INDEX token_blocklist_by_reason ON token_blocklist (reason, revoked_at, jti);

CREATE TABLE one_time_links (
    -- SHA-256 of the token, in hexadecimal: the token itself is nowhere but in the link.
    hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE audit_events (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    -- Whom it happened to, and who did it; NULL: nobody we know, or the program itself.
    user_id BIGINT REFERENCES users (id),
    by_user BIGINT REFERENCES users (id),
    sid TEXT,
    ip TEXT,
    details TEXT
);

CREATE INDEX audit_events_of_user ON audit_events (user_id, id);

CREATE TRIGGER audit_events_are_not_changed BEFORE UPDATE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'audit events are append only');
END;

-- What belongs to this database as a whole: fingerprints of the keys that go with it, and how far a running server has
-- taken up what other processes changed.
CREATE TABLE instance (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
