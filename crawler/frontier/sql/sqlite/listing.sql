-- Whole tables for people who ask questions of them, in pieces, so that no read is long; nothing here writes.

-- name: every_url
-- At most ?2 known URLs by row id, from after ?1; the last column is the row id.
SELECT u.url, h.host, u.kind, u.state, u.reason, u.status, u.depth, p.url, u.seed, u.priority, u.tries, u.visits,
    u.crashes, strftime('%Y-%m-%dT%H:%M:%fZ', u.visited_at / 1000.0, 'unixepoch'),
    strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN u.state <> 1 THEN u.at END / 1000.0, 'unixepoch'),
    strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN u.state = 1 THEN u.at END / 1000.0, 'unixepoch'),
    lower(hex(u.content_hash)), u.id
FROM urls AS u CROSS JOIN hosts AS h ON h.id = u.host_id LEFT JOIN urls AS p ON p.id = u.parent
WHERE u.id > ?1 ORDER BY u.id LIMIT ?2;

-- name: every_host
-- At most ?2 hosts by id, from after ?1; the last column is the id.
SELECT host, ready, leased + asking, waiting, done, dead, pages, fails, delay_ms, crawl_delay_ms, page_limit, halted,
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(next_at, 0) / 1000.0, 'unixepoch'),
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(paused_until, 0) / 1000.0, 'unixepoch'),
    streak, last_failure, latency_ms, throttled, id
FROM hosts WHERE id > ?1 ORDER BY id LIMIT ?2;
