-- The apps that take Portero's word: they ask about tokens, or stand behind a proxy that asks before each request.
CREATE TABLE apps (
    -- AUTOINCREMENT, here and below: the number of one that was removed never comes to mean another.
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- What the app names itself by when it asks.
    client_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    -- Whether it may ask about tokens of Portero's own sessions, and revoke them.
    introspects BOOLEAN NOT NULL,
    -- everyone, or listed: those in app_access
    allows TEXT NOT NULL,
    -- What people must have proved to enter: one or two factors, and in the last so many seconds.
    level TEXT NOT NULL,
    max_age BIGINT,
    -- Whether it is told who is there.
    sends_identity BOOLEAN NOT NULL,
    -- Whether everybody is let through, and only noted who would not be.
    observes BOOLEAN NOT NULL
);

-- Two are valid while an app changes over.
CREATE TABLE app_secrets (
    -- In the order in which they were made, which seconds don't tell.
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of the secret, in hexadecimal: 256 random bits need no slow hash.
    hash TEXT NOT NULL,
    app_id BIGINT NOT NULL REFERENCES apps (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX app_secrets_app ON app_secrets (app_id);

-- Where people reach the apps.
CREATE TABLE app_origins (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL UNIQUE,
    app_id BIGINT NOT NULL REFERENCES apps (id)
);
CREATE INDEX app_origins_app ON app_origins (app_id);

-- Who may enter, where not everybody may.
CREATE TABLE app_access (
    app_id BIGINT NOT NULL REFERENCES apps (id),
    -- user, group or admins
    kind TEXT NOT NULL,
    -- The user's id, or the group's name; empty for all admins.
    subject TEXT NOT NULL,
    PRIMARY KEY (app_id, kind, subject)
);

-- Beginnings of paths that anybody may ask for.
CREATE TABLE app_open_paths (
    app_id BIGINT NOT NULL REFERENCES apps (id),
    path TEXT NOT NULL,
    PRIMARY KEY (app_id, path)
);

INSERT INTO apps (client_id, name, created_at, introspects, allows, level, max_age, sends_identity, observes)
SELECT id, name, created_at, TRUE, 'everyone', 'one', NULL, TRUE, FALSE FROM clients ORDER BY created_at, id;

INSERT INTO app_secrets (hash, app_id, created_at)
SELECT clients.secret_hash, apps.id, clients.created_at FROM clients JOIN apps ON apps.client_id = clients.id;

DROP TABLE clients;
