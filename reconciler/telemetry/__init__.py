"""Traces and metrics for a collector, where the variables of OpenTelemetry ask for them. They hold names and counts;
nobody's values are in an event, so none can get here.

`wanted` is asked by every command and loads nothing; `collector` alone knows the packages that the extra `otel` brings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.messages import problem
from reconciler.model.problems import Failure

if TYPE_CHECKING:
    from reconciler.telemetry.collector import Collector

_ENDPOINT = "OTEL_EXPORTER_OTLP_{}ENDPOINT"
_PROTOCOL = "OTEL_EXPORTER_OTLP_{}PROTOCOL"
_SPEAKS = ("", "http/protobuf")


class Signals(NamedTuple):
    """What is asked for."""

    traces: bool = False
    metrics: bool = False


def wanted(env: Mapping[str, str]) -> Signals:
    """What the variables ask for: signals that have an endpoint and are not switched off. Raises Failure E578 for a
    protocol that is not spoken here."""

    def asked(signal: str) -> bool:
        named = env.get(_ENDPOINT.format(f"{signal}_"), "") or env.get(_ENDPOINT.format(""), "")
        exporters = env.get(f"OTEL_{signal}_EXPORTER", "") or "otlp"
        return bool(named.strip()) and "otlp" in exporters.replace(" ", "").split(",")

    if env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Signals()
    found = Signals(asked("TRACES"), asked("METRICS"))
    for signal, is_asked in zip(("TRACES", "METRICS"), found, strict=True):
        names = (_PROTOCOL.format(f"{signal}_"), _PROTOCOL.format(""))
        name = next((name for name in names if env.get(name)), "")
        if is_asked and env.get(name, "") not in _SPEAKS:
            raise Failure(problem("E578", f"`{name}`"))
    return found


def open_collector(signals: Signals, now: Callable[[], datetime], token_bytes: Callable[[int], bytes]) -> Collector:
    """Who hands over what it hears, at the end of the command. Raises Failure E576 without the extra, E577 for what the
    variables say that cannot be used."""
    try:
        from reconciler.telemetry.collector import Collector
    except ImportError:
        raise Failure(problem("E576")) from None
    try:
        return Collector(signals, now, token_bytes)
    except Exception:  # whatever the packages do not like of the variables; a run never ends because of it
        raise Failure(problem("E577", "what the variables `OTEL_*` say cannot be used")) from None
