"""QuasiCrawler: a durable, polite, fast web crawler.

Data flows one way: seeds → frontier → writer → dealer → reader (fetch, parse, extract) →
committer → frontier and JSONL. `docs/concepts/data-flow.md` tells it in numbered sentences;
imports follow it. Nothing happens at import.
"""

__version__ = "0.1.0"
