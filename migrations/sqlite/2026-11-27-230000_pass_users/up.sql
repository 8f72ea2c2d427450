-- Whose the pass is, so that a start need not look up the session of each.
ALTER TABLE passes ADD COLUMN user_id BIGINT NOT NULL DEFAULT 0;
UPDATE passes SET user_id = (SELECT user_id FROM sessions WHERE sessions.sid = passes.sid);
