-- How often what happened in which hour. Written in the transaction of what is counted.
CREATE TABLE hourly_counts (
    -- When the hour began. Hours are those of UTC.
    hour BIGINT NOT NULL,
    -- signed_in, sign_in_failed, unknown_name, renewed, or ended_ followed by the reason.
    what TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (hour, what)
);

-- What is on record from before. Renewals and unknown names are not: they are counted from now on.
INSERT INTO hourly_counts (hour, what, count)
SELECT at - at % 3600, what, count(*) FROM audit_events WHERE what IN ('signed_in', 'sign_in_failed') GROUP BY 1, 2;

INSERT INTO hourly_counts (hour, what, count)
SELECT ended_at - ended_at % 3600, 'ended_' || end_reason, count(*) FROM sessions WHERE ended_at IS NOT NULL GROUP BY 1, 2;

INSERT INTO instance (name, value)
SELECT 'all_counted_since', floor(extract(epoch FROM now()))::bigint::text WHERE EXISTS (SELECT 1 FROM users);
