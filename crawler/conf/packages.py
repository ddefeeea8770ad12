"""Packages that only some crawls need: said at the start where one is missing."""

from importlib.util import find_spec

from crawler.errors import ConfigError
from crawler.model.plan import Plan


def require_packages(plan: Plan, *, http: bool = False) -> None:
    """Check that what this crawl needs beside the usual is installed; nothing is loaded.

    Raises:
        ConfigError: it is not; the message says how to install it.
    """
    wanted = [
        name for name, on in (("main_text", plan.main_text), ("markdown", plan.markdown)) if on
    ]
    if wanted and find_spec("trafilatura") is None:
        names = " and ".join(wanted)
        need = "needs" if len(wanted) == 1 else "need"
        raise ConfigError(
            f"{names} {need} the package trafilatura: "
            "pip install '.[text]' in the clone of quasicrawler"
        )
    if http and (find_spec("prometheus_client") is None or find_spec("plotly") is None):
        raise ConfigError(
            "http needs the packages prometheus-client and plotly: "
            "pip install '.[admin]' in the clone of quasicrawler"
        )
