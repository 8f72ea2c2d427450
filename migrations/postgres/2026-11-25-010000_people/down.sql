DROP INDEX one_time_links_of_user;
DROP INDEX users_to_disable;
ALTER TABLE users DROP COLUMN deleted_at;
ALTER TABLE users DROP COLUMN disable_at;
DROP TABLE sign_in_failures;
