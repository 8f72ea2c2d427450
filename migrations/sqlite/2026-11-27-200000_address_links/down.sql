DELETE FROM one_time_links WHERE purpose = 'confirm_address';
ALTER TABLE one_time_links DROP COLUMN address;
