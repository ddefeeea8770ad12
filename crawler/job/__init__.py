"""The job: one directory that holds all of one crawl, and who may write to it.

    crawl/frontier.db             the frontier
    crawl/pages/part-000001.jsonl the records (or --output DIR)
    crawl/logs/crawler.jsonl      the log
    crawl/manifest.json           the receipt, written when a run ends
    crawl/lock                    held by every process of the node

Directories are made 0700 and files 0600: a crawl may hold what its headers opened.
"""
