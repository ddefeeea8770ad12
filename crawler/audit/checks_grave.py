"""Checks for what hurts visitors or keeps pages from being found: errors and warnings."""

from crawler.audit.check import Check
from crawler.audit.thresholds import SLOW_MS

_LINKED = 3
"""page, text, via"""

GRAVE = (
    Check(
        name="broken_links",
        severity="error",
        title="Broken links (4xx)",
        meaning="These pages are not there. Who follows a link to one is lost.",
        advice="Correct the links on the pages named, or bring the page back or redirect it.",
        place=_LINKED,
    ),
    Check(
        name="server_errors",
        severity="error",
        title="Server errors (5xx, 429)",
        meaning="The server could not give these pages, after all tries.",
        advice="Look into the log of the server at the time of the crawl; 429 and 503 may mean "
        "that the crawl was too fast for it, and should ask more slowly.",
        place=_LINKED,
    ),
    Check(
        name="unreachable",
        severity="error",
        title="No answer (name, connection, time-out)",
        meaning="No response came: the name has no address, nothing listens, the certificate is "
        "bad, or the answer took too long.",
        advice="Correct the links, or the server.",
        place=_LINKED,
    ),
    Check(
        name="redirect_loops",
        severity="error",
        title="Redirect loops and redirects to nowhere",
        meaning="A browser gives up on these: the redirects lead in a circle, are too many, or name"
        " no address.",
        advice="Correct the redirect rules of the server, and the links to them.",
        place=_LINKED,
    ),
    Check(
        name="canonical_broken",
        targets="canonical",
        severity="error",
        title="Canonical address is not there",
        meaning="The page says that another address speaks for it, and that one, or what it "
        "redirects to, is not there. Search engines may drop both.",
        advice="Let link rel=canonical name a page that is there, best the page itself.",
    ),
    Check(
        name="sitemap_broken",
        severity="error",
        title="Sitemap names pages that are not there",
        meaning="Search engines are sent to dead ends, and trust the sitemap less.",
        advice="Take these out of the sitemap, or bring them back.",
        need="sitemaps",
    ),
    Check(
        name="soft_404",
        severity="warning",
        title="Pages that say they are not there, with status 200",
        meaning="Their heading or title says so, or they are what the host sends with a 404. "
        "Nothing that goes by the status sees it: search engines, monitors, this report.",
        advice="Answer with 404 or 410, or redirect to what took its place; correct the links.",
        place=_LINKED,
    ),
    Check(
        name="broken_external",
        targets="outside",
        severity="warning",
        title="Broken links that leave the crawl",
        meaning="Pages of other sites, or out of the scope, that answered 404, 410 or 5xx but "
        "503, or not at all, when asked once.",
        advice="Correct or remove the links. A server that was only down for a moment is named "
        "too: look before you remove.",
        place=_LINKED,
        need="outside",
    ),
    Check(
        name="broken_requisites",
        severity="warning",
        title="Missing images, style sheets, scripts",
        meaning="Pages need these to look as they do, and they are not there. The page named is the"
        " first that was seen with it.",
        advice="Correct the address in the page or its template.",
        place=1,
        need="requisites",
    ),
    Check(
        name="denied_links",
        severity="warning",
        title="Links to pages that are refused (401, 403)",
        meaning="The server asks for a login, or does not let the crawler in. Search engines are "
        "likely to see the same.",
        advice="Link to them only where visitors are logged in; if the crawler alone is refused, "
        "allow it.",
        place=_LINKED,
    ),
    Check(
        name="redirect_chains",
        severity="warning",
        title="Redirect chains",
        meaning="A redirect leads to another redirect. Each hop costs the visitor a round trip.",
        advice="Let the first address redirect to the last, and the links point to it.",
        place=2,
    ),
    Check(
        name="canonical_redirects",
        targets="canonical",
        severity="warning",
        title="Canonical address redirects",
        meaning="The address that speaks for the page is not the one that is shown.",
        advice="Name the address where the redirect ends.",
    ),
    Check(
        name="canonical_conflicts",
        targets="canonical_page",
        severity="warning",
        title="Canonical addresses that contradict themselves",
        meaning="Chains of canonical addresses, noindex together with a canonical address, or from "
        "https to http: search engines ignore or misread them.",
        advice="Let each page name the final address, which names itself; noindex or canonical, "
        "not both.",
    ),
    Check(
        name="several_canonicals",
        severity="warning",
        title="Several canonical addresses",
        meaning="A page names more than one address that speaks for it, by link elements or by the "
        "Link header: search engines take none of them, or one that nobody chose.",
        advice="Name one, in one place.",
    ),
    Check(
        name="duplicate_titles",
        severity="warning",
        title="Duplicate titles",
        meaning="Several pages of a host have the same title: nobody can tell them apart in results"
        " or tabs.",
        advice="Give each page a title of its own, or a canonical address if they are one page.",
        place=1,
    ),
    Check(
        name="missing_titles",
        severity="warning",
        title="Pages without a title",
        meaning="Search results and tabs show the address instead.",
        advice="Add a title element.",
    ),
    Check(
        name="duplicate_content",
        severity="warning",
        title="Duplicate pages",
        meaning="Several addresses give the same bytes, and none of them says which one counts.",
        advice="Redirect to one of them, or name it with link rel=canonical.",
        place=1,
    ),
    Check(
        name="sitemap_unwanted",
        severity="warning",
        title="Sitemap names pages that redirect or are not to be found",
        meaning="A sitemap should name final addresses only: no redirects, no noindex, no pages "
        "that another address speaks for.",
        advice="Name the final address, or take the entry out.",
        need="sitemaps",
    ),
    Check(
        name="sitemap_orphans",
        severity="warning",
        title="Orphans: in the sitemap, linked from nowhere",
        meaning="No crawled page links to these; visitors cannot find them, and search engines rank"
        " them low.",
        advice="Link to them from where they belong, or drop them.",
        need="sitemaps",
    ),
    Check(
        name="hreflang",
        targets="alternate_page",
        severity="warning",
        title="Language versions that do not match",
        meaning="A page names another as its translation, and that one is not there, or does not "
        "name it in return, or what stands for the language is no code of one: search engines "
        "ignore the pair.",
        advice="Let all versions name each other, by their final addresses, with codes like en, "
        "en-GB or x-default.",
    ),
    Check(
        name="mixed_content",
        severity="warning",
        title="Mixed content",
        meaning="Encrypted pages that need something over http: browsers block it or warn.",
        advice="Use https for it.",
        place=1,
        need="requisites",
    ),
    Check(
        name="insecure_links",
        severity="warning",
        title="http links on https pages",
        meaning="Links from encrypted pages to unencrypted addresses of the crawled hosts.",
        advice="Write https.",
        place=2,
    ),
    Check(
        name="slow_pages",
        severity="warning",
        title="Slow pages",
        meaning=f"The whole answer took {SLOW_MS / 1000:g} s or longer, measured by the crawler.",
        advice="Look at what the server does for them; caching often helps.",
    ),
)
