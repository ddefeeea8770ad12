-- From the records to the tables that checks and charts read. `u` is the hash of a URL: links are many,
-- and 8 bytes each keep ten million of them small.

-- name: macro_host
-- Host and port of an absolute URL.
CREATE MACRO host_of(url) AS regexp_extract(url, '^[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)', 1);

-- name: macro_problem
-- How the visit of a URL ended, in one word: its error, or its status.
CREATE MACRO ended(status, error) AS coalesce(error, status::VARCHAR, 'no answer');

-- name: macro_gone
-- Whether what a server that was asked once answered means that nothing is there. It may refuse, or be busy, for
-- reasons that have nothing to do with the page.
CREATE MACRO is_gone(status, error) AS coalesce(status IN (404, 410) OR (status >= 500 AND status <> 503), false)
    OR coalesce(error IN ('dns', 'connect', 'tls', 'timeout', 'reset', 'protocol', 'decode', 'redirect_loop',
        'too_many_redirects', 'bad_redirect'), false);

-- name: macro_there
-- Whether it means that something is.
CREATE MACRO is_there(status, error) AS error IS NULL AND coalesce(status < 400, false);

-- name: macro_lost
-- What a page says, as a whole sentence, whose subject is not there. A bare 404 may be a year.
CREATE MACRO lost_words() AS '(oops|sorry|whoops)?[,.!: ]*(error:? )?(404[,.:]?( -| –| —)? )?((http )?404 error|error:? (http )?404'
    || '|(error )?(page |file )?not found'
    || '|((the|this|that|your|our|requested|web) )*(page|file|document|url|product|article|content)( (that )?you[^.|]{1,40}?)?'
    || ' ((was|is|has|could|can) )?(not|cannot|can.t|(could|was|is)n.t)( be| been)? found'
    || '|((the|this|that|your|our|requested|web) )*(page|file|document|url|product|article)( (that )?you[^.|]{1,40}?)?'
    || ' (does not|(does)n.t|no longer) exists?( anymore)?'
    || '|(die )?((angeforderte|gesuchte|gewünschte) )?seite (wurde |konnte )?(leider )?nicht gefunden( werden)?'
    || '|(cette |la )?page (non trouvée|introuvable|n.existe (pas|plus))|pagina (non trovata|niet gevonden)'
    || '|página (no encontrada|não encontrada|no existe)|strony nie znaleziono|страница не найдена)';

-- name: read_visits
-- What counts of the records of one part.
CREATE VIEW read_visits AS
SELECT url, final_url, status, try_cast(fetched_at AS TIMESTAMP) AS moment, coalesce(depth, 0) AS depth, parent,
    coalesce(visit, 1) AS visit, elapsed_ms, lower(trim(split_part(content_type, ';', 1))) AS type, bytes,
    nullif(trim(title), '') AS title, nullif(trim(description), '') AS description, nullif(trim(lang), '') AS lang,
    nullif(canonical, '') AS canonical, coalesce(length(text), 0) AS chars, content_hash, error, error_detail,
    coalesce(noindex, false) AS noindex, nullif(trim(h1), '') AS h1, map_entries(hreflang) AS hreflang,
    coalesce(js_required, false) AS js_required, simhash, coalesce(kind, 'page') AS kind, nofollow, links,
    [detail.text FOR detail IN link_details] AS texts, nullif(canonicals, []) AS canonicals
FROM records WHERE url IS NOT NULL;

-- name: visits
-- Every record, one row for each visit.
CREATE TABLE visits AS SELECT * FROM read_visits LIMIT 0;

-- name: add_visits
-- Those of one part.
INSERT INTO visits SELECT * FROM read_visits;

-- name: pages
-- One row for each URL: its last visit; of one that ended in a 304 the last that brought a page.
CREATE TABLE pages AS
WITH latest AS (SELECT url, arg_max(status, visit) AS last_status, max(visit) AS last_visit FROM visits GROUP BY url)
SELECT v.rowid AS id, hash(v.url) AS u, v.* EXCLUDE (links, texts, nofollow, hreflang), host_of(v.url) AS host
FROM visits AS v JOIN latest AS l ON l.url = v.url
WHERE v.visit = l.last_visit OR (l.last_status = 304 AND v.status BETWEEN 200 AND 299)
QUALIFY row_number() OVER (
    PARTITION BY v.url ORDER BY (l.last_status = 304 AND v.status BETWEEN 200 AND 299) DESC, v.visit DESC, v.rowid DESC
) = 1;

-- name: good
-- HTML pages that came as they should.
CREATE VIEW good AS SELECT * FROM pages
WHERE kind = 'page' AND error IS NULL AND status BETWEEN 200 AND 299
    AND type IN ('text/html', 'application/xhtml+xml');

-- name: indexable
-- Those of them that ask to be found under their own address.
CREATE VIEW indexable AS SELECT * FROM good WHERE NOT noindex AND (canonical IS NULL OR canonical = url);

-- name: edges
-- Every link of a page that came as it should, with its text where the crawl kept it.
CREATE TABLE edges AS
SELECT id AS source, hash(url) AS u, text FROM (
    SELECT v.rowid AS id, unnest(v.links) AS url, unnest(v.texts) AS text
    FROM visits AS v WHERE v.links IS NOT NULL AND v.rowid IN (SELECT id FROM good)
) WHERE url IS NOT NULL;

-- name: targets
-- What pages link to and the crawl has no record of.
CREATE TABLE targets AS
SELECT hash(url) AS u, any_value(url) AS url, count(*) AS links FROM (
    SELECT unnest(v.links) AS url FROM visits AS v
    WHERE v.links IS NOT NULL AND v.rowid IN (SELECT id FROM good)
) WHERE url IS NOT NULL AND hash(url) NOT IN (SELECT u FROM pages) GROUP BY hash(url);

