-- Handing out work: hosts that may be asked, their URLs, the robots gate.

-- name: take_leases
-- Take ?1 lease ids; returns the first id after them.
UPDATE sequences SET value = value + ?1 WHERE name = 'lease' RETURNING value;

-- name: set_lease_limit
-- How many URLs of a host without delay may be leased at once.
UPDATE hosts SET lease_limit = ?2 WHERE id = ?1 AND delay_ms = 0 AND lease_limit <> ?2;

-- name: due_hosts
-- Hosts that may be asked now, the one that has waited longest first; from ?3 failures in a row on a host has one
-- lease at a time.
SELECT id, host, delay_ms, CASE WHEN streak >= ?3 THEN 1 ELSE lease_limit END - leased, page_limit - pages - leased, owed, last_start, paused_until,
    streak
FROM hosts WHERE claimable = 1 AND next_at <= ?1 AND (streak < ?3 OR leased = 0) ORDER BY next_at LIMIT ?2;

-- name: due_requisite_hosts
-- Hosts that may be asked now and have requisites ready, budgets of pages aside (?4 = 1: those that have used up
-- theirs). The walk takes one step for each such host, whatever it has waiting.
WITH RECURSIVE needed (host_id) AS (
    SELECT min(host_id) FROM urls WHERE state = 0 AND kind >= 2
    UNION ALL
    SELECT (SELECT min(host_id) FROM urls WHERE state = 0 AND kind >= 2 AND host_id > needed.host_id)
    FROM needed WHERE needed.host_id IS NOT NULL
)
SELECT h.id, h.host, h.delay_ms, CASE WHEN h.streak >= ?3 THEN 1 ELSE h.lease_limit END - h.leased, NULL, h.owed,
    h.last_start, h.paused_until, h.streak
FROM needed CROSS JOIN hosts AS h ON h.id = needed.host_id
WHERE h.asking = 0 AND h.leased < h.lease_limit AND h.next_at <= ?1 AND (h.streak < ?3 OR h.leased = 0)
    AND h.held >= ?4 AND h.halted = 0
ORDER BY h.next_at LIMIT ?2;

-- name: due_hosts_again
-- Hosts that may be asked now and have URLs to visit again.
SELECT id, host, delay_ms, CASE WHEN streak >= ?3 THEN 1 ELSE lease_limit END - leased, 0, owed, last_start, paused_until,
    streak
FROM hosts
WHERE again > 0 AND claimable = 1 AND next_at <= ?1 AND (streak < ?3 OR leased = 0) ORDER BY next_at LIMIT ?2;

-- name: host_origins
-- The origins of a host (one for http, one for https) as the robots gate sees them.
SELECT id, origin, verdict IS NOT NULL AND obstacle IS NULL AND expires_at > ?2, version, due > ?2, due,
    obstacle, failures, owes, gone, crashes
FROM origins WHERE host_id = ?1;

-- name: insert_origin
-- An origin whose robots.txt has not been asked for yet.
INSERT INTO origins (host_id, origin) VALUES (?1, ?2) RETURNING id;

-- name: ready_urls
-- The best URLs of a host: by priority, then age; those to visit again (from priority 10 on) by due time. ?3: only
-- from that priority on.
SELECT u.id, u.url, u.depth, u.priority, u.tries, u.crashes, u.visits, u.seed, u.chain, p.url, u.kind,
    u.etag, u.last_modified, u.content_hash, u.interval_ms, u.misses
FROM urls AS u LEFT JOIN urls AS p ON p.id = u.parent
WHERE u.host_id = ?1 AND u.state = 0 AND u.priority >= ?3 ORDER BY u.priority, u.at, u.id LIMIT ?2;

-- name: ready_requisites
-- The best requisites of a host; ?3 as above.
SELECT u.id, u.url, u.depth, u.priority, u.tries, u.crashes, u.visits, u.seed, u.chain, p.url, u.kind,
    u.etag, u.last_modified, u.content_hash, u.interval_ms, u.misses
FROM urls AS u LEFT JOIN urls AS p ON p.id = u.parent
WHERE u.host_id = ?1 AND u.state = 0 AND u.kind >= 2 AND u.priority >= ?3 ORDER BY u.priority, u.id LIMIT ?2;

-- name: ready_url_of_origin
-- The best page of one origin of a host, or requisite (?3 = 2: requisites alone; ?4: only from that priority on); a
-- sitemap would leave no record of the verdict.
SELECT u.id, u.url, u.depth, u.priority, u.tries, u.crashes, u.visits, u.seed, u.chain, p.url, u.kind,
    u.etag, u.last_modified, u.content_hash, u.interval_ms, u.misses
FROM urls AS u LEFT JOIN urls AS p ON p.id = u.parent
WHERE u.host_id = ?1 AND u.state = 0 AND u.priority >= ?4 AND u.kind <> 1 AND u.kind >= ?3
    AND substr(u.url, 1, length(?2)) = ?2
ORDER BY u.priority, u.at, u.id LIMIT 1;

-- name: lease_url
-- A URL is leased from now until ?2.
UPDATE urls SET state = 1, lease_id = ?1, at = ?2 WHERE id = ?3;

-- name: lease_origin
-- An origin's robots.txt is leased until ?2.
UPDATE origins SET lease_id = ?1, lease_until = ?2 WHERE id = ?3;

-- name: defer_url
-- A ready URL waits until its origin may be asked again.
UPDATE urls SET state = 3, at = ?1, reason = ?2 WHERE id = ?3;

-- name: bury_url
-- A ready URL dies, because its origin has been given up.
UPDATE urls SET state = 4, at = NULL, reason = 'origin_unreachable' WHERE id = ?1;

-- name: postpone_url
-- A ready URL that is visited again is done once more, because its origin has been given up; due at ?1.
UPDATE urls SET state = 2, at = ?1, part = NULL WHERE id = ?2;

-- name: origin_paid
-- The verdict that an origin owed has been handed out.
UPDATE origins SET owes = 0 WHERE id = ?1;

-- name: host_paid
-- Whether any origin of a host still owes a verdict; the host's clock rules again.
UPDATE hosts SET owed = (SELECT coalesce(max(owes), 0) FROM origins WHERE host_id = ?1),
    next_at = max(CASE WHEN delay_ms > 0 THEN last_start + delay_ms ELSE 0 END, paused_until)
WHERE id = ?1;

-- name: host_claimed
-- A host was served (?2 = when it may be asked next) or looked at (?2 = now): it goes to the end.
UPDATE hosts SET next_at = max(next_at, ?2), paused_until = 0 WHERE id = ?1;
