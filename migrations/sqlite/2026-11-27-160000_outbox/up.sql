-- Mails that are to be sent. A row is written in the transaction of the act that it tells of.
CREATE TABLE outbox (
    -- In the order in which they were written, which seconds don't tell.
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- Random: in the mail's Message-ID, and the place for which it is sealed.
    uid TEXT NOT NULL UNIQUE,
    -- What the mail tells of. One act is told once.
    act TEXT NOT NULL UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    -- From then on the mail is of no use, and it is not tried any more.
    expires_at BIGINT NOT NULL,
    -- Whom it goes to and what it says, sealed. NULL: it was sent or given up.
    sealed BLOB,
    -- How often it was tried.
    tries BIGINT NOT NULL,
    -- When it is tried next; 0: at once. NULL: no more.
    next_try_at BIGINT,
    -- Until when a server process has it under way, which no other tries meanwhile. NULL: none has.
    claimed_until BIGINT,
    sent_at BIGINT,
    -- What the last try came to, and the status of the server's answer, if there was one.
    outcome TEXT,
    status BIGINT,
    -- The hash of the one-time link in it, and of the address it goes to.
    link_hash TEXT,
    address_hash TEXT NOT NULL,
    -- The hash of what its "This wasn't me" needs, and when that was used. NULL: it has none.
    report_hash TEXT UNIQUE,
    reported_at BIGINT
);
CREATE INDEX outbox_due ON outbox (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX outbox_user ON outbox (user_id, kind, made_at);
CREATE INDEX outbox_age ON outbox (made_at);
CREATE INDEX outbox_link ON outbox (link_hash) WHERE link_hash IS NOT NULL;
