-- Since when a user is here who was imported from another system, so that who has not signed in since can be found.
ALTER TABLE users ADD COLUMN imported_at BIGINT;
CREATE INDEX users_imported ON users (canonical) WHERE imported_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX users_to_move ON users (canonical)
WHERE imported_at IS NOT NULL AND last_login_at IS NULL AND deleted_at IS NULL;

-- The form is now all of a hash up to its last `$`: salts and digests that are brought along have other lengths than bcrypt's 53
-- characters, for which it comes to the same.
DELETE FROM password_forms;

INSERT INTO password_forms (form, users)
SELECT rtrim(password_hash, replace(password_hash, '$', '')), count(*)
FROM users WHERE password_hash IS NOT NULL
GROUP BY 1;

CREATE OR REPLACE FUNCTION count_password_forms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.password_hash IS NOT NULL THEN
        UPDATE password_forms SET users = users - 1
        WHERE form = rtrim(OLD.password_hash, replace(OLD.password_hash, '$', ''));
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.password_hash IS NOT NULL THEN
        INSERT INTO password_forms AS forms (form, users)
        VALUES (rtrim(NEW.password_hash, replace(NEW.password_hash, '$', '')), 1)
        ON CONFLICT (form) DO UPDATE SET users = forms.users + 1;
    END IF;
    RETURN NULL;
END
$$;
