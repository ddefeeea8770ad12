-- One statement for each check. The first columns say what is wrong, those after them where it is; a row for
-- each pair, the worst first.

-- name: broken_links
-- Pages that are not there, with all that lead to them; what only a sitemap names is in sitemap_broken.
SELECT p.url AS url, ended(p.status, p.error) AS answer, coalesce(s.url, p.parent) AS page, a.text AS text, a.via AS via
FROM pages AS p LEFT JOIN arrivals AS a ON a.u = p.u LEFT JOIN pages AS s ON s.id = a.source
WHERE p.kind = 'page' AND p.error IS NULL AND p.status BETWEEN 400 AND 499
    AND p.status NOT IN (401, 403, 407, 429, 451) AND (s.id IS NOT NULL OR p.u NOT IN (SELECT u FROM listed))
ORDER BY count(s.id) OVER (PARTITION BY p.u) DESC, p.url, s.url, a.via, a.text;

-- name: server_errors
-- Pages that their server could not give.
SELECT p.url AS url, ended(p.status, p.error) AS answer, s.url AS page, a.text AS text, a.via AS via
FROM pages AS p LEFT JOIN arrivals AS a ON a.u = p.u LEFT JOIN pages AS s ON s.id = a.source
WHERE p.kind = 'page' AND p.error IS NULL AND (p.status >= 500 OR p.status = 429)
ORDER BY count(s.id) OVER (PARTITION BY p.u) DESC, p.url, s.url, a.via, a.text;

-- name: unreachable
-- URLs without an answer.
SELECT p.url AS url, p.error AS answer, p.error_detail AS detail, s.url AS page, a.text AS text, a.via AS via
FROM pages AS p LEFT JOIN arrivals AS a ON a.u = p.u LEFT JOIN pages AS s ON s.id = a.source
WHERE p.kind = 'page' AND p.error IS NOT NULL
    AND p.error NOT IN ('redirect_loop', 'too_many_redirects', 'bad_redirect')
ORDER BY count(s.id) OVER (PARTITION BY p.u) DESC, p.url, s.url, a.via, a.text;

-- name: redirect_loops
-- Redirects that lead nowhere.
SELECT p.url AS url, p.error AS answer, p.error_detail AS detail, s.url AS page, a.text AS text, a.via AS via
FROM pages AS p LEFT JOIN arrivals AS a ON a.u = p.u LEFT JOIN pages AS s ON s.id = a.source
WHERE p.kind = 'page' AND p.error IN ('redirect_loop', 'too_many_redirects', 'bad_redirect')
ORDER BY count(s.id) OVER (PARTITION BY p.u) DESC, p.url, s.url, a.via, a.text;

-- name: sitemap_broken
-- Sitemaps name pages that are not there.
SELECT p.url AS url, ended(p.status, p.error) AS answer
FROM listed AS l JOIN pages AS p ON p.u = l.u
WHERE p.error IS NOT NULL OR p.status >= 400 ORDER BY p.url;

-- name: canonical_broken
-- Pages whose canonical address is not there, or redirects to what is not.
SELECT p.url AS url, p.canonical AS canonical, ended(a.status, a.error) AS answer
FROM good AS p JOIN answers AS a ON a.u = hash(p.canonical)
WHERE p.canonical <> p.url AND a.is_broken ORDER BY p.canonical, p.url;

-- name: soft_404
-- Pages that say they are not there and answer with 2xx: by the heading, by a part of the title where the heading is not
-- about the words, or by the bytes that the host sends with a 404. Those may be its start page, or a program's shell.
SELECT p.url AS url, p.says AS says, s.url AS page, a.text AS text, a.via AS via
FROM (
    SELECT g.u, g.url, CASE WHEN regexp_full_match(lower(g.h1), lost_words() || '[ .!…]*') THEN g.h1
        WHEN regexp_matches(lower(g.title), '(^|[|•·]| [-–—»:] )[ ]*' || lost_words() || '[ .!…]*($|[|•·]| [-–—«] )')
            AND NOT coalesce(regexp_matches(lower(g.h1), lost_words()), false) THEN g.title
        WHEN e.url IS NOT NULL AND g.parent IS NOT NULL AND NOT g.js_required THEN 'the same as ' || e.url END AS says
    FROM good AS g LEFT JOIN (
        SELECT host, content_hash, min(url) AS url FROM pages
        WHERE kind = 'page' AND error IS NULL AND status IN (404, 410) AND bytes > 0 GROUP BY host, content_hash
    ) AS e ON e.host = g.host AND e.content_hash = g.content_hash
) AS p LEFT JOIN arrivals AS a ON a.u = p.u LEFT JOIN pages AS s ON s.id = a.source
WHERE p.says IS NOT NULL
ORDER BY count(s.id) OVER (PARTITION BY p.u) DESC, p.url, s.url, a.via, a.text;

