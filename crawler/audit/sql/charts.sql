-- What the charts show, of all visits.

-- name: span
-- First and last moment, in seconds since 1970.
SELECT min(epoch(moment)), max(epoch(moment)) FROM visits;

-- name: over_time
-- Records and bytes by time and kind of answer; $start and $width in seconds.
SELECT floor((epoch(moment) - $start) / $width)::INTEGER AS slot,
    CASE WHEN error IS NOT NULL OR status IS NULL THEN 'failed' ELSE (status // 100) || 'xx' END AS class,
    count(*) AS records, coalesce(sum(bytes), 0)::BIGINT AS bytes
FROM visits WHERE moment IS NOT NULL GROUP BY ALL ORDER BY ALL;

-- name: statuses
-- URLs by status, or by error where none came.
SELECT ended(status, error) AS answer, count(*) AS urls FROM pages GROUP BY ALL ORDER BY urls DESC, answer LIMIT 20;

-- name: errors
-- Visits that failed, by error.
SELECT error, count(*) AS records FROM visits WHERE error IS NOT NULL GROUP BY ALL ORDER BY records DESC, error LIMIT 20;

-- name: depths
-- Pages by how many links they are from a seed.
SELECT least(depth, 20) AS depth, count(*) AS pages FROM pages WHERE kind = 'page' GROUP BY ALL ORDER BY ALL;

-- name: latencies
-- Answers by the upper bound of their time, in ms.
SELECT bound, count(*) FROM (
    SELECT list_min([b FOR b IN $bounds IF elapsed_ms < b]) AS bound FROM visits
    WHERE elapsed_ms IS NOT NULL AND status IS NOT NULL
) GROUP BY ALL;

-- name: sizes
-- Pages by the upper bound of their size, in bytes.
SELECT bound, count(*) FROM (
    SELECT list_min([b FOR b IN $bounds IF bytes < b]) AS bound FROM pages
    WHERE bytes IS NOT NULL AND status BETWEEN 200 AND 299
) GROUP BY ALL;

-- name: types
-- What was found, by type.
SELECT coalesce(nullif(type, ''), 'no type') AS type, count(*) AS urls FROM pages WHERE status BETWEEN 200 AND 299
GROUP BY ALL ORDER BY urls DESC, type LIMIT 12;

-- name: hosts
-- The hosts with most URLs.
SELECT host, count(*) AS urls, count(*) FILTER (error IS NULL AND status BETWEEN 200 AND 299) AS good,
    count(*) FILTER (error IS NULL AND status BETWEEN 300 AND 399) AS redirects,
    count(*) FILTER (error IS NULL AND status BETWEEN 400 AND 499) AS client_errors,
    count(*) FILTER (error IS NULL AND status >= 500) AS server_errors, count(*) FILTER (error IS NOT NULL) AS failed,
    quantile_cont(elapsed_ms, 0.5)::INTEGER AS median_ms, quantile_cont(elapsed_ms, 0.95)::INTEGER AS p95_ms,
    coalesce(sum(bytes), 0)::BIGINT AS bytes
FROM pages GROUP BY host ORDER BY urls DESC, host LIMIT $limit;

-- name: totals
-- The figures that the summary is made of.
SELECT (SELECT count(*) FROM visits) AS records, count(*) AS urls,
    count(*) FILTER (error IS NULL AND status BETWEEN 200 AND 299) AS good,
    count(*) FILTER (error IS NULL AND status BETWEEN 300 AND 399) AS redirects,
    count(*) FILTER (error IS NULL AND status >= 400) AS bad, count(*) FILTER (error IS NOT NULL) AS failed,
    count(*) FILTER (kind = 'requisite') AS requisites, count(DISTINCT host) AS hosts,
    (SELECT count(*) FROM good) AS html, coalesce(sum(bytes), 0)::BIGINT AS bytes,
    quantile_cont(elapsed_ms, 0.5)::INTEGER AS median_ms, quantile_cont(elapsed_ms, 0.9)::INTEGER AS p90_ms,
    quantile_cont(elapsed_ms, 0.99)::INTEGER AS p99_ms, max(depth) AS deepest,
    (SELECT count(*) FROM edges) AS links, (SELECT count(*) FROM targets) AS targets,
    (SELECT count(*) FROM listed) AS listed, nullif((SELECT count(*) FROM outside), 0) AS outside,
    nullif((SELECT count(*) FROM outside WHERE error = 'unreached'), 0) AS unreached
FROM pages;

-- name: unfetched
-- Targets that pages name and no check can judge, by what it would need: whether they are there (how many were never
-- asked for, how many were asked for in vain), or the page itself.
WITH canonicals AS (
    SELECT DISTINCT o.u AS asked, g.canonical AS url, is_gone(o.status, o.error) OR is_there(o.status, o.error) AS is_judged
    FROM good AS g LEFT JOIN outside AS o ON o.u = hash(g.canonical)
    WHERE g.canonical <> g.url AND hash(g.canonical) NOT IN (SELECT u FROM pages)
)
SELECT 'canonical' AS what, count(*) FILTER (asked IS NULL), count(*) FILTER (asked IS NOT NULL AND NOT is_judged)
FROM canonicals
UNION ALL
SELECT 'canonical_page', count(*), 0 FROM canonicals
UNION ALL
SELECT 'alternate_page', count(DISTINCT u), 0 FROM alternates WHERE u NOT IN (SELECT u FROM pages)
UNION ALL
SELECT 'outside', 0, count(*) FROM outside WHERE error IN ('unreached', 'blocked_address');

-- name: traits
-- What the records have at all, so that a check without its data is not taken for a good sign.
SELECT count(*) FILTER (simhash IS NOT NULL) > 0, count(*) FILTER (kind = 'requisite') > 0,
    (SELECT count(*) FROM listed) > 0, (SELECT count(*) FROM outside) > 0, (SELECT count(*) FROM edges WHERE text IS NOT NULL) > 0
FROM pages;

-- name: unvisited
-- What pages name, the crawl has no record of and was not asked for since $since ($recently where nobody could be
-- reached), the most named first; whether one is the canonical address or another language of a page.
WITH named AS (
    SELECT u, url, links, false AS speaks FROM targets
    UNION ALL
    SELECT next_u, next, count(*), false FROM hops GROUP BY ALL
    UNION ALL
    SELECT hash(canonical), canonical, count(*), true FROM good WHERE canonical <> url GROUP BY canonical
    UNION ALL
    SELECT u, url, count(*), true FROM alternates GROUP BY ALL
)
SELECT url, bool_or(speaks) FROM named
WHERE (url LIKE 'http://%' OR url LIKE 'https://%') AND u NOT IN (SELECT u FROM pages)
    AND u NOT IN (SELECT u FROM outside WHERE asked_at > CASE WHEN error IN ('dns', 'connect') THEN $recently ELSE $since END)
GROUP BY url ORDER BY sum(links) DESC, url;

-- name: crawled_hosts
-- Hosts that the crawl asks, and when it did last, in ms since 1970.
SELECT host_of(url), max(epoch_ms(moment)) FROM visits GROUP BY ALL;
