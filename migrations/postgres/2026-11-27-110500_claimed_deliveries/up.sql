-- Until when a server process has a delivery under way, which no other tries meanwhile. NULL: none has.
ALTER TABLE logout_deliveries ADD COLUMN claimed_until BIGINT;
