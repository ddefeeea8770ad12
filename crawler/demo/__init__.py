"""A bundled, deterministic web for `make run`: every kind of page that a crawler meets.

Six small sites of an archipelago that does not exist, one loopback address each, one port:

1. `encyclopaedia`: nested pages with breadcrumbs, a base href, canonical links
2. `shop`: pages by query, nofollow links, a robots.txt that forbids the basket and sorting
3. `news`: dated pages, gzip, a Crawl-delay, meta robots, a feed
4. `letters`: paths and pages in many scripts and encodings
5. `harbour`: everything that goes wrong: errors, retries, redirects, a loop, cut connections
6. `archive`: slow, large, chunked and binary documents

A site is a plain mapping from request target to answers, made once at start; `server` knows
nothing of the sites, and the sites nothing of sockets. Only the standard library is used.
"""