-- name: broken_external
-- Pages beyond the crawl that are not there, as asking for them once found.
SELECT o.url AS url, ended(o.status, o.error) AS answer, s.url AS page, a.text AS text, a.via AS via
FROM outside AS o JOIN arrivals AS a ON a.u = o.u JOIN pages AS s ON s.id = a.source
WHERE o.u NOT IN (SELECT u FROM pages) AND is_gone(o.status, o.error)
ORDER BY count(*) OVER (PARTITION BY o.u) DESC, o.url, s.url, a.via;

-- name: broken_requisites
-- Images, style sheets and scripts that are not there, with a page that needs them.
SELECT url AS url, ended(status, error) AS answer, parent AS page FROM pages
WHERE kind = 'requisite' AND (error IS NOT NULL OR status >= 400) ORDER BY url;

-- name: denied_links
-- Pages that ask for a login or refuse the crawler.
SELECT p.url AS url, ended(p.status, p.error) AS answer, s.url AS page, a.text AS text, a.via AS via
FROM pages AS p LEFT JOIN arrivals AS a ON a.u = p.u LEFT JOIN pages AS s ON s.id = a.source
WHERE p.kind = 'page' AND p.error IS NULL AND p.status IN (401, 403, 407, 451)
ORDER BY count(s.id) OVER (PARTITION BY p.u) DESC, p.url, s.url, a.via, a.text;

-- name: redirect_chains
-- Redirects to redirects, with the pages that link to the first.
SELECT r.url AS url, r.hops AS hops, r.end_url AS leads_to, ended(t.status, t.error) AS answer, r.way AS way,
    s.url AS page, e.text AS text
FROM ends AS r LEFT JOIN pages AS t ON t.u = r.end_u
LEFT JOIN edges AS e ON e.u = r.u LEFT JOIN pages AS s ON s.id = e.source
WHERE r.hops > 1 AND (s.id IS NOT NULL OR r.u NOT IN (SELECT next_u FROM hops))
ORDER BY r.hops DESC, count(s.id) OVER (PARTITION BY r.u) DESC, r.url, s.url;

-- name: canonical_redirects
-- Pages whose canonical address redirects.
SELECT p.url AS url, p.canonical AS canonical, a.leads_to AS leads_to
FROM good AS p JOIN answers AS a ON a.u = hash(p.canonical)
WHERE p.canonical <> p.url AND a.hops > 0 AND NOT a.is_broken ORDER BY p.canonical, p.url;

-- name: canonical_conflicts
-- Canonical addresses that contradict themselves.
SELECT p.url AS url, p.canonical AS canonical,
    CASE WHEN p.noindex THEN 'the page itself is noindex'
        WHEN t.noindex THEN 'the canonical page is noindex'
        WHEN p.url LIKE 'https:%' AND p.canonical LIKE 'http:%' THEN 'from https to http'
        WHEN t.canonical = p.url THEN 'both name each other'
        ELSE 'the canonical page names another: ' || t.canonical END AS conflict
FROM good AS p LEFT JOIN good AS t ON t.u = hash(p.canonical)
WHERE p.canonical <> p.url AND (
    p.noindex OR t.noindex OR (t.canonical IS NOT NULL AND t.canonical <> t.url)
    OR (p.url LIKE 'https:%' AND p.canonical LIKE 'http:%')
)
ORDER BY conflict, p.url;

-- name: several_canonicals
-- Pages that name more than one canonical address, by elements or by header.
SELECT url, canonical, other FROM (SELECT url, canonical, unnest(canonicals) AS other FROM good)
WHERE other <> canonical ORDER BY url, other;

-- name: duplicate_titles
-- Titles that several pages of a host have.
SELECT title AS title, host AS host, url AS page FROM indexable WHERE title IS NOT NULL
QUALIFY count(*) OVER (PARTITION BY host, title) > 1
ORDER BY count(*) OVER (PARTITION BY host, title) DESC, title, host, url;

-- name: missing_titles
-- Pages without a title.
SELECT g.url AS url, coalesce(i.links, 0) AS linked_from FROM good AS g LEFT JOIN inlinks AS i ON i.u = g.u
WHERE g.title IS NULL ORDER BY linked_from DESC, g.url;

