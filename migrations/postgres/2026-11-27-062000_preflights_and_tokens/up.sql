-- Whether a browser may ask the app, without a pass, what another site's page may send.
ALTER TABLE apps ADD COLUMN passes_preflights BOOLEAN NOT NULL DEFAULT FALSE;
-- Whether programs may show an access token in place of a pass.
ALTER TABLE apps ADD COLUMN takes_tokens BOOLEAN NOT NULL DEFAULT FALSE;
