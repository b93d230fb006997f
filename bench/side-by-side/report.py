"""Tables, targets and curves from the results, whatever of them there is. `--docs` writes them into docs/benchmarks.md."""
import json
import math
import pathlib
import statistics
import subprocess

import cases

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent.parent / "docs"
MARK = "<!-- side-by-side -->"
COMPLETE = (cases.ROLLING, cases.OVER, cases.FRAMES, cases.JOIN, cases.PANDAS, cases.DATAFUSION)
CURVES = {
    "events": ("events (a tenth as many rows)", True),
    "rows": ("rows, over 10 M events", True),
    "windows": ("windows, four aggregates each", False),
    "features": ("features, over four windows", False),
    "threads": ("threads", False),
    "memory": ("memory limit", False),
}


class Results:
    """The runs and checks of the binary that was measured last."""

    def __init__(self, records):
        machines = [r for r in records if r["kind"] == "machine"]
        self.machine = machines[-1] if machines else {}
        mine = [r for r in records if r.get("binary") == self.machine.get("binary")]
        self.runs, self.failed, self.checks = {}, {}, {}
        for r in mine:
            if r["kind"] == "run":
                (self.failed if "failed" in r else self.runs).setdefault((r["case"], r["entrant"]), []).append(r)
            elif r["kind"] == "check":
                self.checks[r["case"], r["entrant"]] = r
        runs = [r for r in mine if r["kind"] == "run"]
        self.seconds = {field: sum(r.get(field, 0) for r in runs) for field in ("wall", "others", "stolen")}
        self.versions = {r["engine"].split()[0]: r["version"] for r in mine if r.get("version")}

    def median(self, case, entrant, field="wall"):
        runs = self.runs.get((case, entrant))
        return statistics.median(r[field] for r in runs) if runs else None

    def peak_mb(self, case, entrant):
        runs = self.runs.get((case, entrant))
        return max(r["peak_kb"] for r in runs) * 1024 / 1e6 if runs else None

    def best_peer(self, case):
        walls = [(self.median(case, engine), engine) for engine in COMPLETE]
        return min((wall for wall in walls if wall[0]), default=(None, None))

    def ratio(self, case, above, below):
        a, b = self.median(case, above), self.median(case, below)
        return a / b if a and b else None


def number(value, digits=2):
    return "" if value is None else f"{value:.{digits}f}"


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"


def runs_table(results, case, first=False):
    """With `first`, times are compared with those of the first entrant, otherwise with the best complete peer's."""
    best = results.median(case, cases.entrants(case)[0].name()) if first else results.best_peer(case)[0]
    rows = []
    for entrant in cases.entrants(case):
        name = entrant.name()
        runs = results.runs.get((case, name))
        if not runs:
            why = results.failed.get((case, name))
            if why:
                rows.append([name, "", "", "", "", "", why[-1]["failed"].split(":")[0], "", ""])
            continue
        walls = [r["wall"] for r in runs]
        median = statistics.median(walls)
        processor = statistics.median(r["user"] + r["system"] for r in runs)
        inner = statistics.median(r["inner"] for r in runs) if "inner" in runs[0] else None
        note = {cases.SUMS: "13 features, no maximum; not ranked", cases.FLOOR: "reads, sorts, writes; computes nothing"}.get(entrant.engine, "")
        rows.append([name, str(len(runs)), number(median), number(min(walls)), number(max(walls)), number(processor),
                     number(results.peak_mb(case, name), 0), number(inner), number(median / best if best else None) + (f" ({note})" if note else "")])
    head = ["run", "rounds", "median s", "least", "most", "processor s", "peak MB", "s without start-up", "against the first line" if first else "against the best peer"]
    return table(head, rows) if rows else "Not measured.\n"