-- name: duplicate_content
-- Pages with the same bytes as another.
SELECT url, bytes, page FROM (
    SELECT min(url) OVER (PARTITION BY content_hash) AS url, bytes, url AS page,
        count(*) OVER (PARTITION BY content_hash) AS n
    FROM indexable WHERE content_hash IS NOT NULL AND bytes > 0
) WHERE n > 1 ORDER BY n DESC, url, page;

-- name: sitemap_unwanted
-- Sitemaps name pages that are not to be found under that address.
SELECT p.url AS url,
    CASE WHEN p.status BETWEEN 300 AND 399 THEN 'redirects' WHEN p.noindex THEN 'noindex'
        ELSE 'canonical address is another' END AS problem,
    CASE WHEN p.status BETWEEN 300 AND 399 THEN p.final_url WHEN p.noindex THEN NULL ELSE p.canonical END AS leads_to
FROM listed AS l JOIN pages AS p ON p.u = l.u
WHERE p.error IS NULL AND (
    p.status BETWEEN 300 AND 399
    OR (p.status BETWEEN 200 AND 299 AND (p.noindex OR p.canonical <> p.url))
)
ORDER BY problem, p.url;

-- name: sitemap_orphans
-- A sitemap names them, and no page links to them.
SELECT p.url AS url, p.title AS title FROM listed AS l JOIN pages AS p ON p.u = l.u
WHERE l.u NOT IN (SELECT u FROM inlinks) AND p.parent IS NOT NULL
    AND p.error IS NULL AND p.status BETWEEN 200 AND 299
ORDER BY p.url;

-- name: hreflang
-- Other languages that are not there, do not name the page in return, or are none.
SELECT url, lang, alternate, problem FROM (
SELECT s.url AS url, a.lang AS lang, a.url AS alternate,
    CASE WHEN x.is_broken THEN 'not there: ' || ended(x.status, x.error)
        WHEN x.hops > 0 OR t.status BETWEEN 300 AND 399 THEN 'redirects'
        WHEN t.noindex THEN 'noindex' ELSE 'does not name it in return' END AS problem
FROM alternates AS a JOIN pages AS s ON s.id = a.source JOIN answers AS x ON x.u = a.u LEFT JOIN pages AS t ON t.u = a.u
WHERE a.u <> s.u AND (
    x.is_broken OR x.hops > 0 OR t.status >= 300 OR t.noindex
    OR (t.u IS NOT NULL AND NOT EXISTS (SELECT 1 FROM alternates AS b WHERE b.source = t.id AND b.u = s.u))
)
UNION ALL
SELECT s.url, a.lang, a.url, 'no code of a language' FROM alternates AS a JOIN pages AS s ON s.id = a.source
WHERE lower(a.lang) <> 'x-default' AND NOT (
    regexp_full_match(lower(a.lang), '[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?') AND lower(a.lang) NOT LIKE '%-uk'
)
) ORDER BY problem, url, lang;

-- name: mixed_content
-- Pages that are encrypted and need what is not.
SELECT url AS url, parent AS page FROM pages
WHERE kind = 'requisite' AND url LIKE 'http://%' AND parent LIKE 'https://%' ORDER BY url;

-- name: insecure_links
-- Links of encrypted pages to addresses of crawled hosts that are not.
SELECT t.url AS url, s.url AS page, e.text AS text
FROM (SELECT u, url FROM pages UNION ALL SELECT u, url FROM targets) AS t
JOIN edges AS e ON e.u = t.u JOIN pages AS s ON s.id = e.source
WHERE t.url LIKE 'http://%' AND s.url LIKE 'https://%' AND host_of(t.url) IN (SELECT host FROM good)
ORDER BY count(*) OVER (PARTITION BY t.u) DESC, t.url, s.url;

-- name: slow_pages
-- Pages that took long.
SELECT url AS url, elapsed_ms AS milliseconds, bytes AS bytes FROM pages
WHERE kind = 'page' AND status BETWEEN 200 AND 299 AND elapsed_ms >= getvariable('slow_ms')
ORDER BY elapsed_ms DESC, url;

-- name: redirected_links
-- Links to addresses that redirect, which should point to where that ends.
SELECT r.url AS url, r.end_url AS leads_to, h.status AS status, s.url AS page, e.text AS text
FROM ends AS r JOIN hops AS h ON h.u = r.u JOIN edges AS e ON e.u = r.u JOIN pages AS s ON s.id = e.source
JOIN answers AS a ON a.u = r.u
WHERE NOT a.is_broken ORDER BY count(*) OVER (PARTITION BY r.u) DESC, r.url, s.url;

