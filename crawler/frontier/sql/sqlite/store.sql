-- Opening the file, its settings, its parts.

-- name: read_marks
-- Whose database it is, as of one moment: it may be made just now.
SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
FROM pragma_application_id, pragma_user_version;

-- name: read_meta
-- Everything that is stored by name.
SELECT name, value FROM meta;

-- name: write_meta
-- Store a value by name, over an older one.
INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: add_counter
-- Add to a counter, which need not exist yet.
INSERT INTO counters (name, value) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;

-- name: read_counters
-- All counters.
SELECT name, value FROM counters;

-- name: next_in_sequence
-- Take ?2 numbers of a sequence; returns the first number after them.
UPDATE sequences SET value = value + ?2 WHERE name = ?1 RETURNING value;

-- name: next_epoch
-- Leases of a new start: above all ids of earlier ones, even of those a power loss made forgotten.
UPDATE sequences SET value = ((value >> 32) + 1) << 32 WHERE name = 'lease';

-- name: apply_options
-- Delay and budgets of this run, for all hosts; a longer delay holds from the last start on.
UPDATE hosts SET
    own_delay_ms = :delay_ms,
    delay_ms = max(:delay_ms, crawl_delay_ms, min(:cap_ms, :factor * coalesce(latency_ms, 0))),
    lease_limit = :lease_limit,
    page_limit = :page_limit;

-- name: apply_host_terms
-- Delay and budgets of this run for one host that has terms of its own.
UPDATE hosts SET
    own_delay_ms = :delay_ms,
    delay_ms = max(:delay_ms, crawl_delay_ms, min(:cap_ms, :factor * coalesce(latency_ms, 0))),
    lease_limit = :lease_limit,
    page_limit = :page_limit
WHERE id = :host_id;

-- name: apply_delays
-- What follows from the delays of this run: one request at a time, and not before the delay has passed.
UPDATE hosts SET lease_limit = 1, next_at = max(next_at, last_start + delay_ms) WHERE delay_ms > 0;

-- name: add_root
-- A scope root, once.
INSERT INTO roots (url) VALUES (?1) ON CONFLICT DO NOTHING;

-- name: read_roots
-- Scope roots in the order they came.
SELECT url FROM roots ORDER BY id;

-- name: drop_roots
-- All scope roots, to be made anew.
DELETE FROM roots;

-- name: read_seeds
-- Seeds by row id, whatever has become of them.
SELECT id, url FROM urls WHERE id > ?1 AND seed = 1 ORDER BY id LIMIT ?2;

-- name: last_part
-- The highest part number so far.
SELECT coalesce(max(id), 0) FROM parts;

-- name: insert_part
-- Register a part before its first byte.
INSERT INTO parts (id, name, node, reader) VALUES (?1, ?2, ?3, ?4);

-- name: extend_part
-- Move the ends of a part's files, only while it is open and they are where the committer believes.
UPDATE parts SET bytes = ?1, records = records + ?2, sealed = ?3, store_bytes = ?6,
    sealed_at = CASE WHEN ?3 THEN ?8 END, shipped = CASE WHEN ?3 THEN ?9 END
WHERE id = ?4 AND sealed = 0 AND bytes = ?5 AND store_bytes = ?7;

-- name: seal_parts_of
-- The open parts of one reader, closed for good.
UPDATE parts SET sealed = 1, sealed_at = ?2, shipped = ?3 WHERE sealed = 0 AND reader = ?1
RETURNING id, name, bytes, records, sealed, store_bytes, sealed_at, packed, shipped, pruned, ship_tries;

-- name: seal_all_parts
-- Every open part, closed for good.
UPDATE parts SET sealed = 1, sealed_at = ?1, shipped = ?2 WHERE sealed = 0;

-- name: read_parts
-- All parts by number.
SELECT id, name, bytes, records, sealed, store_bytes, sealed_at, packed, shipped, pruned, ship_tries FROM parts ORDER BY id;

-- name: parts_leaning_on
-- A part and all whose records point into it, over any number of steps.
WITH RECURSIVE leaning (id) AS (
    SELECT ?1 UNION SELECT part_refs.part FROM part_refs JOIN leaning ON refers_to = leaning.id
)
SELECT parts.id, name, bytes, records, sealed, store_bytes, sealed_at, packed, shipped, pruned, ship_tries
FROM parts JOIN leaning USING (id) WHERE pruned = 0 ORDER BY parts.id;

-- name: find_body
-- Where a body was stored first, and of which page.
SELECT bodies.content_hash, bodies.part, start, length, url_id, fetched_at, url FROM bodies
JOIN urls ON urls.id = url_id JOIN parts ON parts.id = bodies.part
WHERE bodies.content_hash = ?1 AND pruned = 0;

-- name: add_body
-- A body that is stored for the first time; another process may have been faster. One that was pruned is
-- stored anew.
INSERT INTO bodies (content_hash, part, start, length, url_id, fetched_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO UPDATE SET part = ?2, start = ?3, length = ?4, url_id = ?5, fetched_at = ?6
WHERE (SELECT pruned FROM parts WHERE id = bodies.part) = 1;

-- name: add_part_ref
-- Records of part ?2 point into part ?1.
INSERT INTO part_refs (refers_to, part) VALUES (?1, ?2) ON CONFLICT DO NOTHING;

-- name: drop_bodies
-- The bodies of a part are no longer there.
DELETE FROM bodies WHERE part = ?1;

-- name: drop_part_refs
-- A part without records points nowhere, and nothing points into it.
DELETE FROM part_refs WHERE part = ?1 OR refers_to = ?1;

-- name: part_hosts
-- What each host has in a part, by state: done, ready or waiting for the next visit.
SELECT host_id, state, count(*), sum(is_page), sum(state = 2 AND reason IS NOT NULL), sum(state = 2 AND at IS NOT NULL),
    sum(visits > 1 AND priority >= 10)
FROM urls WHERE part = ?1 AND state IN (0, 2, 3) GROUP BY host_id, state;

-- name: part_records
-- How many records a part has.
SELECT records FROM parts WHERE id = ?1;

-- name: part_counts
-- What the counters have of a part.
SELECT status, CASE state WHEN 2 THEN reason END, seed, kind >= 2, visits > 1 AND priority >= 10, count(*) FROM urls
WHERE part = ?1 AND state IN (0, 2, 3) GROUP BY 1, 2, 3, 4, 5;

-- name: reopen_urls
-- URLs whose record was lost are ready again, and nothing is known of what was found.
UPDATE urls SET state = 0, at = NULL, visits = visits - 1, part = NULL, is_page = 0, status = NULL, reason = NULL,
    etag = NULL, last_modified = NULL, content_hash = NULL, misses = 0,
    priority = CASE WHEN priority >= 10 AND visits = 1 THEN 5 ELSE priority END
WHERE part = ?1 AND state IN (0, 2, 3);

-- name: empty_part
-- A part that lost bytes counts as empty.
UPDATE parts SET bytes = 0, records = 0, sealed = 1, store_bytes = 0, packed = NULL, shipped = NULL WHERE id = ?1;
