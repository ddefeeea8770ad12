-- Bodies beside the records of a part, and where each body was stored first.

ALTER TABLE parts ADD COLUMN store_bytes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE bodies (
    content_hash BLOB PRIMARY KEY,
    part INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    url_id INTEGER NOT NULL,
    fetched_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE part_refs (
    refers_to INTEGER NOT NULL,
    part INTEGER NOT NULL,
    PRIMARY KEY (refers_to, part)
) WITHOUT ROWID;