def targets(results):
    """(target, measured, bound, value, met): smaller is better, unless the bound is negative."""
    r = results
    best10, best1 = r.best_peer("w1-10m"), r.best_peer("w1-1m")
    against = lambda case, best: r.median(case, "featc") / best[0] if best[0] and r.median(case, "featc") else None
    limit = r.ratio("memory", "featc 256MB", "featc none")
    under = r.peak_mb("memory", "featc 256MB")
    sorted_both = r.ratio("sorted", "featc unsorted", "featc sorted, questions too")
    return [
        ("10 M events × 1 M rows × 17 features: wall at most 1/3 of the best complete peer", best10[1], 1 / 3, against("w1-10m", best10)),
        ("… aim: at most 1/4", best10[1], 1 / 4, against("w1-10m", best10)),
        ("… peak memory at most 700 MB", "", 700, r.peak_mb("w1-10m", "featc")),
        ("… with `--memory-limit 256MB` at most 3 times the time", f"peak {under:.0f} MB" if under else "", 3, limit),
        ("1 M × 100 k: at most 1/3 of the best peer, start-up included", best1[1], 1 / 3, against("w1-1m", best1)),
        ("100 M × 10 M: at most 12 times 10 M × 1 M", "", 12, r.ratio("events", "featc 100m", "featc 10m")),
        ("16 windows: at most 1.6 times 4 windows", "four aggregates each", 1.6, r.ratio("windows", "featc 16", "featc 4")),
        ("200 features over 4 windows: at most 8 times 17", "", 8, r.ratio("features", "featc 200", "featc 17")),
        ("already-sorted Parquet: at least 1.5 times faster", f"{sorted_both:.2f} with sorted questions" if sorted_both else "", -1.5, r.ratio("sorted", "featc unsorted", "featc sorted")),
        ("exact float sums: at most 1.5 times int64 cents", "", 1.5, r.ratio("cents", "featc float64", "featc int64")),
        ("as of arrival: at most 1.5 times complete", "", 1.5, r.ratio("arrival", "featc as-of-arrival", "featc complete")),
    ]


def targets_table(results):
    rows = []
    for target, note, bound, value in targets(results):
        if value is None:
            rows.append([target, "", "not measured"])
            continue
        met = value <= bound if bound > 0 else value >= -bound
        shown = f"{value:.0f} MB" if bound == 700 else f"{value:.2f}"
        rows.append([target, f"{shown} ({note})" if note else shown, "met" if met else "not met"])
    return table(["target", "measured", ""], rows)


def curve(results, case):
    """{engine: [(x, median s, peak MB)]} in the order of the case."""
    lines = {}
    for entrant in cases.entrants(case):
        wall = results.median(case, entrant.name())
        if wall:
            lines.setdefault(entrant.engine, []).append((entrant.x, wall, results.peak_mb(case, entrant.name())))
    return lines


def curve_table(results, case):
    lines = curve(results, case)
    if not lines:
        return "Not measured.\n"
    entrants = cases.entrants(case)
    engines = list(dict.fromkeys(e.engine for e in entrants))
    rows = []
    for x in dict.fromkeys(e.x for e in entrants):
        cells = [str(x)]
        for engine in engines:
            name = f"{engine} {x}"
            wall, peak, failed = results.median(case, name), results.peak_mb(case, name), results.failed.get((case, name))
            cells.append(f"{wall:.2f} s, {peak:.0f} MB" if wall else failed[-1]["failed"].split(":")[0] if failed else "")
        rows.append(cells)
    return table([CURVES.get(case, (case,))[0], *engines], rows)


def share(part, whole):
    return "0" if not part else f"{part} of {whole} ({100 * part / whole:.2g} %)"


def answers_table(results, case):
    rows = []
    for entrant in cases.entrants(case):
        check = results.checks.get((case, entrant.name()))
        if not check:
            continue
        differ, cells = check["differ"], check["cells"]
        plain = sum(differ[kind] for kind in ("count", "extreme", "last"))
        worst = check["worst_rel"]
        rows.append([entrant.name(), check["verdict"], str(plain), share(differ["sum"], cells["sum"]), share(differ["mean"], cells["mean"]),
                     "0" if not worst else "∞" if math.isinf(worst) else f"{worst:.0e}"])
    head = ["run", "verdict", "counts, maxima, lasts that differ", "sums that differ in bits", "means", "worst relative error"]
    return table(head, rows) if rows else "Not checked.\n"


def answers_line(results):
    ours = [check for (case, entrant), check in results.checks.items() if entrant.split()[0] == cases.FEATC and case != "smoke"]
    cells = sum(sum(check["cells"].values()) for check in ours)
    wrong = [f"{case}: {entrant}" for (case, entrant), check in results.checks.items() if check["verdict"] == "WRONG"]
    exact = sum(check["verdict"] == "exact" for check in ours)
    line = f"Over all cases {exact} of {len(ours)} outputs of featc are equal to the exact answers in every bit ({cells:,} values)."
    return line + (f" Wrong answers: {', '.join(wrong)}." if wrong else " No engine's answer was wrong beyond rounding.") if ours else "Not checked."


