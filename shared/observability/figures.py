"""Figures: what is measured once and told twice, to Prometheus as a metric and to a person with what to do about it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class Figure:
    """One value. `well` false: somebody should look, and `to_do` says at what."""

    metric: str
    """Name after `crosswalk_`; one that ends with `_total` is a counter, any other a gauge."""
    value: float
    title: str
    """What it is, for people and as the metric's help."""
    words: str = ""
    """The value as a person reads it; empty: it is for Prometheus only."""
    well: bool = True
    to_do: str = ""
    href: str = ""
    """Where to look."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What tells apart values of one metric; its help is then the title of the first."""


class _Once(Collector):
    def __init__(self, service: str, figures: Iterable[Figure]) -> None:
        self.service, self.figures = service, figures

    def collect(self) -> Iterator[Metric]:
        """Each metric with all its labels."""
        families: dict[str, Metric] = {}
        for figure in self.figures:
            name, labels = f"crosswalk_{figure.metric}", {"service": self.service, **figure.labels}
            if name not in families:
                families[name] = (CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily)(
                    name, figure.title, labels=list(labels)
                )
            families[name].add_metric(list(labels.values()), figure.value)  # type: ignore[attr-defined]
        yield from families.values()


def exposition(service: str, figures: Iterable[Figure]) -> bytes:
    """Figures and the process's own metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Once(service, list(figures)))
    return generate_latest(registry) + generate_latest(REGISTRY)
