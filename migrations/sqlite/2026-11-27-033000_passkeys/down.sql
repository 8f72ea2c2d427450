DROP TABLE spent_challenges;
DROP TABLE passkeys;
DELETE FROM factors WHERE kind = 'passkey';
UPDATE users SET factors = (SELECT COUNT(*) FROM factors WHERE user_id = users.id AND active_since IS NOT NULL);