def pictures(bench, results, folder):
    """One PNG per curve that has points; returns their names by case."""
    drawn = {}
    for case, (label, log) in CURVES.items():
        lines = curve(results, case)
        if not lines:
            continue
        order = list(dict.fromkeys(e.x for e in cases.entrants(case)))
        job = {"path": str(folder / f"{case}.png"), "label": label, "log": log, "lines": lines, "order": order, "memory": case == "memory"}
        folder.mkdir(parents=True, exist_ok=True)
        if subprocess.run([bench.python, str(HERE / "plots.py"), json.dumps(job)]).returncode == 0:
            drawn[case] = f"{case}.png"
    return drawn


def quiet(results):
    """How much of a core others had while the runs were measured."""
    wall = results.seconds["wall"] or 1
    others, stolen = results.seconds["others"] / wall, results.seconds["stolen"] / wall
    return f"While the runs were measured, other processes took {100 * others:.0f} % of one core and the hypervisor {100 * stolen:.0f} %."


def page(results, drawn):
    m = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in sorted(results.versions.items()))
    parts = [
        "## Training sets against Polars, DuckDB and others\n",
        f"Commit {m.get('commit')}, {m.get('at', '')[:10]}. {m.get('cores')} cores ({m.get('cpu')}), {m.get('memory_gb')} GiB, {m.get('system')}; "
        f"Python {m.get('python')}, {versions}, all from PyPI; featc is a release build. {quiet(results)}\n",
        "Orders of customers, 90 days, in order of arrival; count, sum, mean and maximum over 1 h, 1 d, 7 d and 30 d, and the newest value: 17 features. "
        "Parquet in, Parquet (zstd) out, 2 threads, inputs in the page cache. Every run is a process of its own, start-up included; the engines take turns. "
        "Peak is the greatest resident memory that the kernel saw. featc also removes copies of events and keeps the order of the questions; the peers do neither.\n",
        "### Targets\n", targets_table(results),
    ]
    for case in ("w1-10m", "w1-1m"):
        parts += [f"### {cases.CASES[case][0]}\n", runs_table(results, case)]
    parts.append("### Curves\n\nfeatc: medians; peers: one run per point, unless it was given up.\n")
    for case, (label, _) in CURVES.items():
        parts += [f"**{label[0].upper()}{label[1:]}**\n", curve_table(results, case)]
        if case in drawn:
            parts.append(f"![{label}](benchmarks/{drawn[case]})\n")
    parts.append("### Variations of the first case\n")
    for case in ("arrival", "hot", "sorted", "cents", "order", "copies", "csv-1m", "csv-10m", "windows-sum", "ranks", "last-n", "mode", "lookups"):
        if any(key[0] == case for key in results.runs):
            parts += [f"**{cases.CASES[case][0]}**\n", runs_table(results, case, first=True)]
    parts += ["### Answers\n", "Every output is compared with exact answers: sums of integers in two limbs, compared with `math.fsum` and fractions. All rows up to "
              "10 M events, beyond that all rows of one customer in sixteen; means on 100 000 rows. `close` means: counts, maxima and lasts equal, "
              "sums and means within 1e-9 of their size or 1e-6.\n"]
    for case in ("w1-10m", "w1-1m"):
        parts += [f"**{cases.CASES[case][0]}**\n", answers_table(results, case)]
    parts += [answers_line(results) + "\n", "How to run it: the head of [bench/side-by-side](../bench/side-by-side/__main__.py).\n"]
    return "\n".join(parts)


def main(bench):
    results = Results(bench.records())
    if not results.machine:
        print("no results yet: `run` first")
        return
    folder = DOCS / "benchmarks" if bench.args.docs else bench.work / "benchmarks"
    text = page(results, pictures(bench, results, folder))
    (bench.work / "report.md").write_text(text)
    print(f"report: {bench.work / 'report.md'}")
    if bench.args.docs:
        path = DOCS / "benchmarks.md"
        before, _, rest = path.read_text().partition(MARK)
        after = rest.partition(MARK)[2]
        path.write_text(f"{before}{MARK}\n{text}{MARK}{after}")
