"""Guards of the documentation: what it says is what the code says."""

from tests.mutations.mutation import Mutation

REFERENCE = "tests/unit/test_reference.py"

MUTATIONS = [
    Mutation(
        "the reference has the defaults of the code",
        "conf/settings.py",
        "    connect_timeout: Annotated[Seconds, Field(gt=0)] = Field(\n        default=10.0,",
        "    connect_timeout: Annotated[Seconds, Field(gt=0)] = Field(\n        default=11.0,",
        (f"{REFERENCE}::test_the_pages_are_what_the_code_says",),
    ),
    Mutation(
        "every kind of failure has its words",
        "model/failures.py",
        '    "decode": "the body\'s compression was broken",\n',
        "",
        (f"{REFERENCE}::test_every_text_of_the_code_is_there",),
    ),
    Mutation(
        "the help of a flag has the default of its setting",
        "cli/options.py",
        "Tasks of each process (64).",
        "Tasks of each process (65).",
        (f"{REFERENCE}::test_a_default_in_a_help_text_is_that_of_the_setting",),
    ),
]
