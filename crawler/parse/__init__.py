"""Pages to plain values: charset, content type, HTML.

`html.parse_html` makes a `Document` that needs no DOM. Nothing in here raises for any bytes.
"""
