DROP TABLE app_entries;
DROP TABLE gate_codes;
DROP TABLE passes;
