-- What each commit has changed in the memory of whoever serves the database, for the nodes that did not make it. A row is written in the
-- transaction that it tells of. Only on PostgreSQL, with the setting cluster.lease: here the table stays empty.
CREATE TABLE changes (
    number INTEGER NOT NULL PRIMARY KEY,
    -- Random: after a failover that lost commits, another commit may have the same number.
    id BIGINT NOT NULL,
    -- Which process made it.
    node TEXT NOT NULL,
    -- When it was made, by the database's clock.
    at BIGINT NOT NULL,
    -- As src/blocklist/told.rs has it.
    words TEXT NOT NULL
);
CREATE INDEX changes_by_age ON changes (at);
