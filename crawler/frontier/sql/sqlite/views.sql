-- Looking at the store; nothing here writes.

-- name: claimable_hosts
-- How many hosts (at most ?2 are counted) have something to give and no pause, and when the first may be asked; from
-- ?3 failures in a row on a host has one lease at a time.
SELECT count(*), min(next_at) FROM (
    SELECT next_at FROM hosts WHERE claimable = 1 AND paused_until <= ?1 AND (streak < ?3 OR leased = 0)
    ORDER BY next_at LIMIT ?2
);

-- name: claimable_hosts_again
-- The same, where only URLs may be handed out that were visited before.
SELECT count(*), min(next_at) FROM (
    SELECT next_at FROM hosts
    WHERE again > 0 AND claimable = 1 AND paused_until <= ?1 AND (streak < ?3 OR leased = 0)
    ORDER BY next_at LIMIT ?2
);

-- name: held_hosts
-- Ready URLs of hosts that have no page budget left (of at most ?1 hosts).
SELECT total(ready - again) FROM (SELECT ready, again FROM hosts WHERE held = 1 LIMIT ?1);

-- name: claimable_requisite_hosts
-- How many hosts have requisites ready and no pause, and when the first may be asked (?4 = 1: those that have used
-- up their budget of pages).
WITH RECURSIVE needed (host_id) AS (
    SELECT min(host_id) FROM urls WHERE state = 0 AND kind >= 2
    UNION ALL
    SELECT (SELECT min(host_id) FROM urls WHERE state = 0 AND kind >= 2 AND host_id > needed.host_id)
    FROM needed WHERE needed.host_id IS NOT NULL
)
SELECT count(*), min(next_at) FROM (
    SELECT h.next_at FROM needed CROSS JOIN hosts AS h ON h.id = needed.host_id
    WHERE h.asking = 0 AND h.leased < h.lease_limit AND h.paused_until <= ?1 AND (h.streak < ?3 OR h.leased = 0)
        AND h.held >= ?4 AND h.halted = 0
    ORDER BY h.next_at LIMIT ?2
);

-- name: ready_requisites_count
-- How many requisites are ready (?1 = 1: of hosts that have used up their budget of pages).
SELECT count(*) FROM urls AS u CROSS JOIN hosts AS h ON h.id = u.host_id
WHERE u.state = 0 AND u.kind >= 2 AND h.held >= ?1;

-- name: first_waiting_requisite
-- The first due time of a requisite.
SELECT min(at) FROM urls WHERE state = 3 AND kind >= 2;

-- name: paused_hosts
-- Ready URLs of paused hosts, and the first pause to end.
SELECT total(ready), min(paused_until) FROM hosts
WHERE paused_until > 0 AND ready > 0 AND halted = 0 AND paused_until > ?1;

-- name: first_waiting
-- The first due time of a URL.
SELECT min(at) FROM urls WHERE state = 3;

-- name: next_visit
-- The first due time of a visit to a URL that is done.
SELECT min(at) FROM urls WHERE state = 2 AND at IS NOT NULL;

-- name: list_hosts
-- Hosts with most left to do.
SELECT host, ready, leased + asking, done, waiting, delay_ms, next_at, paused_until, fails, streak, last_failure,
    latency_ms, throttled, halted
FROM hosts
ORDER BY ready + waiting DESC, host LIMIT ?1;

-- name: list_waiting_hosts
-- Hosts that wait for a due time, a person or a pause's end, with most left to do.
SELECT host, ready, leased + asking, done, waiting, delay_ms, next_at, paused_until, fails, streak, last_failure,
    latency_ms, throttled, halted
FROM hosts
WHERE waiting > 0 OR ((paused_until > ?2 OR halted = 1) AND ready > 0) ORDER BY ready + waiting DESC, host LIMIT ?1;

-- name: one_host
-- One host, and what counts against its budget of pages.
SELECT pages, leased, host, ready, leased + asking, done, waiting, delay_ms, next_at, paused_until, fails, streak,
    last_failure, latency_ms, throttled, halted
FROM hosts
WHERE id = ?1;

-- name: host_report
-- Everything about one host.
SELECT dead, pages, page_limit, crawl_delay_ms,
    host, ready, leased + asking, done, waiting, delay_ms, next_at, paused_until, fails, streak, last_failure,
    latency_ms, throttled, halted
FROM hosts
WHERE id = ?1;

-- name: report_origins
-- Origins of a host.
SELECT origin, verdict, obstacle, status, fetched_at, expires_at, due, failures, gone, lease_until, failing_since
FROM origins
WHERE host_id = ?1 ORDER BY origin LIMIT ?2;

-- name: stuck_urls
-- URLs of a host that wait, then those that are dead, the oldest first.
SELECT url, kind, state, reason, CASE state WHEN 3 THEN at END, tries, depth
FROM urls
WHERE host_id = ?1 AND state >= 3 ORDER BY state, id LIMIT ?2;

-- name: one_url
-- One URL by its key.
SELECT u.state, u.reason, u.at, u.depth, u.tries, u.visits, u.status, u.crashes, u.parent, u.seed, u.chain, u.id,
    u.priority, u.kind, u.visited_at, u.interval_ms, u.misses
FROM seen AS s JOIN urls AS u ON u.id = s.id WHERE s.host_id = ?1 AND s.url_hash = ?2;

-- name: ready_before
-- How many ready URLs of a host (at most ?4 are counted) are claimed before one with this priority, id and time (?5).
SELECT count(*) FROM (
    SELECT 1 FROM urls WHERE host_id = ?1 AND state = 0 AND priority < ?2
    UNION ALL
    SELECT 1 FROM urls WHERE host_id = ?1 AND state = 0 AND priority = ?2 AND at IS NULL
        AND id < CASE WHEN ?5 IS NULL THEN ?3 ELSE 9223372036854775807 END
    UNION ALL
    SELECT 1 FROM urls WHERE host_id = ?1 AND state = 0 AND priority = ?2 AND (at, id) < (?5, ?3)
    LIMIT ?4
);

-- name: one_parent
-- A step up the chain of parents.
SELECT url, parent FROM urls WHERE id = ?1;

-- name: one_origin
-- An origin by name.
SELECT verdict, obstacle, status, fetched_at, expires_at, due, failures, gone, lease_until, failing_since
FROM origins
WHERE origin = ?1;

-- name: origin_rules
-- The last rules of an origin, or why there are none.
SELECT coalesce(verdict, obstacle), body, version, expires_at FROM origins WHERE origin = ?1;

-- name: dead_reasons
-- Refusals by reason.
SELECT substr(name, 6), value FROM counters WHERE name >= 'dead:' AND name < 'dead;' AND value > 0;

-- name: undone
-- URLs that have no final outcome of a fetch, by row id, and why the dead ones are dead.
SELECT id, url, kind, depth, seed, CASE state WHEN 4 THEN reason END FROM urls
WHERE id > ?1 AND state IN (0, 3, 4) ORDER BY id LIMIT ?2;

-- name: listed_urls
-- Pages that a sitemap names, from after row id ?1.
SELECT id, url FROM urls WHERE id > ?1 AND listed = 1 ORDER BY id LIMIT ?2;
