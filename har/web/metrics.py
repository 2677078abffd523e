"""``/metrics``: what Prometheus asks for, read from the records whenever it asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from har.jobs.queue import Queue
from har.types import ZERO_SHOT

metrics = Blueprint("metrics", __name__)


@metrics.get("/metrics")
def show() -> Response:
    """The service in numbers; those since the beginning outlive the jobs that they count."""
    registry = CollectorRegistry()
    registry.register(_Jobs(current_app.extensions["har.queue"]))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Jobs(Collector):
    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        yield from _present(self._queue)
        sums = self._queue.records.tallies()
        yield from _past({name: _labelled(sums, name) for name, _ in sums})


def _present(queue: Queue) -> Iterator[Metric]:
    records = queue.records
    ready = Counter(worker.ready for worker in records.workers())
    yield _gauge("har_jobs", "Jobs by state", records.counts(), "state")
    yield _gauge("har_queue_age_seconds", "Age of the oldest waiting job", records.waited())
    workers = {"true": ready[True], "false": ready[False]}
    yield _gauge("har_workers", "Workers by whether their models are loaded", workers, "ready")
    yield _gauge("har_spooled_bytes", "Uploads that wait or are worked on", records.spooled())
    free = queue.storage.free_bytes()
    if free is not None:
        yield _gauge("har_free_bytes", "Free space where the files of jobs lie", free)


def _past(sums: Mapping[str, Mapping[str, float]]) -> Iterator[Metric]:
    jobs, segments = sums.get("jobs", {}), sums.get("segments", {})
    yield _counter("har_jobs_ended", "Jobs that ended, done or by error code", jobs, "outcome")
    yield _counter("har_segments", "Segments by the model that gave the label", segments, "source")
    yield _phases(sums.get("phase_seconds", {}), sums.get("phase_count", {}))
    if total := sum(segments.values()):
        share = sum(segments.get(source, 0.0) for source in ZERO_SHOT) / total
        yield _gauge("har_fallback_share", "Part of the segments labelled zero-shot", share)
    if seconds := sums.get("video_seconds", {}).get("", 0.0):
        factor = sums["work_seconds"][""] / seconds
        yield _gauge("har_real_time_factor", "Seconds of work per second of video", factor)


def _labelled(sums: Mapping[tuple[str, str], float], name: str) -> dict[str, float]:
    return {label: value for (each, label), value in sums.items() if each == name}


def _gauge(
    name: str, help: str, value: float | Mapping[str, float], label: str | None = None
) -> Metric:
    if not isinstance(value, Mapping):
        return GaugeMetricFamily(name, help, value=value)
    family = GaugeMetricFamily(name, help, labels=[str(label)])
    for key, number in value.items():
        family.add_metric([key], number)
    return family


def _counter(name: str, help: str, values: Mapping[str, float], label: str) -> Metric:
    family = CounterMetricFamily(name, help, labels=[label])
    for key, number in values.items():
        family.add_metric([key], number)
    return family


def _phases(seconds: Mapping[str, float], counts: Mapping[str, float]) -> Metric:
    family = SummaryMetricFamily("har_phase_seconds", "Time that jobs took", labels=["phase"])
    for phase, count in counts.items():
        family.add_metric([phase], count_value=int(count), sum_value=seconds[phase])
    return family
