-- Since when a user is here who was imported from another system, so that who has not signed in since can be found.
ALTER TABLE users ADD COLUMN imported_at BIGINT;
CREATE INDEX users_imported ON users (canonical) WHERE imported_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX users_to_move ON users (canonical)
WHERE imported_at IS NOT NULL AND last_login_at IS NULL AND deleted_at IS NULL;

-- The form is now all of a hash up to its last `$`: salts and digests that are brought along have other lengths than bcrypt's 53
-- characters, for which it comes to the same.
DROP TRIGGER password_forms_of_removed_users;
DROP TRIGGER password_forms_of_changed_users;
DROP TRIGGER password_forms_of_added_users;
DELETE FROM password_forms;

INSERT INTO password_forms (form, users)
SELECT rtrim(password_hash, replace(password_hash, '$', '')), count(*)
FROM users WHERE password_hash IS NOT NULL
GROUP BY 1;

CREATE TRIGGER password_forms_of_added_users AFTER INSERT ON users WHEN NEW.password_hash IS NOT NULL
BEGIN
    INSERT INTO password_forms (form, users)
    VALUES (rtrim(NEW.password_hash, replace(NEW.password_hash, '$', '')), 1)
    ON CONFLICT (form) DO UPDATE SET users = users + 1;
END;

CREATE TRIGGER password_forms_of_changed_users AFTER UPDATE OF password_hash ON users
WHEN NEW.password_hash IS NOT OLD.password_hash
BEGIN
    UPDATE password_forms SET users = users - 1
    WHERE form = rtrim(OLD.password_hash, replace(OLD.password_hash, '$', ''));
    INSERT INTO password_forms (form, users)
    SELECT rtrim(NEW.password_hash, replace(NEW.password_hash, '$', '')), 1 WHERE NEW.password_hash IS NOT NULL
    ON CONFLICT (form) DO UPDATE SET users = users + 1;
END;

CREATE TRIGGER password_forms_of_removed_users AFTER DELETE ON users WHEN OLD.password_hash IS NOT NULL
BEGIN
    UPDATE password_forms SET users = users - 1
    WHERE form = rtrim(OLD.password_hash, replace(OLD.password_hash, '$', ''));
END;
