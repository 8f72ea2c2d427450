-- What one of several nodes does for all. Whoever has claimed a job renews the claim with each beat; when it has run out, another node may
-- take it. Only with the setting cluster.lease.
CREATE TABLE claimed_jobs (
    job TEXT NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    -- By the database's clock.
    until BIGINT NOT NULL
);
