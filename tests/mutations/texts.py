"""Guards of what is taken from pages: main texts, fingerprints, headings, pages without text."""

from tests.mutations.mutation import Mutation

ARTICLE = "tests/component/test_article.py"
TEXTS = "tests/e2e/test_texts.py"
NEAR = "tests/unit/cli/test_inspect_near.py"
SIMHASH = "tests/unit/extract/test_simhash.py"
HTML = "tests/unit/parse/test_html.py"
SCRIPTED = "tests/unit/parse/test_scripted.py"
LINKS = "tests/unit/parse/test_link_details.py"

MUTATIONS = [
    Mutation(
        "a page that stalls the library ends with its process",
        "extract/article_program.py",
        "signal.setitimer(signal.ITIMER_PROF, page_seconds)",
        "signal.setitimer(signal.ITIMER_PROF, 0)",
        (f"{ARTICLE}::test_a_slow_page_ends_alone",),
        slow=True,
    ),
    Mutation(
        "after a cancelled task no page gets the main text of another",
        "extract/article.py",
        "            if not answered:",
        "            if False:",
        (f"{ARTICLE}::test_no_page_gets_the_answer_of_another",),
        slow=True,
    ),
    Mutation(
        "a process that went away is replaced",
        "extract/article.py",
        "process, self._process = self._process, None",
        "process = self._process",
        (f"{ARTICLE}::test_a_killed_process_is_replaced",),
        slow=True,
    ),
    Mutation(
        "a missing library is said at the start",
        "pipeline/renewing.py",
        "    require_packages(plan, http=settings.http is not None)",
        "    pass",
        (f"{TEXTS}::test_without_the_library",),
        slow=True,
    ),
    Mutation(
        "links of Markdown are absolute",
        "extract/article_program.py",
        '        tree.make_links_absolute(url, handle_failures="ignore")',
        "        pass",
        (f"{ARTICLE}::test_text_and_markdown",),
        slow=True,
    ),
    Mutation(
        "what an index repeats does not decide its fingerprint",
        "extract/simhash.py",
        'found = array("Q", counts)',
        'found = array("Q", hashes)',
        (
            f"{SIMHASH}::test_other_texts_differ_in_many_bits",
            f"{SIMHASH}::test_it_is_the_majority_of_the_bits",
        ),
    ),
    Mutation(
        "copies of one body are no near copies",
        "cli/looking/near.py",
        "if body not in bodies:",
        "if True:",
        (f"{NEAR}::test_what_is_no_near_copy",),
    ),
    Mutation(
        "near copies are found wherever they differ",
        "cli/looking/near.py",
        "_BLOCKS = MAX_BITS + 1",
        "_BLOCKS = 2",
        (f"{NEAR}::test_no_near_pair_is_missed",),
    ),
    Mutation(
        "the number of languages of a page is bounded",
        "parse/html.py",
        " and len(self.languages) < MAX_LANGUAGES",
        "",
        (f"{HTML}::test_languages_are_bounded",),
    ),
    Mutation(
        "a short page with links needs no browser",
        "parse/scripted.py",
        " or len(links) > _FEW_LINKS",
        "",
        (f"{SCRIPTED}::test_short_pages_are_left_alone",),
    ),
    Mutation(
        "an empty element of any name is nothing for scripts to fill",
        "parse/scripted.py",
        'not _OWN_ELEMENTS(element.tag or "")',
        '"-" not in (element.tag or "")',
        (f"{SCRIPTED}::test_short_pages_are_left_alone",),
    ),
    Mutation(
        "text of a script is no text of a link",
        "parse/link_details.py",
        "if parent is None or parent.tag not in _UNREAD:",
        "if True:",
        (f"{LINKS}::test_text_and_rel",),
    ),
]
