-- What admins and operators did to others: few events among many. The same words as in store/audit/admin_acts.rs, or the
-- index is not used there.
CREATE INDEX audit_events_of_admins ON audit_events (at, n)
WHERE (by_user <> user_id OR (by_user IS NOT NULL AND user_id IS NULL) OR details LIKE '%"operator":%')
    AND coalesce(details, '') NOT LIKE '%"reason":"replaced"%';

-- Few users among many, who are counted.
CREATE INDEX users_admins ON users (id) WHERE role = 'admin';
