"""The command line.

`app` finds the command, `commands` has one module for each · `options` all flags that configure a
crawl · `errors` what a person sees of an error · `records` which records are looked at, `looking`
what `inspect` says of them, `sql`, `exporting`, `comparing` and `reporting` the ways to ask more ·
`live` a crawl on a terminal.
"""
