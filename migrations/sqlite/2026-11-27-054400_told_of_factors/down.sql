ALTER TABLE users DROP COLUMN untold_factor_change_ip;
ALTER TABLE users DROP COLUMN untold_factor_change_at;
ALTER TABLE users DROP COLUMN untold_factor_change;
