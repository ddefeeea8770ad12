-- Rows of hosts: made once, changed once per transaction.

-- name: insert_host
-- A host that is not known yet.
INSERT INTO hosts (id, host, next_at, delay_ms, own_delay_ms, lease_limit, page_limit)
VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)
ON CONFLICT DO NOTHING;

-- name: change_host
-- All that one transaction changes: counts; the clock by the last start (?10 = 1) or by freed leases (?13); the
-- health by an answer (?14 = 1), then a failure (?15: its start) that counts if it began after the last one,
-- or if a reader has counted it (?20). ?21: of the ready ones, those that were visited before.
UPDATE hosts SET
    ready = ready + ?2, leased = leased + ?3, asking = asking + ?4, waiting = waiting + ?5,
    done = done + ?6, dead = dead + ?7, pages = pages + ?8, fails = fails + ?9,
    last_start = max(last_start, ?11),
    paused_until = max(paused_until, ?12),
    next_at = max(
        CASE WHEN ?10 AND delay_ms > 0 THEN max(last_start, ?11) + delay_ms ELSE next_at END,
        CASE WHEN ?10 THEN max(paused_until, ?12) ELSE 0 END,
        CASE WHEN ?13 > 0 THEN ?13 + delay_ms ELSE 0 END
    ),
    streak = max(
        CASE WHEN ?14 THEN 0 ELSE streak END + CASE WHEN ?15 > coalesce(failed_at, -1) THEN 1 ELSE 0 END,
        ?20
    ),
    last_failure = CASE WHEN ?15 > coalesce(failed_at, -1) THEN ?16 ELSE last_failure END,
    failed_at = CASE WHEN ?15 > coalesce(failed_at, -1) THEN max(?15, ?17) ELSE failed_at END,
    latency_ms = coalesce((latency_ms * 7 + ?18) / 8, ?18, latency_ms),
    throttled = throttled + ?19, again = again + ?21
WHERE id = ?1;

-- name: adapt_host
-- A host's delay follows its latency (?2: the last one; ?3: factor, ?4: cap, ?5: leases without delay).
UPDATE hosts SET latency_ms = n.latency_ms, delay_ms = n.delay_ms,
    lease_limit = CASE WHEN n.delay_ms > 0 THEN 1 WHEN hosts.delay_ms > 0 THEN ?5 ELSE lease_limit END
FROM (
    SELECT h.id, coalesce((h.latency_ms * 7 + ?2) / 8, ?2) AS latency_ms,
        max(own_delay_ms, crawl_delay_ms, min(?4, ?3 * coalesce((h.latency_ms * 7 + ?2) / 8, ?2))) AS delay_ms
    FROM hosts AS h WHERE h.id = ?1
) AS n
WHERE hosts.id = ?1;

-- name: host_turn
-- What decides whether a host's turn can be taken from outside the queue.
SELECT next_at, paused_until, delay_ms, leased + asking, halted FROM hosts WHERE id = ?1;

-- name: host_name
-- The host key of a host.
SELECT host FROM hosts WHERE id = ?1;

-- name: all_hosts
-- Every host, for terms of its own.
SELECT id, host FROM hosts;

-- name: take_turn
-- A request starts now that is no item of this host.
UPDATE hosts SET last_start = ?2, next_at = max(next_at, ?2 + delay_ms) WHERE id = ?1;

-- name: set_crawl_delay
-- The longest Crawl-delay of the host's origins (?2, ?3: adaptive factor and cap, ?4: leases without delay).
UPDATE hosts SET crawl_delay_ms = n.crawl_delay_ms, delay_ms = n.delay_ms,
    lease_limit = CASE WHEN n.delay_ms > 0 THEN 1 WHEN hosts.delay_ms > 0 THEN ?4 ELSE lease_limit END
FROM (
    SELECT o.crawl_delay_ms, max(own_delay_ms, o.crawl_delay_ms, min(?3, ?2 * coalesce(latency_ms, 0))) AS delay_ms
    FROM hosts AS h, (SELECT coalesce(max(crawl_delay_ms), 0) AS crawl_delay_ms FROM origins WHERE host_id = ?1) AS o
    WHERE h.id = ?1
) AS n
WHERE hosts.id = ?1;

-- name: owe_verdict
-- An origin of this host owes a URL its verdict: no request, so no need to wait.
UPDATE hosts SET owed = 1, next_at = min(next_at, ?2) WHERE id = ?1;
