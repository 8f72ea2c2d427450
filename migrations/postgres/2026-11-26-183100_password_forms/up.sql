-- How many users have a password hash of which form. The form is the hash without its last 53 characters, salt and digest. Kept by
-- triggers, so that it is right whoever writes, and no sign-in has to count users.
CREATE TABLE password_forms (
    form TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    users BIGINT NOT NULL
);

INSERT INTO password_forms (form, users)
SELECT substr(password_hash, 1, length(password_hash) - 53), count(*)
FROM users WHERE password_hash IS NOT NULL
GROUP BY 1;

CREATE FUNCTION count_password_forms() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER password_forms_of_added_users AFTER INSERT ON users
FOR EACH ROW WHEN (NEW.password_hash IS NOT NULL) EXECUTE FUNCTION count_password_forms();

CREATE TRIGGER password_forms_of_changed_users AFTER UPDATE OF password_hash ON users
FOR EACH ROW WHEN (NEW.password_hash IS DISTINCT FROM OLD.password_hash) EXECUTE FUNCTION count_password_forms();

CREATE TRIGGER password_forms_of_removed_users AFTER DELETE ON users
FOR EACH ROW WHEN (OLD.password_hash IS NOT NULL) EXECUTE FUNCTION count_password_forms();
