DROP INDEX users_without_factor;
