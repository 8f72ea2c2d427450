DROP TRIGGER session_addresses_of_ended_sessions;
DROP TRIGGER session_addresses_of_changed_steps;
DROP TRIGGER session_addresses_of_added_steps;
DROP TABLE session_addresses;
CREATE INDEX sessions_open_by_ip ON sessions (ip, created_at, sid) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended_by_ip ON sessions (ip, ended_at, sid) WHERE ended_at IS NOT NULL;
