DROP TABLE past_nodes;
ALTER TABLE nodes DROP COLUMN joined_after;
