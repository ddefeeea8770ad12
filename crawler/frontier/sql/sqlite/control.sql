-- What a person does to a crawl.

-- name: set_counter
-- Give a counter a value; no row comes back where it had it.
INSERT INTO counters (name, value) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value
RETURNING value;

-- name: read_counter
-- One counter.
SELECT value FROM counters WHERE name = ?1;

-- name: count_order
-- Another order of a person; returns its number.
INSERT INTO counters (name, value) VALUES ('orders', 1)
ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value;

-- name: hear_orders
-- The running crawl has taken in all orders up to ?1.
INSERT INTO counters (name, value) VALUES ('orders_heard', ?1)
ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value);

-- name: knows_host
-- Whether there is a host.
SELECT 1 FROM hosts WHERE id = ?1;

-- name: halt_host
-- A host gives nothing (?2 = 1), or gives again, if that is a change.
UPDATE hosts SET halted = ?2 WHERE id = ?1 AND halted <> ?2;

-- name: halted_hosts
-- Hosts that give nothing.
SELECT host FROM hosts WHERE halted = 1 ORDER BY host;

-- name: has_host
-- Whether a host matches the glob ?1; looks at all of them if none does.
SELECT 1 FROM hosts WHERE host GLOB ?1 LIMIT 1;

-- name: halted_ready
-- Ready URLs of hosts that give nothing, budgets aside.
SELECT total(ready) FROM hosts WHERE halted = 1 AND held = 0;

-- name: failed_between
-- Of the rows from ?1 to ?2, those whose outcome may be tried again (?3: of this host alone).
SELECT id, host_id, state, seed, reason, status, visited_at, at, priority >= 10
FROM urls
WHERE id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR host_id = ?3)
    AND ((state = 2 AND (reason IS NOT NULL OR status >= 400)) OR state = 4);

-- name: count_failed_between
-- How many of them there are of each kind.
SELECT state, reason, status, count(*) FROM urls
WHERE id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR host_id = ?3)
    AND ((state = 2 AND (reason IS NOT NULL OR status >= 400)) OR state = 4)
GROUP BY 1, 2, 3;

-- name: revisit_url
-- What is done is visited again: now (?2 = 0) or when it is due (?2 = 3, ?3), only while it is done.
UPDATE urls SET state = ?2, at = ?3, priority = CASE kind WHEN 1 THEN 10 ELSE 11 END, reason = NULL
WHERE id = ?1 AND state = 2;

-- name: revive_dead
-- What is dead may be tried from ?2 on, only while it is dead.
UPDATE urls SET state = 3, at = ?2, reason = NULL, tries = 0, crashes = 0 WHERE id = ?1 AND state = 4;

-- name: ask_origins_again
-- Origins of a host whose server was out of reach are asked now (?2), not sooner than the window (?3) allows.
UPDATE origins SET due = min(due, max(?2, coalesce(fetched_at, 0) + ?3))
WHERE host_id = ?1 AND obstacle IN ('dns', 'connect', 'tls', 'blocked_address') AND due > ?2;

-- name: table_of_hosts
-- Hosts by ?1 (left, done, failures, latency, next, host); ?4 = 1: only those that wait for something (at ?3).
SELECT id, dead, host, ready, leased + asking, done, waiting, delay_ms, next_at, paused_until, fails, streak,
    last_failure, latency_ms, throttled, halted
FROM hosts AS h
WHERE ?4 = 0 OR waiting > 0 OR ((paused_until > ?3 OR halted = 1) AND ready > 0)
ORDER BY CASE ?1
    WHEN 'left' THEN -(ready + waiting + leased) WHEN 'done' THEN -done WHEN 'failures' THEN -fails
    WHEN 'latency' THEN -coalesce(latency_ms, 0)
    WHEN 'next' THEN CASE WHEN ready > 0 THEN next_at ELSE 9223372036854775807 END
    ELSE 0 END, host
LIMIT ?2;

-- name: origins_of_host
-- How robots.txt of a host's origins stand.
SELECT origin, verdict, obstacle, due, gone FROM origins WHERE host_id = ?1 ORDER BY origin;
