-- In which commit the act of a receipt was, so that the receipt can say on how many nodes it is enforced. Only with the setting
-- cluster.lease.
CREATE TABLE receipt_commits (
    receipt TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    -- When it was made, by the database's clock.
    at BIGINT NOT NULL,
    -- When every node was known to follow it, by the same clock. NULL: that is not known yet.
    everywhere_at BIGINT
);
CREATE INDEX receipt_commits_to_confirm ON receipt_commits (number) WHERE everywhere_at IS NULL;
CREATE INDEX receipt_commits_by_age ON receipt_commits (at);
