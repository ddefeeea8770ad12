-- Parts that are sealed: packing, shipping, pruning.

-- name: unpacked_parts
-- Parts that may be packed, by number.
SELECT id, name, bytes, records, sealed, store_bytes, sealed_at, packed, shipped, pruned, ship_tries FROM parts
WHERE sealed = 1 AND packed IS NULL AND pruned = 0 AND bytes > 0 AND id > ?1 ORDER BY id LIMIT ?2;

-- name: set_packed
-- What the name of a part's file ends with; one that is pruned has none.
UPDATE parts SET packed = ?2 WHERE id = ?1 AND sealed = 1 AND pruned = 0;

-- name: unshipped_parts
-- Parts that the command is to take now, by number; with ?2 only those that are packed.
SELECT id, name, bytes, records, sealed, store_bytes, sealed_at, packed, shipped, pruned, ship_tries FROM parts
WHERE shipped = 0 AND bytes > 0 AND ship_due <= ?1 AND sealed = 1 AND pruned = 0 AND id > ?3
    AND (?2 = 0 OR packed IS NOT NULL)
ORDER BY id LIMIT ?4;

-- name: set_shipped
-- The command took a part; it may have taken its files away too.
UPDATE parts SET shipped = 1, ship_error = NULL, pruned = ?2 WHERE id = ?1;

-- name: set_ship_failed
-- The command failed: when it is tried again.
UPDATE parts SET ship_tries = ship_tries + 1, ship_error = ?2, ship_due = ?3 WHERE id = ?1 RETURNING ship_tries;

-- name: shipping
-- How many parts wait for the command, how many of them it failed with, and when the next is due.
SELECT count(*), coalesce(sum(ship_tries > 0), 0), min(ship_due) FROM parts WHERE shipped = 0 AND bytes > 0;

-- name: ship_trouble
-- Of the part that failed most often: how often, and how.
SELECT ship_tries, ship_error FROM parts WHERE shipped = 0 AND bytes > 0 AND ship_tries > 0
ORDER BY ship_tries DESC LIMIT 1;

-- name: refs_into
-- Which parts that are still there point into which of these.
SELECT refers_to, part FROM part_refs JOIN parts ON parts.id = part
WHERE pruned = 0 AND refers_to IN (SELECT value FROM json_each(?1));

-- name: sealed_among
-- Which of these parts nobody writes to.
SELECT id FROM parts WHERE sealed = 1 AND id IN (SELECT value FROM json_each(?1));

-- name: prune_parts
-- The files of these are to go; what was not shipped until then never is.
UPDATE parts SET pruned = 1, shipped = nullif(shipped, 0) WHERE id IN (SELECT value FROM json_each(?1));

-- name: pruned_among
-- Which of these parts are pruned.
SELECT id FROM parts WHERE pruned = 1 AND id IN (SELECT value FROM json_each(?1));

-- name: forget_bodies
-- No record is to point to bodies of these parts any more; a slice of the table, so that it is short.
DELETE FROM bodies WHERE content_hash >= ?2 AND content_hash < ?3
    AND (part IN (SELECT value FROM json_each(?1)) OR part IN (SELECT id FROM parts WHERE pruned = 1));
