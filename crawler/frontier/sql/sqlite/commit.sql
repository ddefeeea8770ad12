-- Settling: outcomes, robots rules, links.

-- name: before_among
-- Of a JSON list of row ids, what seeds and URLs that were visited before have been until now.
SELECT id, seed, priority >= 10, status, is_page FROM urls
WHERE id IN (SELECT value FROM json_each(?1)) AND (seed = 1 OR visits > 0);

-- name: settle_done
-- A record was written; only while the lease still holds; the next visit (?9) not within the window (?13) after
-- the claim.
UPDATE urls SET state = 2, at = max(?9, at - ?12 + ?13), lease_id = NULL, tries = 0, crashes = 0,
    visits = visits + 1, visited_at = at - ?12, interval_ms = ?10, misses = ?11,
    status = ?1, reason = ?2, is_page = ?3, etag = ?4, last_modified = ?5, content_hash = ?6, part = ?7,
    kind = coalesce(?8, kind)
WHERE id = ?14 AND state = 1 AND lease_id = ?15;

-- name: settle_promoted
-- A requisite has its record, and is now fetched as the page that it has become; only while the lease still holds.
UPDATE urls SET state = 0, at = NULL, lease_id = NULL, tries = 0, crashes = 0, visits = visits + 1, reason = NULL
WHERE id = ?1 AND state = 1 AND lease_id = ?2;

-- name: promoted_among
-- Of a JSON list of row ids, those that are pages.
SELECT id FROM urls WHERE id IN (SELECT value FROM json_each(?1)) AND kind = 0;

-- name: settle_retry
-- Due again later, and not within the window (?3) after the claim; only while the lease still holds.
UPDATE urls SET state = 3, at = max(?1, at - ?2 + ?3), lease_id = NULL, tries = ?4, reason = ?5
WHERE id = ?6 AND state = 1 AND lease_id = ?7;

-- name: settle_dead
-- Refused without a record; only while the lease still holds.
UPDATE urls SET state = 4, at = NULL, lease_id = NULL, reason = ?1
WHERE id = ?2 AND state = 1 AND lease_id = ?3;

-- name: holds_url
-- Whether a lease of a URL still holds.
SELECT 1 FROM urls WHERE id = ?1 AND state = 1 AND lease_id = ?2;

-- name: holds_origin
-- Whether a lease of a robots.txt still holds.
SELECT 1 FROM origins WHERE id = ?1 AND lease_id = ?2;

-- name: settle_rules
-- Rules were learned; only while the lease still holds; not asked for again within the window.
UPDATE origins SET verdict = ?3, obstacle = NULL, status = ?4, body = ?5, version = version + 1, fetched_at = ?6,
    expires_at = max(?7, lease_until - ?8 + ?9), due = 0, crawl_delay_ms = ?10, failures = 0, unreachable = 0,
    owes = 0, crashes = 0, failing_since = NULL, lease_id = NULL, lease_until = NULL
WHERE id = ?1 AND lease_id = ?2;

-- name: expire_rules
-- A host's server is gone: its origins are asked for their rules again, not sooner than the window allows.
UPDATE origins SET expires_at = min(expires_at, max(?2, fetched_at + ?3)) WHERE host_id = ?1 AND verdict IS NOT NULL;

-- name: settle_obstacle
-- No rules now: when to ask again; a third dns or connect in a row gives the origin up.
UPDATE origins SET obstacle = ?3, status = ?4, fetched_at = ?5, due = max(?6, lease_until - ?7 + ?8),
    failures = failures + 1, unreachable = CASE WHEN ?9 THEN unreachable + 1 ELSE 0 END, owes = ?9,
    gone = (?9 AND unreachable + 1 >= 3), burying = (?9 AND unreachable + 1 >= 3), crashes = 0,
    failing_since = coalesce(failing_since, ?5), lease_id = NULL, lease_until = NULL
WHERE id = ?1 AND lease_id = ?2;

-- name: pass_unreachable
-- A robots.txt that has failed for at least ?3 no longer stops its origin: the last rules hold until ?4, or none.
UPDATE origins SET obstacle = NULL, due = 0, expires_at = ?4, version = version + (verdict IS NULL),
    verdict = coalesce(verdict, 'allow')