-- name: moved_external
-- Pages beyond the crawl that have moved.
SELECT o.url AS url, o.final_url AS leads_to, s.url AS page, a.text AS text, a.via AS via
FROM outside AS o JOIN arrivals AS a ON a.u = o.u JOIN pages AS s ON s.id = a.source
WHERE o.u NOT IN (SELECT u FROM pages) AND o.hops > 0 AND is_there(o.status, o.error)
ORDER BY count(*) OVER (PARTITION BY o.u) DESC, o.url, s.url, a.via;

-- name: canonical_elsewhere
-- Pages that another host speaks for.
SELECT url AS url, canonical AS canonical FROM good
WHERE canonical <> url AND host_of(canonical) <> host ORDER BY url;

-- name: canonical_unknown
-- Canonical addresses of which nobody knows whether they are there: on crawled hosts and never fetched, or asked for
-- and without an answer to judge by.
SELECT p.url AS url, p.canonical AS canonical,
    CASE WHEN o.u IS NULL THEN 'never fetched' ELSE ended(o.status, o.error) END AS answer
FROM good AS p LEFT JOIN outside AS o ON o.u = hash(p.canonical)
WHERE p.canonical <> p.url AND hash(p.canonical) NOT IN (SELECT u FROM pages)
    AND (o.u IS NOT NULL OR host_of(p.canonical) IN (SELECT host FROM good))
    AND NOT is_gone(o.status, o.error) AND NOT is_there(o.status, o.error)
ORDER BY p.canonical, p.url;

-- name: hreflang_unknown
-- Other languages of which nobody knows whether they are there.
SELECT s.url AS url, a.lang AS lang, a.url AS alternate,
    CASE WHEN o.u IS NULL THEN 'never fetched' ELSE ended(o.status, o.error) END AS answer
FROM alternates AS a JOIN pages AS s ON s.id = a.source LEFT JOIN outside AS o ON o.u = a.u
WHERE a.u NOT IN (SELECT u FROM pages) AND NOT is_gone(o.status, o.error) AND NOT is_there(o.status, o.error)
ORDER BY a.url, s.url, a.lang;

-- name: external_unknown
-- Pages beyond the crawl that nobody can judge: refused, put off, or forbidden by robots.txt.
SELECT o.url AS url, ended(o.status, o.error) AS answer, s.url AS page, a.text AS text, a.via AS via
FROM outside AS o JOIN arrivals AS a ON a.u = o.u JOIN pages AS s ON s.id = a.source
WHERE o.u NOT IN (SELECT u FROM pages) AND NOT is_gone(o.status, o.error) AND NOT is_there(o.status, o.error)
ORDER BY count(*) OVER (PARTITION BY o.u) DESC, o.url, s.url, a.via;

-- name: long_titles
-- Titles that search results cut.
SELECT url AS url, length(title) AS characters, title AS title FROM indexable
WHERE length(title) > getvariable('title_chars') ORDER BY characters DESC, url;

-- name: long_descriptions
-- Descriptions that search results cut.
SELECT url AS url, length(description) AS characters, description AS description FROM indexable
WHERE length(description) > getvariable('description_chars') ORDER BY characters DESC, url;

-- name: missing_descriptions
-- Pages without a description.
SELECT g.url AS url, coalesce(i.links, 0) AS linked_from FROM indexable AS g LEFT JOIN inlinks AS i ON i.u = g.u
WHERE g.description IS NULL ORDER BY linked_from DESC, g.url;

-- name: duplicate_descriptions
-- Descriptions that several pages of a host have.
SELECT description AS description, host AS host, url AS page FROM indexable WHERE description IS NOT NULL
QUALIFY count(*) OVER (PARTITION BY host, description) > 1
ORDER BY count(*) OVER (PARTITION BY host, description) DESC, description, host, url;

-- name: missing_h1
-- Pages without a heading.
SELECT g.url AS url, coalesce(i.links, 0) AS linked_from FROM good AS g LEFT JOIN inlinks AS i ON i.u = g.u
WHERE g.h1 IS NULL AND NOT g.js_required ORDER BY linked_from DESC, g.url;

-- name: missing_languages
-- Pages that do not say their language.
SELECT g.url AS url, coalesce(i.links, 0) AS linked_from FROM good AS g LEFT JOIN inlinks AS i ON i.u = g.u
WHERE g.lang IS NULL ORDER BY linked_from DESC, g.url;

