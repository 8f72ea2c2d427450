-- What a factor that is a passkey has besides.
CREATE TABLE passkeys (
    factor_id BIGINT NOT NULL PRIMARY KEY REFERENCES factors (id),
    -- In Base64url. No two people have the same.
    credential_id TEXT NOT NULL UNIQUE,
    -- The public key and what else was registered with it: JSON of the crate webauthn-rs.
    credential TEXT NOT NULL,
    -- How often it was used, as its authenticator counts; 0 where that does not count.
    counter BIGINT NOT NULL,
    -- Whether it may be copied to other devices, and whether it has been.
    may_be_copied BOOLEAN NOT NULL,
    backed_up BOOLEAN NOT NULL,
    -- The host that it was made for. It works for no other.
    host TEXT NOT NULL,
    -- When it was last shown with a count that had gone back, as that of a copy does. NULL: never.
    marked_at BIGINT,
    -- Whether the person has been told of that.
    told BOOLEAN NOT NULL
);

-- Challenges for passkeys that led to something: what was answered once is refused until it would be too late anyway.
CREATE TABLE spent_challenges (
    id TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX spent_challenges_expiry ON spent_challenges (expires_at);
