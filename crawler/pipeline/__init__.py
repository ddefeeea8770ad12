"""The story of a crawl, top to bottom.

`seeding` fills the frontier · `node` (parent) claims, buries dead readers and knows when it is
over · `context` builds what one reader process holds · `reader` takes one item through fetch,
parse and extract · `committer` settles batches of outcomes · `recovery` makes parts and frontier
agree after a crash.

Beside the story: `watching` what a running crawl shows of itself · `upkeep` parts and jobs over
months · `changed_rules` a run by other rules than the last · `callbacks` functions of the user's
own · `explaining` and `trying` why a URL is crawled or not · `reparsing` records made anew.
"""