-- name: near_copies
-- Pages whose texts are nearly the same: fingerprints that differ in 3 of 64 bits at most, so that one of four
-- blocks of them is equal. Blocks that too many share say nothing. A group has the name of its first page: each takes
-- that of the first it is near to, three times over, and at last that of the page that it is named after.
WITH prints AS (
    SELECT ('0x' || simhash)::UBIGINT AS bits, min(url) AS url, any_value(content_hash) AS content FROM indexable
    WHERE simhash IS NOT NULL GROUP BY simhash
), blocks AS (
    SELECT bits, url, n, (bits >> (16 * n)) & 65535 AS block FROM prints, range(4) AS numbers (n)
    QUALIFY count(*) OVER (PARTITION BY n, block) BETWEEN 2 AND 200
), twins AS (
    SELECT ('0x' || p.simhash)::UBIGINT AS bits, p.url AS page, q.url AS url
    FROM indexable AS p JOIN prints AS q ON ('0x' || p.simhash)::UBIGINT = q.bits
    WHERE p.url <> q.url AND p.content_hash <> q.content
), pairs AS (
    SELECT DISTINCT a.url AS url, b.url AS page, bit_count(xor(a.bits, b.bits)) AS bits
    FROM blocks AS a JOIN blocks AS b ON a.n = b.n AND a.block = b.block AND a.url < b.url
    WHERE bit_count(xor(a.bits, b.bits)) <= 3
    UNION
    SELECT url, page, 0 FROM twins
), near AS (
    SELECT url, page FROM pairs UNION SELECT page, url FROM pairs
), once AS (
    SELECT url, least(url, min(page)) AS name FROM near GROUP BY url
), twice AS (
    SELECT n.url AS url, least(n.url, min(o.name)) AS name FROM near AS n JOIN once AS o ON o.url = n.page GROUP BY n.url
), thrice AS (
    SELECT n.url AS url, least(n.url, min(o.name)) AS name FROM near AS n JOIN twice AS o ON o.url = n.page GROUP BY n.url
), grouped AS (
    SELECT o.url AS page, n.name AS url FROM thrice AS o JOIN thrice AS n ON n.url = o.name
)
SELECT g.url AS url, g.page AS page,
    bit_count(xor(('0x' || p.simhash)::UBIGINT, ('0x' || q.simhash)::UBIGINT)) AS bits_apart
FROM grouped AS g JOIN indexable AS p ON p.u = hash(g.page) JOIN indexable AS q ON q.u = hash(g.url)
WHERE g.page <> g.url ORDER BY count(*) OVER (PARTITION BY g.url) DESC, g.url, bits_apart, g.page;

-- name: noindex_linked
-- Pages that ask not to be found, and that others link to.
SELECT g.url AS url, i.links AS linked_from, s.url AS example
FROM good AS g JOIN inlinks AS i ON i.u = g.u JOIN pages AS s ON s.id = i.example
WHERE g.noindex ORDER BY i.links DESC, g.url;

-- name: nofollow_links
-- Links within a host that robots are asked not to follow.
SELECT n.url AS url, s.url AS page FROM unfollowed AS n JOIN pages AS s ON s.id = n.source
WHERE host_of(n.url) = s.host ORDER BY count(*) OVER (PARTITION BY n.u) DESC, n.url, s.url;

-- name: unlisted
-- Pages that are linked and that no sitemap names, on hosts that have one.
SELECT p.url AS url, i.links AS linked_from FROM indexable AS p JOIN inlinks AS i ON i.u = p.u
WHERE p.host IN (SELECT host FROM listed) AND p.u NOT IN (SELECT u FROM listed) ORDER BY i.links DESC, p.url;

-- name: large_pages
-- Pages with much HTML.
SELECT url AS url, bytes AS bytes FROM good WHERE bytes >= getvariable('large_bytes') ORDER BY bytes DESC, url;

-- name: thin_pages
-- Pages with little text.
SELECT url AS url, chars AS characters FROM indexable WHERE chars < getvariable('thin_chars') AND NOT js_required
ORDER BY chars, url;

-- name: deep_pages
-- Pages that are many clicks away from where people come in.
SELECT p.url AS url, c.clicks AS clicks FROM clicks AS c JOIN good AS p ON p.u = c.u
WHERE c.clicks >= getvariable('deep_clicks') ORDER BY c.clicks DESC, p.url;

-- name: js_required
-- Pages that show themselves only to a browser.
SELECT url AS url, title AS title, chars AS characters FROM good WHERE js_required ORDER BY url;
