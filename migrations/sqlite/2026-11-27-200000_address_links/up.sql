-- The address that a link of the purpose confirm_address was mailed to: whoever uses it has that address. NULL: the link is for something else.
ALTER TABLE one_time_links ADD COLUMN address TEXT;
