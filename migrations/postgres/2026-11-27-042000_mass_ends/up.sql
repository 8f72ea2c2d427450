-- Acts that end the sessions of everybody that began since a moment. Such an act is in force with its row here; the sessions' own rows
-- follow, a few at a time, so that nobody waits for a million of them. Then the row goes. It covers a session that had not ended and
-- began from `since` to `at`.
CREATE TABLE mass_ends (
    receipt TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    -- No session that was open then began later, whatever the clock said, and none that begins afterwards has this moment or an earlier one.
    at BIGINT NOT NULL,
    -- The session of whoever ended the others; empty: none is left out.
    except_sid TEXT COLLATE "C" NOT NULL,
    -- An admin or, if that is NULL, the operator.
    ended_by BIGINT,
    operator TEXT,
    ip TEXT,
    -- How many sessions are marked so far that could still be used.
    ended BIGINT NOT NULL
);
