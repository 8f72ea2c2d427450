-- The keys that sign tokens and those that verify beside them. The keys themselves lie in files of the data folder.
CREATE TABLE signing_keys (
    -- In the order in which they were made, which seconds don't tell.
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- As tokens name it.
    kid TEXT NOT NULL UNIQUE,
    algorithm TEXT NOT NULL,
    -- pending, signing or verify_only
    state TEXT NOT NULL,
    -- In the data folder.
    file TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Since when it is in this state.
    since BIGINT NOT NULL
);

CREATE UNIQUE INDEX signing_keys_one_signs ON signing_keys (state) WHERE state = 'signing';

-- The apps that may ask about tokens and revoke them.
CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- SHA-256 of the secret, in hexadecimal: 256 random bits need no slow hash.
    secret_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
