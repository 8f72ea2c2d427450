-- The nodes that serve this database. An act is answered when each of them follows it, or when none can hold a lease any more that began
-- before it. Only on PostgreSQL, with the setting cluster.lease: here the table stays empty. A row is there from before its node loads anything until it leaves or is struck off.
CREATE TABLE nodes (
    -- Made at random at each start.
    node TEXT NOT NULL PRIMARY KEY,
    -- Where it listens.
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    -- Those that all nodes must agree upon.
    settings TEXT NOT NULL,
    -- In seconds.
    lease BIGINT NOT NULL,
    -- The number of the last commit whose changes it has in memory. NULL: it is still loading.
    follows BIGINT,
    -- Counts its beats; when the last one was, and when it joined, by the database's clock.
    beat BIGINT NOT NULL,
    beat_at BIGINT NOT NULL,
    joined_at BIGINT NOT NULL
);

-- Key files that were made on one node, sealed, for the other nodes' data folders.
CREATE TABLE shared_keys (
    file TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
);
