DROP INDEX past_names_by_skeleton;
DROP INDEX users_by_skeleton;
ALTER TABLE past_names DROP COLUMN skeleton;
ALTER TABLE users DROP COLUMN skeleton;
