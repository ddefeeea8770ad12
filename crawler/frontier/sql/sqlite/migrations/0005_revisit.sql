-- Visits: when the last one was, when the next one is due, how that time adapts.

ALTER TABLE urls ADD COLUMN visited_at INTEGER;
ALTER TABLE urls ADD COLUMN interval_ms INTEGER;
ALTER TABLE urls ADD COLUMN misses INTEGER NOT NULL DEFAULT 0;
DROP INDEX urls_ready;
CREATE INDEX urls_ready ON urls (host_id, priority, at, id) WHERE state = 0;
CREATE INDEX urls_later ON urls (at) WHERE state = 2 AND at IS NOT NULL;

DROP INDEX hosts_claimable;
DROP INDEX hosts_held;
ALTER TABLE hosts DROP COLUMN claimable;
ALTER TABLE hosts DROP COLUMN held;
ALTER TABLE hosts ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN claimable INTEGER GENERATED ALWAYS AS (
    ready > 0 AND asking = 0 AND leased < lease_limit
    AND (page_limit IS NULL OR pages + leased < page_limit OR again > 0)
) VIRTUAL;
ALTER TABLE hosts ADD COLUMN held INTEGER GENERATED ALWAYS AS (
    ready > again AND page_limit IS NOT NULL AND pages + leased >= page_limit
) VIRTUAL;
CREATE INDEX hosts_claimable ON hosts (next_at) WHERE claimable = 1;
CREATE INDEX hosts_held ON hosts (id) WHERE held = 1;
CREATE INDEX hosts_again ON hosts (next_at) WHERE again > 0;

INSERT OR IGNORE INTO counters (name, value) VALUES ('again', 0), ('later', 0);
