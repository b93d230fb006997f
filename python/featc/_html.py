"""How programs and training sets look in a notebook."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from ._inputs import to_columns

if TYPE_CHECKING:
    from ._program import Program
    from ._table import Table, TrainingSet

ROWS_MAX = 10
#: How a report names a row: `payments.csv:17: late: …`.
REJECTED = re.compile(r"(?P<place>.*?):(?P<row>\d+): (?P<reason>\w+): (?P<detail>.*)", re.S)
COLOURS = {"missing": "#b58900", "error": "#dc322f", "stale": "#cb4b16", "truncated": "#6c71c4", "empty": "#888"}


def text(value: Any) -> str:
    return html.escape("" if value is None else str(value))


def _cell(value: Any, status: Any = None) -> str:
    word = str(status or "")
    colour = next((colour for start, colour in COLOURS.items() if word.startswith(start)), None)
    shown = "<i>null</i>" if value is None else text(value)
    mark = f' title="{text(word)}" style="color:{colour}"' if colour else ""
    note = f" <small>{text(word)}</small>" if colour else ""
    return f"<td{mark}>{shown}{note}</td>"


def table(rows: "Table") -> str:
    head = rows.head(ROWS_MAX)
    columns = to_columns(head._table, raw=True)
    # A status is shown with its value.
    shown = [name for name in columns if not (name.endswith("__status") and name[: -len("__status")] in columns)]
    lines = ["<table><thead><tr>", *(f"<th>{text(name)}</th>" for name in shown), "</tr></thead><tbody>"]
    for row in range(len(head)):
        cells = (_cell(columns[name][row], (columns.get(f"{name}__status") or {row: None})[row]) for name in shown)
        lines += ["<tr>", *cells, "</tr>"]
    lines.append("</tbody></table>")
    more = len(rows) - len(head)
    if more > 0:
        lines.append(f"<small>and {more} more rows</small>")
    return "".join(lines)


def training_set(found: "TrainingSet") -> str:
    truth = found.report["truth"]["name"]
    lines = [f"<b>{len(found)} rows, {len(found.features)} features, truth {text(truth)}</b>", table(found)]
    # Rows that are named stand in the table of them.
    told = [*(note for note in found.notes if not note.startswith("  ")), *(warning.text for warning in found.warnings)]
    if told:
        lines.append("<pre>" + "\n".join(text(line) for line in told) + "</pre>")
    return "".join([*lines, rejected(found.report["sources"])])


def rejected(sources: Any) -> str:
    """The first rows that count for nothing, by file or source, with the reason of each."""
    examples = [example for source in sources for example in (*source.get("examples", ()), *source.get("view_examples", ()))]
    rows = [row.groupdict() for row in map(REJECTED.match, examples) if row][:ROWS_MAX]
    if not rows:
        return ""
    count = sum(sum(source["rejected"].values()) + source.get("rejected_by_any_view", 0) for source in sources)
    head = "".join(f"<th>{name}</th>" for name in ("rows of", "row or line", "reason", "detail"))
    lines = [f"<b>{count} rejected rows</b>, the first of them:<table><thead><tr>{head}</tr></thead><tbody>"]
    for row in rows:
        place = row["place"].removeprefix("rows of ")
        lines.append("<tr>" + "".join(f"<td>{text(value)}</td>" for value in (place, row["row"], row["reason"], row["detail"])) + "</tr>")
    return "".join([*lines, "</tbody></table>"])


def messages(diagnostics: Any) -> str:
    return "".join(f"<pre>{text(diagnostic.text)}</pre>" for diagnostic in diagnostics)


def program(found: "Program") -> str:
    about = found._about
    lines = [
        f"<b>module {text(about['module'])}</b> <small>{text(about['hash'])}</small>",
        drawing(about),
        "<table><thead><tr><th>feature</th><th>type</th><th>entity</th><th>window</th><th>doc</th></tr></thead><tbody>",
    ]
    for feature in about["features"]:
        values = (feature["name"], feature["type"], feature["entity"], feature["window"], feature["doc"])
        lines.append("<tr>" + "".join(f"<td>{text(value)}</td>" for value in values) + "</tr>")
    lines.append("</tbody></table>")
    return "".join(lines)


def drawing(about: dict[str, Any]) -> str:
    """Sources, views and services from left to right, as SVG."""
    width, height, gap = 190, 34, 90
    columns = [
        [(source["name"], source["doc"]) for source in about["sources"]],
        [(view["name"], f"{view['doc'] or ''} {view['features']} features of {view['entity']}".strip()) for view in about["views"]],
        [(service["name"], service["doc"]) for service in about["services"]],
    ]
    tallest = max(len(column) for column in columns) or 1
    places: list[dict[str, tuple[int, int]]] = []
    boxes = []
    for at, column in enumerate(columns):
        found = {}
        x = at * (width + gap)
        offset = (tallest - len(column)) * (height + 12) // 2
        for row, (name, doc) in enumerate(column):
            y = offset + row * (height + 12)
            found[name] = (x, y + height // 2)
            boxes.append(
                f'<g><title>{text(doc)}</title><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="5" '
                f'fill="none" stroke="currentColor"/><text x="{x + 10}" y="{y + 22}" fill="currentColor" '
                f'font-size="13">{text(name)}</text></g>'
            )
        places.append(found)
    edges = [(places[0][view["source"]], places[1][view["name"]]) for view in about["views"]]
    for service in about["services"]:
        edges += [(places[1][view], places[2][service["name"]]) for view in dict.fromkeys(service["views"])]
    lines = [
        f'<path d="M{x + width},{y} C{x + width + gap // 2},{y} {to_x - gap // 2},{to_y} {to_x},{to_y}" fill="none" '
        'stroke="currentColor" opacity="0.5"/>'
        for (x, y), (to_x, to_y) in edges
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{3 * width + 2 * gap + 2}" height="{tallest * (height + 12)}" '
        f'viewBox="-1 -1 {3 * width + 2 * gap + 2} {tallest * (height + 12)}">{"".join(lines)}{"".join(boxes)}</svg><br/>'
    )
