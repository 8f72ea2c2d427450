DROP TABLE receipt_commits;