-- name: unfollowed
-- Links that a page asks robots not to follow.
CREATE TABLE unfollowed AS
SELECT id AS source, url, hash(url) AS u FROM (
    SELECT v.rowid AS id, unnest(v.nofollow) AS url FROM visits AS v WHERE v.rowid IN (SELECT id FROM good)
) WHERE url IS NOT NULL;

-- name: alternates
-- The other languages that a page names.
CREATE TABLE alternates AS
SELECT id AS source, entry.key AS lang, entry.value AS url, hash(entry.value) AS u FROM (
    SELECT v.rowid AS id, unnest(v.hreflang) AS entry FROM visits AS v WHERE v.rowid IN (SELECT id FROM good)
) WHERE entry.value IS NOT NULL;

-- name: forget_lists
-- The lists are in tables of their own now.
ALTER TABLE visits DROP COLUMN links;
ALTER TABLE visits DROP COLUMN texts;
ALTER TABLE visits DROP COLUMN nofollow;
ALTER TABLE visits DROP COLUMN hreflang;

-- name: hops
-- Redirects: from where to where.
CREATE TABLE hops AS
SELECT id, u, url, status, final_url AS next, hash(final_url) AS next_u FROM pages
WHERE kind = 'page' AND error IS NULL AND status BETWEEN 300 AND 399 AND final_url <> url;

-- name: ends
-- For each URL that redirects where it ends, after how many hops, and the way there.
CREATE TABLE ends AS
WITH RECURSIVE walk (u, url, next_u, next, hops, way) AS (
    SELECT u, url, next_u, next, 1, url || ' (' || status || ') → ' || next FROM hops
    UNION ALL
    SELECT w.u, w.url, h.next_u, h.next, w.hops + 1, w.way || ' (' || h.status || ') → ' || h.next
    FROM walk AS w JOIN hops AS h ON h.u = w.next_u WHERE w.hops < 12
)
SELECT u, url, arg_max(next_u, hops) AS end_u, arg_max(next, hops) AS end_url, max(hops) AS hops,
    arg_max(way, hops) AS way
FROM walk GROUP BY u, url;

-- name: arrivals
-- Links with where they arrive: at their target, and at the end of its redirects.
CREATE VIEW arrivals AS
SELECT source, u, NULL AS via, text FROM edges
UNION ALL
SELECT e.source, r.end_u, r.url, e.text FROM edges AS e JOIN ends AS r ON r.u = e.u;

-- name: inlinks
-- How many other pages lead to a URL.
CREATE TABLE inlinks AS
SELECT a.u, count(*) AS links, min(a.source) AS example
FROM arrivals AS a JOIN pages AS s ON s.id = a.source WHERE a.u <> s.u GROUP BY a.u;

-- name: start_clicks
-- Where people come in: the seeds.
CREATE TABLE clicks AS
SELECT coalesce(r.end_u, p.u) AS u, 0 AS clicks FROM pages AS p LEFT JOIN ends AS r ON r.u = p.u
WHERE p.kind = 'page' AND p.parent IS NULL GROUP BY ALL;

-- name: add_clicks
-- Pages that are one click further away than those of the round before.
INSERT INTO clicks
SELECT found.u, $round FROM (
    SELECT DISTINCT coalesce(r.end_u, e.u) AS u
    FROM clicks AS c JOIN pages AS p ON p.u = c.u JOIN edges AS e ON e.source = p.id LEFT JOIN ends AS r ON r.u = e.u
    WHERE c.clicks = $round - 1
) AS found
WHERE found.u IN (SELECT u FROM pages) AND found.u NOT IN (SELECT u FROM clicks);

-- name: listed
-- Pages that a sitemap names.
CREATE TABLE listed AS SELECT DISTINCT url, hash(url) AS u, host_of(url) AS host FROM read_json(
    $path, format = 'newline_delimited', columns = {url: 'VARCHAR'}
);

-- name: outside
-- What was asked for beyond the crawl: the last answer of each URL.
CREATE TABLE outside AS
SELECT hash(url) AS u, url, status, error, final_url, hops, asked_at FROM read_json(
    $path, format = 'newline_delimited', ignore_errors = true,
    columns = {url: 'VARCHAR', status: 'INTEGER', error: 'VARCHAR', final_url: 'VARCHAR', hops: 'INTEGER', asked_at: 'BIGINT'}
) WHERE url IS NOT NULL QUALIFY row_number() OVER (PARTITION BY url ORDER BY asked_at DESC) = 1;

-- name: answers
-- What asking for a URL comes to, in the crawl or beyond it: how many redirects lead where, and what is found there.
CREATE OR REPLACE VIEW answers AS
SELECT p.u, coalesce(r.hops, 0) AS hops, coalesce(r.end_url, p.url) AS leads_to,
    coalesce(t.status, o.status) AS status, coalesce(t.error, o.error) AS error,
    CASE WHEN t.u IS NULL THEN is_gone(o.status, o.error) ELSE t.error IS NOT NULL OR t.status >= 400 END AS is_broken
FROM pages AS p LEFT JOIN ends AS r ON r.u = p.u LEFT JOIN pages AS t ON t.u = coalesce(r.end_u, p.u)
LEFT JOIN outside AS o ON o.u = r.end_u AND t.u IS NULL
UNION ALL
SELECT u, hops, final_url, status, error, is_gone(status, error) FROM outside WHERE u NOT IN (SELECT u FROM pages);
