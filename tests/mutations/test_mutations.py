"""Each guard is broken once, and its test must fail: a guard that no test holds is none.

A sample in every run, all of them with `--torture`.
"""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutations.catalogue import MUTATIONS
from tests.mutations.runner import ROOT, Copy

SAMPLE = 4
SEED = 20261124


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("mutated") / "project")
    assert copy.imported() == copy.root / "crawler" / "__init__.py"
    return copy


@pytest.mark.torture
@pytest.mark.component  # not in the inner loop: it starts pytest again and again
@pytest.mark.timeout(7200)
def test_every_broken_guard_is_noticed(copy: Copy, rounds: Callable[[int, int], int]) -> None:
    """A guard could be taken out, by mistake or on purpose, and all tests would stay green."""
    chosen = _chosen(rounds(SAMPLE, len(MUTATIONS)))
    tests = list(dict.fromkeys(test for mutation in chosen for test in mutation.tests))
    unbroken = copy.run(tests, stop_early=False)
    assert unbroken.code == 0, unbroken.said
    missed = []
    for mutation in chosen:
        with copy.mutated(mutation):
            outcome = copy.run(mutation.tests, stop_early=True)
        # 2 to 5 are pytest's own troubles: a copy that cannot be imported proves nothing.
        if outcome.code != 1 or not outcome.failures or outcome.errors:
            missed.append(f"{mutation.guard}: {outcome}")
    assert missed == []


def _chosen(count: int) -> list:
    if count >= len(MUTATIONS):
        return MUTATIONS
    fast = [mutation for mutation in MUTATIONS if not mutation.slow]
    return random.Random(SEED).sample(fast, count)


def test_every_mutation_can_be_applied() -> None:
    """A mutation of text that is gone would break nothing, and nobody would know."""
    wrong = []
    for mutation in MUTATIONS:
        text = (ROOT / "crawler" / mutation.file).read_text("utf-8")
        if text.count(mutation.old) != 1 or mutation.old == mutation.new:
            wrong.append((mutation.guard, mutation.file, text.count(mutation.old)))
    assert wrong == []


def test_every_guard_is_named_once_and_its_tests_exist() -> None:
    """Two of a name could not be told apart in a report."""
    names = Counter(mutation.guard for mutation in MUTATIONS)
    assert [name for name, count in names.items() if count > 1] == []
    for mutation in MUTATIONS:
        for test in mutation.tests:
            path, _, name = test.partition("::")
            text = (ROOT / Path(path)).read_text("utf-8")
            assert f"def {name.partition('[')[0]}(" in text or not name, test
