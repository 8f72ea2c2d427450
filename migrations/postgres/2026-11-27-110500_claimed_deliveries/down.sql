ALTER TABLE logout_deliveries DROP COLUMN claimed_until;
