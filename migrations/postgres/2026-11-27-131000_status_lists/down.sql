ALTER TABLE app_openid DROP COLUMN reads_status_list;
DROP TABLE session_statuses;
DROP TABLE status_lists;
