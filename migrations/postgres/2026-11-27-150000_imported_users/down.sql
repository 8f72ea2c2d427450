DELETE FROM password_forms;

INSERT INTO password_forms (form, users)
SELECT substr(password_hash, 1, greatest(length(password_hash) - 53, 0)), count(*)
FROM users WHERE password_hash IS NOT NULL
GROUP BY 1;

CREATE OR REPLACE FUNCTION count_password_forms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.password_hash IS NOT NULL THEN
        UPDATE password_forms SET users = users - 1
        WHERE form = substr(OLD.password_hash, 1, greatest(length(OLD.password_hash) - 53, 0));
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.password_hash IS NOT NULL THEN
        INSERT INTO password_forms AS forms (form, users)
        VALUES (substr(NEW.password_hash, 1, greatest(length(NEW.password_hash) - 53, 0)), 1)
        ON CONFLICT (form) DO UPDATE SET users = forms.users + 1;
    END IF;
    RETURN NULL;
END
$$;

DROP INDEX users_to_move;
DROP INDEX users_imported;
ALTER TABLE users DROP COLUMN imported_at;
