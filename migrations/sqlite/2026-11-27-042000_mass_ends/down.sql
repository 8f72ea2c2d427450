DROP TABLE mass_ends;
