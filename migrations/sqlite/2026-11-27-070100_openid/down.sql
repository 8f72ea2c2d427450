DROP TABLE consents;
DROP TABLE grants;
DROP TABLE app_uris;
DROP TABLE app_openid;
