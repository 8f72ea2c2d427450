DROP TABLE claimed_jobs;
