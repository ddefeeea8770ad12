-- Leases that end without an outcome, and what becomes due.

-- name: free_url
-- A lease ends unused (?1: ready or waiting, ?2: until when), only while it still holds.
UPDATE urls SET state = ?1, at = ?2, lease_id = NULL WHERE id = ?3 AND state = 1 AND lease_id = ?4;

-- name: crash_url
-- A reader died over it: back off for a second (at ?1), doubled each time; only while the lease holds.
UPDATE urls SET state = 3, at = ?1 + (500 << (crashes + 1)), reason = 'crashed', lease_id = NULL,
    crashes = crashes + 1
WHERE id = ?2 AND state = 1 AND lease_id = ?3;

-- name: free_origin
-- A robots.txt lease ends unused; not asked for before ?1; only while it still holds.
UPDATE origins SET lease_id = NULL, lease_until = NULL, due = max(due, ?1) WHERE id = ?2 AND lease_id = ?3;

-- name: crash_origin
-- A reader died over a robots.txt: back off; at the fourth time give the origin up.
UPDATE origins SET lease_id = NULL, lease_until = NULL, due = ?1 + (500 << (crashes + 1)), crashes = crashes + 1,
    gone = (crashes + 1 >= 4), burying = (crashes + 1 >= 4)
WHERE id = ?2 AND lease_id = ?3;

-- name: expired_urls
-- Leases that ran out, with the time from which the window allows another claim.
SELECT id, host_id, at - ?2 + ?3, priority >= 10 FROM urls WHERE state = 1 AND at <= ?1 ORDER BY at LIMIT ?4;

-- name: end_lease
-- A lease that ran out (?1: ready or waiting, ?2: until when).
UPDATE urls SET state = ?1, at = ?2, lease_id = NULL WHERE id = ?3;

-- name: expired_origins
-- Robots leases that ran out; not asked for again within the window.
UPDATE origins SET due = max(due, lease_until - ?2 + ?3), lease_id = NULL, lease_until = NULL
WHERE lease_id IS NOT NULL AND lease_until <= ?1 RETURNING host_id;

-- name: wake_urls
-- Waiting URLs whose time has come.
UPDATE urls SET state = 0, at = NULL
WHERE id IN (SELECT id FROM urls WHERE state = 3 AND at <= ?1 ORDER BY at LIMIT ?2) RETURNING host_id, priority >= 10;

-- name: burying_origins
-- Origins that were given up and may still have ready URLs; the verdict they owe comes first.
SELECT id, host_id, origin || '/' FROM origins WHERE burying = 1 AND owes = 0 LIMIT ?1;

-- name: ready_of_origin
-- Ready URLs of one origin.
SELECT id, seed, priority >= 10 FROM urls
WHERE host_id = ?1 AND state = 0 AND substr(url, 1, length(?2)) = ?2 LIMIT ?3;

-- name: origin_buried
-- No ready URL of a given-up origin is left; later ones die when a claim meets them.
UPDATE origins SET burying = 0 WHERE id = ?1;

-- name: cap_waiting
-- A stored time beyond the cap comes from a wrong clock.
UPDATE urls SET at = ?1 WHERE state = 3 AND at > ?1;

-- name: cap_visits
-- So does a visit that is due beyond its cap (?2), or one that was made after now (?1).
UPDATE urls SET at = min(at, ?2), visited_at = min(visited_at, ?1) WHERE state = 2 AND at > ?2;

-- name: free_all_urls
-- At start nobody holds a lease.
UPDATE urls SET state = 0, at = NULL, lease_id = NULL WHERE id IN (SELECT id FROM urls WHERE state = 1)
RETURNING host_id, priority >= 10;

-- name: free_all_origins
-- At start nobody asks for a robots.txt.
UPDATE origins SET lease_id = NULL, lease_until = NULL WHERE lease_id IS NOT NULL RETURNING host_id;

-- name: cap_origins
-- Stored times of origins beyond the cap come from a wrong clock.
UPDATE origins SET due = min(due, ?1), expires_at = min(expires_at, ?1) WHERE due > ?1 OR expires_at > ?1;

-- name: cap_failures
-- Failures of hosts that lie ahead (of ?1) come from a wrong clock too: they would keep later ones from counting.
UPDATE hosts SET failed_at = ?1 WHERE failed_at > ?1;

-- name: cap_failing
-- The same for origins, whose failures would count as younger than they are.
UPDATE origins SET failing_since = ?1 WHERE failing_since > ?1;

-- name: cap_hosts
-- A pause ends at the cap (?2) at the latest, a delay one delay from now (?1) at the latest.
UPDATE hosts SET paused_until = min(paused_until, ?2), last_start = min(last_start, ?1),
    next_at = min(next_at, max(min(paused_until, ?2), ?1 + delay_ms))
WHERE last_start > ?1 OR paused_until > ?2 OR next_at > max(paused_until, ?1 + delay_ms);

-- name: has_upkeep
-- Whether anything expired, became due or is to be buried.
SELECT EXISTS (SELECT 1 FROM urls WHERE state = 1 AND at <= ?1)
    OR EXISTS (SELECT 1 FROM urls WHERE state = 2 AND at <= ?2)
    OR EXISTS (SELECT 1 FROM urls WHERE state = 3 AND at <= ?1)
    OR EXISTS (SELECT 1 FROM origins WHERE lease_id IS NOT NULL AND lease_until <= ?1)
    OR EXISTS (SELECT 1 FROM origins WHERE burying = 1 AND owes = 0);

-- name: among
-- Of a JSON list of row ids, what decides whether a URL can be judged anew.
SELECT u.id, u.host_id, u.state, u.seed, u.reason, u.priority >= 10, CASE u.reason WHEN 'origin_unreachable' THEN u.url END
FROM json_each(?1) AS j CROSS JOIN urls AS u ON u.id = j.value WHERE u.state IN (0, 3, 4);

-- name: condemn_url
-- A ready or waiting URL dies by other rules.
UPDATE urls SET state = 4, at = NULL, reason = ?1 WHERE id = ?2;

-- name: pardon_url
-- A dead URL may be tried.
UPDATE urls SET state = 0, at = NULL, reason = NULL WHERE id = ?1;

-- name: pardon_origin
-- An origin that was given up is asked again, else its URLs would die at the next claim.
UPDATE origins SET gone = 0, burying = 0, unreachable = 0, crashes = 0 WHERE host_id = ?1 AND origin = ?2 AND gone = 1;
