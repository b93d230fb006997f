"""Draws one curve: `plots.py JOB`, a JSON object with path, label, order of x, and lines of (x, seconds, MB) per engine."""
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLOURS = {"featc": "#0b5", "polars rolling": "#06c", "duckdb frames": "#c80"}


def amount(x):
    text = str(x).lower()
    return float(text[:-1]) * {"k": 1e3, "m": 1e6}[text[-1]] if text[-1] in "km" else float(text)


def main():
    job = json.loads(sys.argv[1])
    panels = [("seconds", 1), ("peak MB", 2)] if job["memory"] else [("seconds", 1)]
    figure, axes = plt.subplots(1, len(panels), figsize=(5.6 * len(panels), 3.6), squeeze=False)
    for axis, (unit, field) in zip(axes[0], panels):
        for engine, points in job["lines"].items():
            xs = [job["order"].index(p[0]) if job["memory"] else amount(p[0]) for p in points]
            axis.plot(xs, [p[field] for p in points], marker="o", color=COLOURS.get(engine), label=engine)
        if job["memory"]:
            axis.set_xticks(range(len(job["order"])), job["order"])
        if job["log"]:
            axis.set_xscale("log")
            axis.set_yscale("log")
        else:
            axis.set_ylim(bottom=0)
        axis.set_xlabel(job["label"])
        axis.set_ylabel(unit)
        axis.grid(True, which="both", alpha=0.25)
        axis.legend()
    figure.tight_layout()
    figure.savefig(job["path"], dpi=96, metadata={"Software": None})


main()
