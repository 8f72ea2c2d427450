-- Names that users had before they were renamed. Each stays its user's: nobody else can get it, and its user may take it back.
CREATE TABLE past_names (
    canonical TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- When its user got another name.
    until BIGINT NOT NULL
);

CREATE INDEX past_names_of_user ON past_names (user_id, until);
