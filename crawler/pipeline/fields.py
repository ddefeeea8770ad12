"""Fields by configuration: which table holds for a page, and what it takes from it."""

from crawler.errors import ConfigError
from crawler.extract.fields import compile_tables
from crawler.extract.page import Page
from crawler.model.element import PageElement
from crawler.model.extraction import ExtractTable
from crawler.model.extras import Extras, Probe
from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.parse.tree import check_selector
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.tables import Tables


class PageFields:
    """Takes the fields of pages; one instance per process."""

    def __init__(self, plan: Plan, resolver: LinkResolver) -> None:
        """Compile the tables.

        Raises:
            ConfigError: a selector or a regex is none.
        """
        check_extraction(plan)
        self._tables = Tables(plan.extract)
        self._compiled = compile_tables(plan.extract)
        self._resolver = resolver

    def probe(self, url: str, result: Fetched, extras: Extras) -> Probe | None:
        """Return what fills in the fields of a page; None where no table has any for it.

        Error pages have none: what is missing there would spoil the coverage.
        """
        if not 200 <= result.status < 300:
            return None
        table = self._tables.of(url)
        compiled = None if table is None else self._compiled.get(table.match)
        if compiled is None:
            return None

        def probe(root: PageElement) -> None:
            page = Page(root, url, self._resolver, result.body)
            extras.fields, extras.extract_error = compiled.take(page)

        return probe


def check_extraction(plan: Plan) -> None:
    """Refuse selectors, regexes and callbacks that are none, before anything is crawled.

    Raises:
        ConfigError: with the place of each of them.
    """
    problems = []
    for table in plan.extract:
        problems += _bad_selectors(table)
        try:
            compile_tables([table])
        except ConfigError as error:
            problems.append(str(error))
        if table.python is not None:
            problems += _callback_problems(table)
    if problems:
        raise ConfigError("; ".join(problems))


def _callback_problems(table: ExtractTable) -> list[str]:
    # Only for who has callbacks.
    from crawler.pipeline.callbacks.loading import load_callback

    try:
        load_callback(table)
    except ConfigError as error:
        return [str(error)]
    return []


def _bad_selectors(table: ExtractTable) -> list[str]:
    asked = [] if table.each is None else [(f"{table.place}: each", table.each)]
    for rule in table.fields:
        selectors = [source.select for source in rule.sources if source.kind == "css"]
        asked += [(rule.place, select) for select in selectors if select]
    problems = []
    for place, selector in asked:
        try:
            check_selector(selector)
        except ValueError as error:
            problems.append(f"{place}: {error}")
    return problems
