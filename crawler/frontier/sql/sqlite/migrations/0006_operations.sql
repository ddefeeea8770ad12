-- Hosts that a person halted, parts that were packed, shipped and pruned, pages that a sitemap names.

DROP INDEX hosts_claimable;
ALTER TABLE hosts DROP COLUMN claimable;
ALTER TABLE hosts ADD COLUMN halted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN claimable INTEGER GENERATED ALWAYS AS (
    ready > 0 AND asking = 0 AND halted = 0 AND leased < lease_limit
    AND (page_limit IS NULL OR pages + leased < page_limit OR again > 0)
) VIRTUAL;
CREATE INDEX hosts_claimable ON hosts (next_at) WHERE claimable = 1;
CREATE INDEX hosts_halted ON hosts (id) WHERE halted = 1;

-- packed: NULL as it was written, else its file's ending ('.zst'). shipped: 0 to be handed to the
-- command, 1 taken, NULL nothing to do (sealed by a run without a command). pruned: files are gone.
ALTER TABLE parts ADD COLUMN sealed_at INTEGER;
ALTER TABLE parts ADD COLUMN packed TEXT;
ALTER TABLE parts ADD COLUMN shipped INTEGER;
ALTER TABLE parts ADD COLUMN ship_tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE parts ADD COLUMN ship_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE parts ADD COLUMN ship_error TEXT;
ALTER TABLE parts ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX parts_unpacked ON parts (id) WHERE sealed = 1 AND packed IS NULL AND pruned = 0 AND bytes > 0;
CREATE INDEX parts_unshipped ON parts (ship_due) WHERE shipped = 0 AND bytes > 0;

-- listed: a sitemap names it. Of earlier versions only those are known that were found there first.
ALTER TABLE urls ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
UPDATE urls SET listed = 1 WHERE kind <> 1 AND parent IN (SELECT id FROM urls WHERE kind = 1);

-- What waits or is dead, by host: of a host with millions of URLs the first are found at once.
CREATE INDEX urls_stuck ON urls (host_id, state, id) WHERE state >= 3;
