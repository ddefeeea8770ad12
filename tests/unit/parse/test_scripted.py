"""Which pages need a browser, on pages as the usual tools make them."""

import pytest

from crawler.parse.html import parse_html
from crawler.parse.scripted import MAX_TEXT_CHARS
from crawler.policy.canonicalization import LinkResolver

ENABLE = "You need to enable JavaScript to run this app."
SHELLS = {
    "create-react-app": f"""<!doctype html><html lang=en><head><title>React App</title>
        <script defer src=/static/js/main.js></script></head><body>
        <noscript>{ENABLE}</noscript><div id="root"></div></body></html>""",
    "vite": """<head><script type=module crossorigin src=/assets/index-4f.js></script></head>
        <body><div id="root"></div></body>""",
    "vue-cli": """<body><noscript><strong>We're sorry but shop doesn't work properly without
        JavaScript enabled. Please enable it to continue.</strong></noscript><div id=app></div>
        <!-- built files will be auto injected --><script src=/js/app.js></script></body>""",
    "next": """<body><div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{}
        </script><script src="/_next/static/chunks/main.js" defer></script></body>""",
    "nuxt": """<body><div id="__nuxt"></div><script>window.__NUXT__={}</script></body>""",
    "nuxt 2": """<body><div id="__nuxt"><style>.s{}</style><svg id="nuxt-loading"></svg></div>
        <script src=/_nuxt/a.js></script></body>""",
    "angular": """<body class=mat-app><app-root></app-root><script src=main.js type=module></script>
        <noscript>Please enable JavaScript to continue using this application.</noscript></body>""",
    "angular without a word": "<body><app-root></app-root><script src=main.js></script></body>",
    "svelte": """<body><div id="svelte"></div><script type=module>import "x"</script></body>""",
    "gatsby": """<body><noscript id="gatsby-noscript">This app works best with JavaScript enabled.
        </noscript><div id="___gatsby"></div><script src=/app.js></script></body>""",
    "ember": "<body><script src=/assets/vendor.js></script><script src=/assets/app.js></script>",
    "flutter": """<head><title>app</title></head><body><script src=flutter_bootstrap.js async>
        </script></body>""",
    "blazor": """<body><div id="app"><svg class=loading-progress></svg><div>Loading...</div></div>
        <script src=_framework/blazor.webassembly.js></script></body>""",
    "elm": "<body><div id=elm-root></div><script src=elm.js></script>",
    "quasar": "<body><div id=q-app></div><script type=module src=/index.js></script></body>",
    "spinner": """<body><div id="app"><img src=spinner.gif><p>Loading, please wait</p></div>
        <script src=app.js></script></body>""",
    "check of the visitor": """<title>Just a moment...</title><body><h1>shop.example</h1>
        <noscript>Enable JavaScript and cookies to continue</noscript><script>run()</script>""",
    "a search page": """<h1>Search</h1><noscript><p>Please activate JavaScript to enable the search
        functionality.</p></noscript><script src=searchtools.js></script>""",
    "with a footer": f"""<body><noscript>{ENABLE}</noscript><div id=root></div>
        <footer>Acme Ltd <a href=/imprint>Imprint</a></footer><script src=a.js></script>""",
    "upper case": "<BODY><DIV ID=ROOT></DIV><SCRIPT SRC=A.JS></SCRIPT>",
}
PAGES = {
    "long text": f"<div id=root></div><script></script><p>{'word ' * MAX_TEXT_CHARS}",
    "no script": "<div id=root></div>Loading",
    "rendered by the server": """<div id="__next"><main><h1>Kettle</h1><p>Boils water, one litre and
        a half, in two minutes. 29.90 with shipping.</p></main></div><script src=/a.js></script>""",
    "a short post": """<h1>Hello</h1><p>First post, more to come. I wrote this with a pen and paper.
        <script async src=analytics.js></script>""",
    "not found": "<h1>404</h1><p>Not found. <a href=/>Home</a><script src=a.js></script>",
    "tag manager": """<p>We are closed today.<a href=/a>A</a><noscript><iframe src=//tags.example/ns
        height=0></iframe></noscript><script>tags()</script>""",
    "pixel": """<p>Thank you for your order.<noscript><img src=//pixel.example/x></noscript>
        <form></form><script>pixel()</script>""",
    "sign in": """<div id=app><form><input name=user><input name=password type=password>
        <button>Sign in</button></form></div><script src=validate.js></script>""",
    "a picture": "<title>DSC_0042</title><img src=/42.jpg><script src=stats.js></script>",
    "a video": "<video src=x.mp4 controls></video><script src=player.js></script>",
    "frames": "<frameset cols=20,80><frame src=a><frame src=b></frameset><script></script>",
    "a list of links": "<ul>"
    + "".join(f"<li><a href=/{n}>{n}</a>" for n in range(9))
    + "</ul><script src=a.js></script><div id=app></div>",
    "an empty listing": "<h1>Index of /</h1><hr><a href=../>../</a>",
    "an empty page": "",
    "names of its own, with text": """<site-header><h1>Bakery</h1></site-header><site-body><p>Open
        from seven to four, closed on Sundays. Bread, rolls and cake.</p></site-body>
        <script src=elements.js></script>""",
    "a listing with empty elements of its own": """<nav><doc-topbar></doc-topbar></nav><main>
        <a href=/>std</a><pre>1 mod condvar;</pre></main><script src=a.js></script>""",
    "maintenance": """<h1>Back soon</h1><p>We are working on the site and will be back at noon.
        Thank you for your patience.</p><script src=stats.js></script>""",
    "a template": "<template><div id=root></div></template><p>"
    + "Words of a page. " * 5
    + "<script>",
}


def needs_browser(page: str) -> bool:
    return parse_html(
        page.encode(), url="http://h/", header_charset=None, resolver=LinkResolver()
    ).js_required


@pytest.mark.parametrize("name", SHELLS)
def test_empty_shells_are_told(name: str) -> None:
    """A crawl would yield a thousand empty records, and nobody would be told why."""
    assert needs_browser(SHELLS[name])


@pytest.mark.parametrize("name", PAGES)
def test_short_pages_are_left_alone(name: str) -> None:
    """Pages would be rendered at a hundred times the cost, for nothing."""
    assert not needs_browser(PAGES[name])


@pytest.mark.parametrize(
    "piece",
    ["<noscript>", "<noscript><", "<script", "<div id=root", "<div id=root><!-- ", "<x-y>", "<a-"],
)
def test_any_repetition_is_looked_at_once(piece: str) -> None:
    """A page of a megabyte would keep its reader busy for minutes, as it would this test."""
    needs_browser("<script></script>" + piece * (1_000_000 // len(piece)))
