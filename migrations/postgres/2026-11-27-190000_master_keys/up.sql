-- Under which of the master keys that each node is given the row is sealed: its id, a colon and its fingerprint. NULL: it is sealed with the
-- pepper, for the other nodes' data folders. Under master keys, the pepper itself is such a row, and so is each key: no folder has them.
ALTER TABLE shared_keys ADD COLUMN master_key TEXT;
