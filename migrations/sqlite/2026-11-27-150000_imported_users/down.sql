DROP TRIGGER password_forms_of_removed_users;
DROP TRIGGER password_forms_of_changed_users;
DROP TRIGGER password_forms_of_added_users;
DELETE FROM password_forms;

INSERT INTO password_forms (form, users)
SELECT substr(password_hash, 1, length(password_hash) - 53), count(*)
FROM users WHERE password_hash IS NOT NULL
GROUP BY 1;

CREATE TRIGGER password_forms_of_added_users AFTER INSERT ON users WHEN NEW.password_hash IS NOT NULL
BEGIN
    INSERT INTO password_forms (form, users) VALUES (substr(NEW.password_hash, 1, length(NEW.password_hash) - 53), 1)
    ON CONFLICT (form) DO UPDATE SET users = users + 1;
END;

CREATE TRIGGER password_forms_of_changed_users AFTER UPDATE OF password_hash ON users
WHEN NEW.password_hash IS NOT OLD.password_hash
BEGIN
    UPDATE password_forms SET users = users - 1
    WHERE form = substr(OLD.password_hash, 1, length(OLD.password_hash) - 53);
    INSERT INTO password_forms (form, users)
    SELECT substr(NEW.password_hash, 1, length(NEW.password_hash) - 53), 1 WHERE NEW.password_hash IS NOT NULL
    ON CONFLICT (form) DO UPDATE SET users = users + 1;
END;

CREATE TRIGGER password_forms_of_removed_users AFTER DELETE ON users WHEN OLD.password_hash IS NOT NULL
BEGIN
    UPDATE password_forms SET users = users - 1
    WHERE form = substr(OLD.password_hash, 1, length(OLD.password_hash) - 53);
END;

DROP INDEX users_to_move;
DROP INDEX users_imported;
ALTER TABLE users DROP COLUMN imported_at;
