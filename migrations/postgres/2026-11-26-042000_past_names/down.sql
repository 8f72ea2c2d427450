DROP TABLE past_names;
