DELETE FROM instance WHERE name = 'all_counted_since';
DROP TABLE hourly_counts;
