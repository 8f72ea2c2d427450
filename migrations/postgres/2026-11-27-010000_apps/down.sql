CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
INSERT INTO clients (id, name, secret_hash, created_at)
SELECT apps.client_id, apps.name, MAX(app_secrets.hash), apps.created_at
FROM apps JOIN app_secrets ON app_secrets.app_id = apps.id
WHERE apps.introspects GROUP BY apps.client_id, apps.name, apps.created_at;
DROP TABLE app_open_paths;
DROP TABLE app_access;
DROP TABLE app_origins;
DROP TABLE app_secrets;
DROP TABLE apps;
