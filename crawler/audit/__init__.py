"""The audit of a crawled site: what its records say about it, by SQL in a scratch database.

The records are read once into tables on disk (`database`), each check is one statement over them
(`checks`, `sql/`), and `external` asks once for link targets that the crawl did not visit. Nothing
here knows how a finding is shown.
"""
