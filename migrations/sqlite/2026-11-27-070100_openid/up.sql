-- How an app signs people in by OpenID Connect. An app without a row does not.
CREATE TABLE app_openid (
    app_id BIGINT NOT NULL PRIMARY KEY REFERENCES apps (id),
    -- Whether it can keep no secret.
    is_public BOOLEAN NOT NULL,
    -- Whether nobody is asked if it may know who they are.
    is_trusted BOOLEAN NOT NULL,
    needs_pkce BOOLEAN NOT NULL,
    -- RS256 or ES256
    algorithm TEXT NOT NULL,
    -- Whether ID tokens say what /userinfo says.
    tells_in_id_token BOOLEAN NOT NULL
);

-- Where an app's answers may go.
CREATE TABLE app_uris (
    app_id BIGINT NOT NULL REFERENCES apps (id),
    -- redirect or post_logout
    kind TEXT NOT NULL,
    uri TEXT NOT NULL,
    PRIMARY KEY (app_id, kind, uri)
);

-- What apps were given by OpenID Connect: first a code, and once that is redeemed, tokens. Each ends with its session.
CREATE TABLE grants (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of the code, in hexadecimal.
    code_hash TEXT NOT NULL UNIQUE,
    sid TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    app_id BIGINT NOT NULL,
    -- Where the code was sent.
    redirect_uri TEXT NOT NULL,
    -- SHA-256 of the verifier that has to come with the code, in base64url; NULL: none.
    challenge TEXT,
    nonce TEXT,
    scopes TEXT NOT NULL,
    -- What the session had proved when the code was made, and when.
    amr TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    factor_time BIGINT,
    made_at BIGINT NOT NULL,
    -- NULL: the code is not redeemed.
    redeemed_at BIGINT,
    -- How often the refresh token was replaced.
    refreshes BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX grants_session ON grants (sid);
CREATE INDEX grants_app ON grants (app_id);
CREATE INDEX grants_made ON grants (made_at);

-- What people have agreed to tell an app.
CREATE TABLE consents (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    app_id BIGINT NOT NULL,
    scopes TEXT NOT NULL,
    agreed_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, app_id)
);
