-- From which addresses a session was used: one row for each address in its story. So an admin finds a session by any of them, not only
-- by the last. Kept by triggers, so that it is right whoever writes.
CREATE TABLE session_addresses (
    sid TEXT COLLATE "C" NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    ip TEXT COLLATE "C" NOT NULL,
    -- Those of the session, because lists are ordered by them.
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (sid, ip)
);

INSERT INTO session_addresses (sid, ip, created_at, ended_at)
SELECT DISTINCT sessions.sid, session_steps.ip, sessions.created_at, sessions.ended_at
FROM session_steps JOIN sessions ON sessions.sid = session_steps.sid;

-- One for each way to list sessions from an address, newest first: open ones and ended ones.
CREATE INDEX session_addresses_open ON session_addresses (ip, created_at, sid) WHERE ended_at IS NULL;
CREATE INDEX session_addresses_ended ON session_addresses (ip, ended_at, sid) WHERE ended_at IS NOT NULL;
DROP INDEX sessions_open_by_ip;
DROP INDEX sessions_ended_by_ip;

CREATE FUNCTION note_session_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The last row of a very long story takes on one address after the other.
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM session_addresses WHERE sid = OLD.sid AND ip = OLD.ip
        AND NOT EXISTS (SELECT 1 FROM session_steps WHERE sid = OLD.sid AND ip = OLD.ip);
    END IF;
    INSERT INTO session_addresses (sid, ip, created_at, ended_at)
    SELECT sid, NEW.ip, created_at, ended_at FROM sessions WHERE sid = NEW.sid
    ON CONFLICT (sid, ip) DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER session_addresses_of_added_steps AFTER INSERT ON session_steps
FOR EACH ROW EXECUTE FUNCTION note_session_address();

CREATE TRIGGER session_addresses_of_changed_steps AFTER UPDATE OF ip ON session_steps
FOR EACH ROW WHEN (NEW.ip <> OLD.ip) EXECUTE FUNCTION note_session_address();

CREATE FUNCTION note_end_at_addresses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE session_addresses SET ended_at = NEW.ended_at WHERE sid = NEW.sid;
    RETURN NULL;
END
$$;

CREATE TRIGGER session_addresses_of_ended_sessions AFTER UPDATE OF ended_at ON sessions
FOR EACH ROW EXECUTE FUNCTION note_end_at_addresses();
