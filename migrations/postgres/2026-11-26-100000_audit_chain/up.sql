-- The audit log anew, so that whoever changes it is found out: events are numbered without gaps, and each carries a MAC over itself and
-- the one before.
CREATE TABLE audit_events_numbered (
    n BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    -- Whom it happened to, and who did it; NULL: nobody we know, or the program itself.
    user_id BIGINT REFERENCES users (id),
    by_user BIGINT REFERENCES users (id),
    sid TEXT COLLATE "C",
    -- Cleared after a while. Its keyed hash stays: by it events from one address are still found together.
    ip TEXT COLLATE "C",
    ip_hash BYTEA,
    details TEXT,
    -- NULL: the event is from before there was this column. The next start seals it.
    mac BYTEA
);

INSERT INTO audit_events_numbered (n, at, what, user_id, by_user, sid, ip, details)
SELECT row_number() OVER (ORDER BY id), at, what, user_id, by_user, sid, ip, details FROM audit_events ORDER BY id;
DROP TABLE audit_events;
ALTER TABLE audit_events_numbered RENAME TO audit_events;

-- One for each way to list, newest first: all, whom it happened to, who did it, what, from where, in which session.
CREATE INDEX audit_events_newest ON audit_events (at, n);
CREATE INDEX audit_events_of_user ON audit_events (user_id, at, n) WHERE user_id IS NOT NULL;
CREATE INDEX audit_events_by_user ON audit_events (by_user, at, n) WHERE by_user IS NOT NULL;
CREATE INDEX audit_events_by_kind ON audit_events (what, at, n);
CREATE INDEX audit_events_by_ip ON audit_events (ip_hash, at, n) WHERE ip_hash IS NOT NULL;
CREATE INDEX audit_events_of_session ON audit_events (sid, at, n) WHERE sid IS NOT NULL;

-- The newest event, one row: written with it, so that no event is without one after it or this.
CREATE TABLE audit_head (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    n BIGINT NOT NULL,
    mac BYTEA NOT NULL
);

-- How far events have been let go because of their age, one row: the last of them, under a seal of its own.
CREATE TABLE audit_checkpoint (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    n BIGINT NOT NULL,
    mac BYTEA NOT NULL,
    seal BYTEA NOT NULL
);

-- An event stays as it is, except that it is sealed once and its address may go.
CREATE TRIGGER audit_events_are_not_changed BEFORE UPDATE ON audit_events FOR EACH ROW
WHEN (NOT (
    NEW.n = OLD.n AND NEW.at = OLD.at AND NEW.what = OLD.what AND NEW.user_id IS NOT DISTINCT FROM OLD.user_id
    AND NEW.by_user IS NOT DISTINCT FROM OLD.by_user AND NEW.sid IS NOT DISTINCT FROM OLD.sid
    AND NEW.details IS NOT DISTINCT FROM OLD.details AND (NEW.ip IS NOT DISTINCT FROM OLD.ip OR NEW.ip IS NULL)
    AND ((NEW.mac IS NOT DISTINCT FROM OLD.mac AND NEW.ip_hash IS NOT DISTINCT FROM OLD.ip_hash) OR OLD.mac IS NULL)
))
EXECUTE FUNCTION audit_events_are_append_only();

CREATE FUNCTION audit_events_stay_until_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_checkpoint WHERE n >= OLD.n) THEN
        RAISE EXCEPTION 'audit events are append only';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER audit_events_are_not_removed BEFORE DELETE ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_events_stay_until_checkpoint();
