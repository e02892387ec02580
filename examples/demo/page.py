"""The outcome as one static HTML page beside the outputs: it opens from the disk and needs nothing else."""

from collections.abc import Iterable, Sequence
from html import escape
from os.path import relpath
from pathlib import Path
from urllib.parse import quote

from examples.demo.figures import Row
from examples.demo.plan import KINDS, Places
from examples.demo.report import Line, Report

COLOURS = dict(zip(KINDS, ("#4c8dd6", "#3fa37c", "#8f7ad6", "#d68a3c", "#c4569b", "#b8a02a"), strict=True))
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8889; --bad: #d33; --good: #2a8a4a }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1.5rem }
h1 { font-size: 1.6rem; margin-bottom: .2rem } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem }
p.lead { margin-top: 0; font-size: 1.05rem } .good { color: var(--good) } .bad { color: var(--bad) }
table { border-collapse: collapse; width: 100% } td, th { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top }
th { border-bottom: 2px solid var(--line); font-weight: 600 } td { border-bottom: 1px solid var(--line) }
td:first-child { white-space: nowrap }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap } tr.total td { font-weight: 600 }
.soft { opacity: .65 } code { font-size: .9em; overflow-wrap: anywhere } svg { width: 100%; height: auto; display: block }
.key span { display: inline-block; margin-right: 1.2rem } .key i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: .8rem }
.grid img { width: 100%; height: 120px; object-fit: contain; background: #8882; border-radius: 4px }
figure { margin: 0; font-size: .75rem; overflow-wrap: anywhere }
"""

HOW_TO_READ = (
    "A line a job, in the order of acceptance: pale while it waits, in the queue or for its next attempt; full while "
    "an attempt runs. Red: dead. Point at a line to read it."
)


def html(report: Report, places: Places, thumbnails: Sequence[Path]) -> str:
    """The page. `thumbnails` are shown in the order given."""
    tone = "good" if report.ok else "bad"
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Jobline demo</title><style>{STYLE}</style>",
        "<meta name=viewport content='width=device-width'>",
        f"<h1>Jobline demo</h1><p class='lead {tone}'>{escape(report.sentence)}</p>",
        _inputs(report),
        _list("What did not go as it should", report.wrong),
        "<h2>Jobs</h2>",
        _kinds([*report.kinds, report.total]),
        _pictures(places, thumbnails),
        f"<h2>Each job in time</h2><p class=soft>{HOW_TO_READ}</p>",
        _key(report.kinds),
        waterfall(report.jobs),
        _dead(report.dead),
        _retried(report.retried),
        _list("Checked", [proof.claim for proof in report.proofs if not proof.wrong]),
        "</html>",
    ]
    return "\n".join(part for part in parts if part)


def _inputs(report: Report) -> str:
    left_out = "".join(f"<br>Left out: {escape(words)}." for words in report.left_out)
    where = f"{escape(report.files)} in <code>{escape(report.folder)}</code>"
    return f"<p class=soft>{where}, {report.seconds:.1f} seconds in all.{left_out}</p>"


def waterfall(jobs: Sequence[Line]) -> str:
    """An SVG with time to the right, in seconds since the first acceptance, and a thin line for each job."""
    end = max([job.finished or 0 for job in jobs], default=1) or 1
    width, left, high = 1000, 4, 3
    tall = len(jobs) * high + 24
    scale = (width - 2 * left) / end
    marks = []
    step = next((step for step in (1, 2, 5, 10, 20, 60, 120) if end / step <= 12), 300)
    for second in range(0, int(end) + 1, step):
        x = left + second * scale
        marks.append(f"<line x1={x:.1f} x2={x:.1f} y1=0 y2={tall - 20} stroke='#8883'/>")
        marks.append(
            f"<text x={x:.1f} y={tall - 6} font-size=11 fill='currentColor' opacity=.65>{second} s</text>"
        )
    for n, job in enumerate(jobs):
        if job.finished is None:
            continue
        colour = "#d33" if job.state == "DEAD" else COLOURS[job.kind]
        words = (
            f"{job.kind}: {job.about}, {job.state.lower()} after {job.attempts} attempts, {job.latency:.2f} s"
        )
        bars = [(job.accepted, job.finished, 0.22), *((start, end, 1) for start, end in job.ran)]
        rects = "".join(
            f"<rect x={left + start * scale:.1f} y={n * high} width={max(1.0, (end - start) * scale):.1f} "
            f"height={high - 1} fill='{colour}' opacity='{opacity}'/>"
            for start, end, opacity in bars
        )
        marks.append(f"<g><title>{escape(words)}</title>{rects}</g>")
    return f"<svg viewBox='0 0 {width} {tall}' role=img aria-label='each job in time'>{''.join(marks)}</svg>"


def _key(kinds: Iterable[Row]) -> str:
    spans = "".join(f"<span><i style='background:{COLOURS[row.kind]}'></i>{row.kind}</span>" for row in kinds)
    return f"<p class=key>{spans}<span><i style='background:#d33'></i>dead</span></p>"


def _kinds(rows: Sequence[Row]) -> str:
    head = "".join(
        f"<th class=n>{words}"
        for words in ("submitted", "succeeded", "retried", "dead", "latency p50", "p95", "max")
    )
    body = ""
    for n, row in enumerate(rows):
        times = ["" if value is None else f"{value:.2f} s" for value in (row.p50, row.p95, row.max)]
        cells = [row.submitted, row.succeeded, row.retried or "–", row.dead or "–", *times]
        last = " class=total" if n == len(rows) - 1 else ""
        body += f"<tr{last}><td>{row.kind}{''.join(f'<td class=n>{cell}' for cell in cells)}"
    return f"<table><tr><th>work{head}{body}</table>"


def _dead(dead: Sequence[Line]) -> str:
    if not dead:
        return ""
    body = "".join(
        f"<tr><td>{job.kind}<td>{escape(job.about)}<td>{job.reason}<td class=n>{job.attempts}<td>{escape(job.error or '')}"
        for job in sorted(dead, key=lambda job: (KINDS.index(job.kind), job.about))
    )
    return f"<h2>Dead</h2><table><tr><th>work<th>about<th>reason<th class=n>attempts<th>error{body}</table>"


def _retried(retried: Sequence[Line]) -> str:
    if not retried:
        return ""
    body = "".join(
        f"<tr><td>{job.kind}<td>{escape(job.about)}<td>{job.state.lower()}<td class=n>{job.attempts}<td>{escape(', '.join(job.troubles))}"
        for job in sorted(retried, key=lambda job: (KINDS.index(job.kind), job.troubles))
    )
    return f"<h2>Retried</h2><table><tr><th>work<th>about<th>in the end<th class=n>attempts<th>because of{body}</table>"


def _list(title: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    return f"<h2>{title}</h2><ul>{''.join(f'<li>{escape(sentence)}' for sentence in sentences)}</ul>"


def _pictures(places: Places, thumbnails: Sequence[Path]) -> str:
    if not thumbnails:
        return ""
    links = [(quote(relpath(path, places.page.parent)), path.stem) for path in thumbnails]
    figures = "".join(
        f"<figure><img src='{link}' alt='' loading=lazy><figcaption>{escape(name)}</figcaption></figure>"
        for link, name in links
    )
    return f"<h2>{len(thumbnails)} thumbnails</h2><div class=grid>{figures}</div>"
