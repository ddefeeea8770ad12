"""Settings: where each value comes from, whether it can be used, and the plan made of them.

    flags  ──┐
    CRAWLER_*├─► load (names checked, who said what) ─► Settings (pydantic) ─► make_plan ─► Plan
    .env     │
    TOML file┘

`settings` is the only pydantic in the crawler; everything below the command line sees a `Plan`.
"""
