ALTER TABLE apps DROP COLUMN takes_tokens;
ALTER TABLE apps DROP COLUMN passes_preflights;
