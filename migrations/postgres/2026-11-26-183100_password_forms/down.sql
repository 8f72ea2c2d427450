DROP TRIGGER password_forms_of_removed_users ON users;
DROP TRIGGER password_forms_of_changed_users ON users;
DROP TRIGGER password_forms_of_added_users ON users;
DROP FUNCTION count_password_forms();
DROP TABLE password_forms;
