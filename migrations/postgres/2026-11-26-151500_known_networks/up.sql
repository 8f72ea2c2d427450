-- The networks from which an account was signed in to, each with the last time and the password's version of then. Not taken from the
-- sessions: their addresses are those of their last use, and a program may have thousands of them.
CREATE TABLE known_networks (
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- Such as 192.0.2.0/24 or 2001:db8::/64.
    network TEXT COLLATE "C" NOT NULL,
    password_version BIGINT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, network)
);

CREATE INDEX known_networks_oldest ON known_networks (signed_in_at);
