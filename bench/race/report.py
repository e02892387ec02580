"""What the race found, for programs (JSON), for people (Markdown) and as pictures (SVG)."""

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict
from html import escape
from pathlib import Path

from bench.prices import Prices
from bench.race.race import Figures
from bench.race.track import EMULATOR, QUICK

US = "jobline"
LEFT, BAR, WIDTH = 130, 22, 640
OURS, THEIRS = "#4477aa", "#bbbbbb"

SHARES = {
    QUICK: "processors at work there, no-op: the cloud / the consumer / who feeds and measures",
    EMULATOR: "processors at work on the emulator, no-op: the same",
}
"""What is near 1.00 limits; where nothing is, all wait for each other, or for a processor."""

Take = Callable[[Figures], float]

LINES: Mapping[str, tuple[Take, bool]] = {
    "consumer CPU a job, no-op": (lambda found: found.consumer_cpu_ms.get("noop", 0), True),
    "consumer CPU a job, small real one": (lambda found: found.consumer_cpu_ms.get("real", 0), True),
    "drain rate, no-op": (lambda found: found.drain_a_second.get("noop", 0), False),
    "drain rate, small real one": (lambda found: found.drain_a_second.get("real", 0), False),
    "drain rate where the cloud does not limit, no-op": (
        lambda found: found.quick_drain_a_second.get("noop", 0),
        False,
    ),
    "drain rate where the cloud does not limit, small real one": (
        lambda found: found.quick_drain_a_second.get("real", 0),
        False,
    ),
    "consumer CPU a job there, no-op": (lambda found: found.quick_consumer_cpu_ms.get("noop", 0), True),
    "consumer CPU a job there, small real one": (
        lambda found: found.quick_consumer_cpu_ms.get("real", 0),
        True,
    ),
    "enqueue rate": (lambda found: found.enqueue_a_second.get("noop", 0), False),
    "enqueue CPU a job": (lambda found: found.enqueue_cpu_ms.get("noop", 0), True),
    "latency at rest where the cloud does not limit, p50": (lambda found: found.quick_latency_p50_ms, True),
    "latency at rest where the cloud does not limit, p99": (lambda found: found.quick_latency_p99_ms, True),
    "latency at rest, p50": (lambda found: found.latency_p50_ms, True),
    "latency at rest, p99": (lambda found: found.latency_p99_ms, True),
    "memory of the consumer": (lambda found: found.memory_mib, True),
}
"""The figures that are told as ratios, and whether less is better. What nobody has measured is left out."""

CHARTS = {
    "drain-rate-quick": "drain rate where the cloud does not limit, no-op",
    "consumer-cpu": "consumer CPU a job, no-op",
    "drain-rate": "drain rate, no-op",
    "enqueue-rate": "enqueue rate",
}


def ratios(found: Mapping[str, Figures], take: Take) -> dict[str, float]:
    """Each contender's figure by ours."""
    ours = take(found[US])
    return {name: take(one) / ours if ours else 0.0 for name, one in found.items()}


def write(found: Mapping[str, Figures], folder: Path, *, how: str) -> str:
    """Write all of it; returns the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    page = markdown(found, how=how)
    (folder / "race.json").write_text(
        json.dumps({"how": how, "contenders": {name: asdict(one) for name, one in found.items()}}, indent=2)
        + "\n",
        encoding="utf-8",
    )
    (folder / "race.md").write_text(page, encoding="utf-8")
    for file, line in CHARTS.items():
        take, less = LINES[line]
        if not take(found[US]):
            continue
        (folder / f"{file}.svg").write_text(
            bars(f"{line}, Jobline = 1 ({_better(less=less)})", ratios(found, take)), encoding="utf-8"
        )
    return page


def markdown(found: Mapping[str, Figures], *, how: str) -> str:
    """The tables."""
    names = list(found)
    lines = [
        f"{how} Python {platform.python_version()}. Jobline = 1.00; times are ratios, since they depend on the machine.",
        "",
        f"| | {' | '.join(names)} |",
        "|---|" + "---:|" * len(names),
    ]
    for title, (take, less) in LINES.items():
        if not take(found[US]):
            continue
        cells = [f"{ratio:.2f}" if ratio else "-" for ratio in ratios(found, take).values()]
        lines.append(f"| {title} ({_better(less=less)}) | {' | '.join(cells)} |")
    lines += [
        f"| {title} | {' | '.join(_shares(one.shares.get(cloud)) for one in found.values())} |"
        for cloud, title in SHARES.items()
        if cloud in found[US].shares
    ]
    prices = Prices.load()
    rows: tuple[tuple[str, Callable[[Figures], str]], ...] = (
        ("write units a job", lambda one: f"{one.write_units:.2f}"),
        ("read units a job", lambda one: f"{one.read_units:.2f}"),
        ("SQS requests a job", lambda one: f"{one.sqs_requests:.2f}"),
        (
            f"table and queue, $ a million ({prices.region}, {prices.as_of})",
            lambda one: f"{one.dollars_a_million:.2f}",
        ),
    )
    if any(one.cold_start is not None for one in found.values()):
        cells = ["-" if one.cold_start is None else f"{one.cold_start:.2f}" for one in found.values()]
        lines.append(f"| cold start, a bare boto3 handler = 1.00 (less is better) | {' | '.join(cells)} |")
    for title, text in rows if found[US].calls else ():
        cells = ["-" if not one.calls else text(one) for one in found.values()]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    if not found[US].calls:
        return "\n".join(lines) + "\n"
    lines += ["", "Calls a job:", ""]
    for name, one in found.items():
        calls = ", ".join(f"{operation} {number:.2f}" for operation, number in one.calls.items())
        lines.append(f"- **{name}** ({one.about}): {calls or 'none to AWS'}")
    missing = (
        "" if any("redis" in name for name in names) else "\nNo Redis server here: its rows are missing.\n"
    )
    return "\n".join(lines) + "\n" + missing


def _shares(one: Mapping[str, float] | None) -> str:
    return " / ".join(f"{one[who]:.2f}" for who in ("cloud", "consumer", "feeding")) if one else "-"


def _better(*, less: bool) -> str:
    return "less is better" if less else "more is better"


def bars(title: str, values: Mapping[str, float]) -> str:
    """A bar chart of those that have a figure. By hand, so that whoever gets it needs nothing but a browser."""
    values = {name: value for name, value in values.items() if value}
    most, height = max(values.values()) or 1.0, 50 + (BAR + 8) * len(values)
    font = 'font-family="sans-serif" font-size="13"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="10" y="24" font-weight="bold" {font}>{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(values.items()):
        y, length = 40 + number * (BAR + 8), (WIDTH - LEFT - 70) * value / most
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end" {font}>{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{OURS if name == US else THEIRS}"/>',
            f'<text x="{LEFT + length + 6:.1f}" y="{y + 16}" {font}>{value:.2f}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
