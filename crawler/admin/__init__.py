"""The admin server of a running crawl: health, metrics, dashboard. Read-only, in the parent.

    snapshot, once a second ──► watch ──► state (JSON) ──┐
                                     └──► metrics        ├──► routes ──► server ──► door ──► socket
    a frontier of its own ─────► hosts (JSON) ───────────┤
    files of the page ─────────► pages ──────────────────┘

* `watch` keeps the last snapshot, ten minutes of history, and the notion of progress;
* `state`, `hosts` and `metrics` render; `cached` makes each of them at most once a second;
* `routes` is the table of what there is, `access` who may have it, `answer` what is sent;
* `door` takes connections, few at a time; `server` ties it together and is all that `qq` knows.

It shares the parent's loop with the writer, so everything here is bounded: connections, their rate,
the size of what they send, the time they last, and how often an answer is made.
"""
