"""`GET /metrics`: what the last snapshot says, in the words of Prometheus."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from crawler import __version__
from crawler.admin.answer import Answer
from crawler.admin.watch import Watch

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STATES = ("ready", "leased", "waiting", "done", "dead")
_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")


class Metrics:
    """A registry of its own: nothing that other libraries count is shown."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def answer(self) -> Answer:
        return Answer(body=generate_latest(self._registry), content_type=CONTENT_TYPE)

    def describe(self) -> list[Metric]:
        """Nothing, so that registering collects nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("crawler_build_info", "Always 1", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        snapshot = self._watch.latest
        if snapshot is None:
            return
        counters = snapshot.counters
        urls = GaugeMetricFamily("crawler_frontier_urls", "URLs by state", labels=["state"])
        for state in _STATES:
            urls.add_metric([state], counters.get(state, 0))
        yield urls
        for name in ("records", "pages", "bytes"):
            yield CounterMetricFamily(f"crawler_{name}", name, value=counters.get(name, 0))
        classes = dict.fromkeys(_CLASSES, 0)
        errors = CounterMetricFamily("crawler_errors", "Records by error", labels=["error"])
        for name, n in counters.items():
            if name.startswith("status:") and f"{name[7:8]}xx" in classes:
                classes[f"{name[7:8]}xx"] += n
            elif name.startswith("error:"):
                errors.add_metric([name.removeprefix("error:")], n)
        responses = CounterMetricFamily("crawler_responses", "By class", labels=["class"])
        for label, n in classes.items():
            responses.add_metric([label], n)
        yield responses
        yield errors
        yield GaugeMetricFamily(
            "crawler_processing_rate", "Records per second", value=self._watch.rate()
        )
