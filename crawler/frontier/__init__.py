"""The frontier: the durable store of every known URL, the one authority on when it is fetched.

`crawler.frontier.sqlite.SqliteFrontier` fulfils `crawler.ports.Frontier` with one file:

* A URL is keyed by `(hash of its host key, hash of the URL)`, both seeded 64-bit. It is ready,
  leased, done (a record was written), waiting (for a due time) or dead (refused without a record).
* A sitemap is a URL of another kind with a key of its own, so one address may be known as both. Its
  end is no record: it is done without one, in no part, in no count of pages and never a seed.
* A requisite (an image, a style sheet) is a URL of a third kind, but one URL with the page of its
  address. It has a record and counts in no budget of pages. A link makes it a page: at once while
  it waits for its fetch; once fetched, only if it would lead further, and is then fetched again.
* A claim walks the hosts that may be asked now, the longest waiting first, and leases URLs of each.
  A lease has an id that is never used twice; whatever ends it compares that id, so that a late
  reader changes nothing.
* What is done may be due for another visit. Then it becomes ready again (`tick`), behind all URLs
  of its host that were never visited, the longest due first; budgets of pages do not hold it.
* Robots rules belong to an origin. Where they are missing or expired, the host hands out the
  origin's robots.txt, and nothing else until that has been settled.
* A host has a delay, budgets (its own, where a site's settings say so) and health: failures in a
  row, latency, answers that asked to slow down. With `adaptive_factor` the delay follows latency.
* Each change is one transaction that also moves the counts of URLs by state, per host and in all.

Counters (`Frontier.counters`):

* URLs by state: `ready leased done waiting dead`; `leased` includes robots items, which
  `leased_robots` counts alone
* `again` of the ready ones were visited before; `later` of the done ones will be visited again
* `records` written, of them `failures` (with an error); `pages`: URLs whose last record is no
  redirect hop, each once however often it is visited
* `bytes` of bodies; `retries` put off to a due time
* `seeds`; of them `seeds_final` (done, dead or visited before) and `seeds_answered` (a response
  came at the last visit)
* `dead:REASON`, `status:CODE`, `error:WORD` of records, `robots:VERDICT` of robots.txt fetches;
  `robots:unreachable_allowed` of those that had failed for so long that their origin passes
* `requisites`: records of them, redirect hops included; `requisites_found`: how many were added
* `sitemaps` that were done, of them `sitemap_failures`; `refused:sitemap_count` too many for a host
* whatever `Batch.counts` adds: `refused:REASON` of links, when they were found; `refused_back` of
  them that other rules, or the redirect of a seed, have let in since
"""

CORE_COUNTERS = (
    "ready",
    "leased",
    "done",
    "waiting",
    "dead",
    "leased_robots",
    "again",
    "later",
    "records",
    "pages",
    "failures",
    "bytes",
    "retries",
    "seeds",
    "seeds_final",
    "seeds_answered",
)
"""Counters that are there from the start, at zero."""
