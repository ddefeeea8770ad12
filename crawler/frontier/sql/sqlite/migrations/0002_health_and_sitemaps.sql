-- Health of hosts, how long robots.txt has been out of reach, sitemaps among the URLs.

ALTER TABLE hosts ADD COLUMN own_delay_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN streak INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN failed_at INTEGER;
ALTER TABLE hosts ADD COLUMN last_failure TEXT;
ALTER TABLE hosts ADD COLUMN latency_ms INTEGER;
ALTER TABLE hosts ADD COLUMN throttled INTEGER NOT NULL DEFAULT 0;

ALTER TABLE origins ADD COLUMN failing_since INTEGER;
UPDATE origins SET failing_since = fetched_at WHERE failures > 0;

ALTER TABLE urls ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
CREATE INDEX urls_sitemaps ON urls (host_id) WHERE kind = 1;
