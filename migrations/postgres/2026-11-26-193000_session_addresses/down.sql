DROP TRIGGER session_addresses_of_ended_sessions ON sessions;
DROP TRIGGER session_addresses_of_changed_steps ON session_steps;
DROP TRIGGER session_addresses_of_added_steps ON session_steps;
DROP FUNCTION note_end_at_addresses();
DROP FUNCTION note_session_address();
DROP TABLE session_addresses;
CREATE INDEX sessions_open_by_ip ON sessions (ip, created_at, sid) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended_by_ip ON sessions (ip, ended_at, sid) WHERE ended_at IS NOT NULL;
