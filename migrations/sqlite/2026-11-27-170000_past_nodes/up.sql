-- The number of the last commit before the node joined.
ALTER TABLE nodes ADD COLUMN joined_after BIGINT NOT NULL DEFAULT 0;

-- Nodes that have left or were struck off, as their rows were: pages and receipts tell of moments when they were there.
CREATE TABLE past_nodes (
    id INTEGER NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    lease BIGINT NOT NULL,
    follows BIGINT,
    beat_at BIGINT NOT NULL,
    joined_after BIGINT NOT NULL,
    -- When it went, by the database's clock, and the number of the last commit before that.
    gone_at BIGINT NOT NULL,
    gone_after BIGINT NOT NULL,
    -- Whether others have struck it off, because it was silent.
    struck_off BOOLEAN NOT NULL
);
CREATE INDEX past_nodes_by_age ON past_nodes (gone_at);
