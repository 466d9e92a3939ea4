"""Whether anybody wants spans, asked before anything that costs time is imported."""

from __future__ import annotations

from collections.abc import Mapping

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the standard variables name a collector, and none of them says no."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporters = environ.get("OTEL_TRACES_EXPORTER", "").lower()
    if exporters:
        return "otlp" in exporters.split(",")
    return any(environ.get(name) for name in _ENDPOINTS)


def collector(environ: Mapping[str, str]) -> str:
    """Where spans are sent to."""
    return next((environ[name] for name in _ENDPOINTS if environ.get(name)), "http://localhost:4318")
