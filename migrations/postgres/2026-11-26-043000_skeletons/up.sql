-- What a name looks like (UTS 39): names with the same skeleton can be mistaken for each other. NULL: not worked out yet, which is done
-- at the start, because it needs the tables of Unicode.
ALTER TABLE users ADD COLUMN skeleton TEXT COLLATE "C";
ALTER TABLE past_names ADD COLUMN skeleton TEXT COLLATE "C";

CREATE INDEX users_by_skeleton ON users (skeleton);
CREATE INDEX past_names_by_skeleton ON past_names (skeleton);
