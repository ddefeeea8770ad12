-- Rows of hosts: made once, changed once per transaction.

-- name: insert_host
-- A host that is not known yet.
INSERT INTO hosts (id, host, next_at, delay_ms, lease_limit, page_limit) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO NOTHING;

-- name: change_host
-- All that one transaction changes: counts; the clock by the last start (?10 = 1) or by freed leases (?13).
UPDATE hosts SET
    ready = ready + ?2, leased = leased + ?3, asking = asking + ?4, waiting = waiting + ?5,
    done = done + ?6, dead = dead + ?7, pages = pages + ?8, fails = fails + ?9,
    last_start = max(last_start, ?11),
    paused_until = max(paused_until, ?12),
    next_at = max(
        CASE WHEN ?10 AND delay_ms > 0 THEN max(last_start, ?11) + delay_ms ELSE next_at END,
        paused_until, ?12,
        CASE WHEN ?13 > 0 THEN ?13 + delay_ms ELSE 0 END
    )
WHERE id = ?1;

-- name: host_turn
-- What decides whether a host's turn can be taken from outside the queue.
SELECT next_at, paused_until, delay_ms, leased + asking FROM hosts WHERE id = ?1;

-- name: take_turn
-- A request starts now that is no item of this host.
UPDATE hosts SET last_start = ?2, next_at = max(next_at, ?2 + delay_ms) WHERE id = ?1;

-- name: set_crawl_delay
-- The longest Crawl-delay of the host's origins.
UPDATE hosts SET
    crawl_delay_ms = (SELECT coalesce(max(crawl_delay_ms), 0) FROM origins WHERE host_id = ?1),
    delay_ms = max(?2, (SELECT coalesce(max(crawl_delay_ms), 0) FROM origins WHERE host_id = ?1)),
    lease_limit = CASE
        WHEN max(?2, (SELECT coalesce(max(crawl_delay_ms), 0) FROM origins WHERE host_id = ?1)) > 0 THEN 1
        ELSE max(?3, lease_limit) END
WHERE id = ?1;

-- name: owe_verdict
-- An origin of this host owes a URL its verdict: no request, so no need to wait.
UPDATE hosts SET owed = 1, next_at = min(next_at, ?2) WHERE id = ?1;
