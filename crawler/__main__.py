"""`crawler`, and `python -m crawler`: the first lines that run, where Ctrl-C may come already."""

import os

_INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        from crawler.cli.app import main as run  # noqa: PLC0415 - so that it can be interrupted
    except BaseException as error:
        # What is raised while a class is made comes out as something else.
        if isinstance(error.__cause__ or error, KeyboardInterrupt):
            os._exit(_INTERRUPTED)
        raise
    run()


if __name__ == "__main__":
    main()
