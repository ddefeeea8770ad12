-- Visiting again what is done.

-- name: wake_again
-- URLs whose next visit is due by ?1; they queue up behind all that were never visited.
UPDATE urls SET state = 0, priority = CASE kind WHEN 1 THEN 10 ELSE 11 END, reason = NULL
WHERE id IN (SELECT id FROM urls WHERE state = 2 AND at <= ?1 ORDER BY at LIMIT ?2) RETURNING host_id;

-- name: pardon_origins
-- Origins of a host that were given up are asked again: something of it is to be visited.
UPDATE origins SET gone = 0, burying = 0, unreachable = 0, crashes = 0 WHERE host_id = ?1 AND gone = 1;

-- name: changed_since
-- Of one host's [hash, time of the change], those that were visited before it and are due later than they may be: not
-- before ?3, nor sooner than ?4 after the last visit.
SELECT u.id FROM json_each(?2) AS j
CROSS JOIN seen AS s ON s.host_id = ?1 AND s.url_hash = json_extract(j.value, '$[0]')
JOIN urls AS u ON u.id = s.id
WHERE u.state = 2 AND u.visited_at < json_extract(j.value, '$[1]') AND u.at > max(?3, u.visited_at + ?4);

-- name: pull_visit
-- The next visit of a URL is due at ?2, or ?3 after the last one.
UPDATE urls SET at = max(?2, visited_at + ?3) WHERE id = ?1 AND state = 2 AND at > max(?2, visited_at + ?3)
RETURNING host_id, at;

-- name: wake_url
-- One of them that is due now.
UPDATE urls SET state = 0, priority = CASE kind WHEN 1 THEN 10 ELSE 11 END, reason = NULL WHERE id = ?1;

-- name: reschedule
-- Other times than in the run before hold for the URLs from row ?1 to ?2: all begin anew, ?3 after the last visit.
-- Requisites are fetched once for good.
UPDATE urls SET interval_ms = NULL, at = CASE WHEN kind < 2 THEN coalesce(visited_at, 0) + ?3 END
WHERE id BETWEEN ?1 AND ?2 AND state = 2;

-- name: done_of_hosts
-- The same URLs with their hosts, where hosts have times of their own.
SELECT id, host_id FROM urls WHERE id BETWEEN ?1 AND ?2 AND state = 2 AND kind < 2;

-- name: reschedule_url
-- One of them, ?2 after the last visit.
UPDATE urls SET at = coalesce(visited_at, 0) + ?2 WHERE id = ?1;

-- name: count_later
-- How many URLs will be visited again.
UPDATE counters SET value = (SELECT count(*) FROM urls WHERE state = 2 AND at IS NOT NULL) WHERE name = 'later';