WHERE id = ?1 AND ?2 - failing_since >= ?3;

-- name: unknown_hashes
-- Of one host's URL hashes (a JSON list), those that the store does not have.
SELECT value FROM json_each(?2)
WHERE NOT EXISTS (SELECT 1 FROM seen WHERE host_id = ?1 AND url_hash = value);

-- name: unknown_or_deeper
-- Of one host's [hash, depth] pairs, those that the store does not have, or only at a greater depth.
SELECT json_extract(value, '$[0]') FROM json_each(?2)
WHERE NOT EXISTS (
    SELECT 1 FROM seen AS s JOIN urls AS u ON u.id = s.id
    WHERE s.host_id = ?1 AND s.url_hash = json_extract(value, '$[0]') AND u.depth <= json_extract(value, '$[1]')
);

-- name: unknown_or_otherwise
-- Of one host's [hash, depth, is requisite] triples, those that the store does not have, or that a sighting may
-- change: requisites that become pages, pages that are nearer, what depth has refused and is a requisite.
SELECT json_extract(value, '$[0]') FROM json_each(?2)
WHERE NOT EXISTS (
    SELECT 1 FROM seen AS s JOIN urls AS u ON u.id = s.id
    WHERE s.host_id = ?1 AND s.url_hash = json_extract(value, '$[0]') AND CASE
        WHEN json_extract(value, '$[2]') THEN u.state <> 4 OR u.reason <> 'depth'
        WHEN u.kind >= 2 THEN u.kind = 2 AND u.state = 2
        ELSE u.depth <= json_extract(value, '$[1]')
    END
);

-- name: known_hashes
-- Of one host's URL hashes, what the store has of those it knows. CROSS keeps the order of the tables: else
-- SQLite walks all URLs of the host, once per call.
SELECT s.url_hash, u.id, u.state, u.depth, u.reason, u.seed, u.status, u.kind, u.priority >= 10
FROM json_each(?2) AS j CROSS JOIN seen AS s ON s.host_id = ?1 AND s.url_hash = j.value
JOIN urls AS u ON u.id = s.id;

-- name: last_url
-- The highest row id of a URL; the write lock is held, so the next ones are ours.
SELECT coalesce(max(id), 0) FROM urls;

-- name: insert_seen
-- The key of a new URL.
INSERT INTO seen (host_id, url_hash, id) VALUES (?1, ?2, ?3);

-- name: insert_url
-- A new URL.
INSERT INTO urls (id, host_id, state, priority, depth, seed, parent, url, reason, chain, kind)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: count_sitemaps
-- How many sitemaps of a host are known.
SELECT count(*) FROM urls WHERE host_id = ?1 AND kind = 1;

-- name: lower_depth
-- A known URL was found nearer to a seed.
UPDATE urls SET depth = ?1, parent = ?2 WHERE id = ?3;

-- name: revive_url
-- A URL that depth alone had refused is near enough now.
UPDATE urls SET state = 0, reason = NULL WHERE id = ?1;

-- name: promote_url
-- A requisite is a page as well (?2: its state from now on); whoever reads it as one needs all of it.
UPDATE urls SET kind = 0, state = ?2, reason = CASE WHEN ?2 >= 3 THEN reason END, priority = min(priority, ?3),
    depth = ?4, parent = ?5, chain = ?6, is_page = 0, status = NULL, part = NULL, etag = NULL, last_modified = NULL,
    content_hash = NULL, misses = 0
WHERE id = ?1;

-- name: make_requisite
-- What depth has refused as a page is a requisite of one.
UPDATE urls SET kind = 2, state = 0, reason = NULL, priority = ?2, depth = ?3, parent = ?4, chain = ?5 WHERE id = ?1;

-- name: make_seed
-- A known URL was given by a person.
UPDATE urls SET seed = 1 WHERE id = ?1;

-- name: list_urls
-- Of one host's URL hashes, those that the store has are named by a sitemap.
UPDATE urls SET listed = 1
WHERE listed = 0 AND id IN (
    SELECT s.id FROM json_each(?2) AS j CROSS JOIN seen AS s ON s.host_id = ?1 AND s.url_hash = j.value
);
