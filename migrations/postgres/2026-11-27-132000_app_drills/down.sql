DROP TABLE drill_accounts;
DROP TABLE app_drills;
