DROP INDEX audit_events_of_admins;
DROP INDEX users_admins;
