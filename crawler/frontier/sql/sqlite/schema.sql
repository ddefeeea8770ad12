-- What a SQLite frontier looks like once every migration has run (a test compares the two).
-- Times are ms on the job's clock. States of a URL: 0 ready, 1 leased, 2 done, 3 waiting, 4 dead.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sequences (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE roots (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE
);

-- packed: NULL as it was written, else its file's ending ('.zst'). shipped: 0 to be handed to the
-- command, 1 taken, NULL nothing to do (sealed by a run without a command). pruned: files are gone.
CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    node TEXT NOT NULL,
    reader TEXT NOT NULL,
    sealed INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL DEFAULT 0,
    store_bytes INTEGER NOT NULL DEFAULT 0,
    sealed_at INTEGER,
    packed TEXT,
    shipped INTEGER,
    ship_tries INTEGER NOT NULL DEFAULT 0,
    ship_due INTEGER NOT NULL DEFAULT 0,
    ship_error TEXT,
    pruned INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX parts_open ON parts (reader) WHERE sealed = 0;
CREATE INDEX parts_unpacked ON parts (id) WHERE sealed = 1 AND packed IS NULL AND pruned = 0 AND bytes > 0;
CREATE INDEX parts_unshipped ON parts (ship_due) WHERE shipped = 0 AND bytes > 0;

-- id: the host hash. next_at is never before paused_until. owed: an origin owes a URL its verdict.
-- own_delay_ms: by the settings; delay_ms: the longest of that, crawl_delay_ms and what latency_ms asks
-- for. streak: rounds of failures in a row; failed_at: when the last one that counted was committed.
-- again: of the ready URLs those that were visited before; no budget of pages holds them.
CREATE TABLE hosts (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    next_at INTEGER NOT NULL DEFAULT 0,
    last_start INTEGER NOT NULL DEFAULT 0,
    paused_until INTEGER NOT NULL DEFAULT 0,
    crawl_delay_ms INTEGER NOT NULL DEFAULT 0,
    delay_ms INTEGER NOT NULL,
    lease_limit INTEGER NOT NULL,
    page_limit INTEGER,
    ready INTEGER NOT NULL DEFAULT 0,
    leased INTEGER NOT NULL DEFAULT 0,
    asking INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0,
    pages INTEGER NOT NULL DEFAULT 0,
    fails INTEGER NOT NULL DEFAULT 0,
    owed INTEGER NOT NULL DEFAULT 0,
    own_delay_ms INTEGER NOT NULL DEFAULT 0,
    streak INTEGER NOT NULL DEFAULT 0,
    failed_at INTEGER,
    last_failure TEXT,
    latency_ms INTEGER,
    throttled INTEGER NOT NULL DEFAULT 0,
    again INTEGER NOT NULL DEFAULT 0,
    held INTEGER GENERATED ALWAYS AS (
        ready > again AND page_limit IS NOT NULL AND pages + leased >= page_limit
    ) VIRTUAL,
    halted INTEGER NOT NULL DEFAULT 0,
    claimable INTEGER GENERATED ALWAYS AS (
        ready > 0 AND asking = 0 AND halted = 0 AND leased < lease_limit
        AND (page_limit IS NULL OR pages + leased < page_limit OR again > 0)
    ) VIRTUAL
);
CREATE INDEX hosts_claimable ON hosts (next_at) WHERE claimable = 1;
CREATE INDEX hosts_halted ON hosts (id) WHERE halted = 1;
CREATE INDEX hosts_held ON hosts (id) WHERE held = 1;
CREATE INDEX hosts_again ON hosts (next_at) WHERE again > 0;
CREATE INDEX hosts_paused ON hosts (paused_until, ready) WHERE paused_until > 0 AND ready > 0 AND halted = 0;

-- verdict, body, version, expires_at: the last rules that were learned. obstacle: why there are
-- none now (defer, dns, connect). gone: given up, its URLs die. failing_since: first failure in a row.
CREATE TABLE origins (
    id INTEGER PRIMARY KEY,
    host_id INTEGER NOT NULL,
    origin TEXT NOT NULL UNIQUE,
    verdict TEXT,
    obstacle TEXT,
    status INTEGER,
    version INTEGER NOT NULL DEFAULT 0,
    fetched_at INTEGER,
    expires_at INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL DEFAULT 0,
    crawl_delay_ms INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    unreachable INTEGER NOT NULL DEFAULT 0,
    owes INTEGER NOT NULL DEFAULT 0,
    gone INTEGER NOT NULL DEFAULT 0,
    burying INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    lease_id INTEGER,
    lease_until INTEGER,
    body BLOB,
    failing_since INTEGER
);
CREATE INDEX origins_host ON origins (host_id);
CREATE INDEX origins_leased ON origins (lease_until) WHERE lease_id IS NOT NULL;
CREATE INDEX origins_burying ON origins (id) WHERE burying = 1;

-- at: end of the lease (leased), due time (waiting) or next visit (done; NULL: none); of a ready URL that
-- is visited again: when the visit was due, NULL if it was put off since. reason: error word of a record
-- (done), why it waits (waiting), why it was refused (dead). is_page: its record counts against page
-- budgets. kind: 0 page, 1 sitemap, 2 requisite, 3 requisite that would lead on as a page. priority: 0 to
-- 9, but 10 (sitemaps) or 11 once a visit was due again. visited_at: claim of the last visit. misses:
-- visits in a row that found no page. listed: a sitemap names it.
CREATE TABLE urls (
    id INTEGER PRIMARY KEY,
    host_id INTEGER NOT NULL,
    state INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    parent INTEGER,
    url TEXT NOT NULL,
    reason TEXT,
    chain TEXT,
    at INTEGER,
    lease_id INTEGER,
    tries INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    visits INTEGER NOT NULL DEFAULT 0,
    is_page INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    part INTEGER,
    etag TEXT,
    last_modified TEXT,
    content_hash BLOB,
    kind INTEGER NOT NULL DEFAULT 0,
    visited_at INTEGER,
    interval_ms INTEGER,
    misses INTEGER NOT NULL DEFAULT 0,
    listed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX urls_ready ON urls (host_id, priority, at, id) WHERE state = 0;
CREATE INDEX urls_later ON urls (at) WHERE state = 2 AND at IS NOT NULL;
CREATE INDEX urls_leased ON urls (at) WHERE state = 1;
CREATE INDEX urls_waiting ON urls (at) WHERE state = 3;
CREATE INDEX urls_stuck ON urls (host_id, state, id) WHERE state >= 3;
CREATE INDEX urls_sitemaps ON urls (host_id) WHERE kind = 1;
CREATE INDEX urls_requisites ON urls (host_id, priority, id) WHERE state = 0 AND kind >= 2;

CREATE TABLE seen (
    host_id INTEGER NOT NULL,
    url_hash INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (host_id, url_hash)
) WITHOUT ROWID;

-- Where a body was stored first: part, start and length of its response record; url_id: of which
-- page. WITHOUT ROWID, because a look-up by hash is all that is asked of it.
CREATE TABLE bodies (
    content_hash BLOB PRIMARY KEY,
    part INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    url_id INTEGER NOT NULL,
    fetched_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Records of `part` point to bodies in `refers_to`, another part: it is of no use without that one.
CREATE TABLE part_refs (
    refers_to INTEGER NOT NULL,
    part INTEGER NOT NULL,
    PRIMARY KEY (refers_to, part)
) WITHOUT ROWID;
