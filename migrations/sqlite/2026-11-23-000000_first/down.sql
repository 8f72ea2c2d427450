DROP TABLE instance;
DROP TABLE audit_events;
DROP TABLE one_time_links;
DROP TABLE token_blocklist;
DROP TABLE session_steps;
DROP TABLE sessions;
DROP TABLE users;
