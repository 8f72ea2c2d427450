DROP TRIGGER audit_events_are_not_removed;
DROP TRIGGER audit_events_are_not_changed;
CREATE TABLE audit_events_with_id (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    by_user BIGINT REFERENCES users (id),
    sid TEXT,
    ip TEXT,
    details TEXT
);
INSERT INTO audit_events_with_id SELECT n, at, what, user_id, by_user, sid, ip, details FROM audit_events;
DROP TABLE audit_events;
ALTER TABLE audit_events_with_id RENAME TO audit_events;
CREATE INDEX audit_events_of_user ON audit_events (user_id, id);
CREATE TRIGGER audit_events_are_not_changed BEFORE UPDATE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'audit events are append only');
END;
DROP TABLE audit_head;
DROP TABLE audit_checkpoint;
