"""Times what the online runtime takes in beside Flink's table API, on the same machine, one after the other.

    CARGO_TARGET_DIR=target cargo bench -p featr-online --bench online --no-run
    python3 bench/ingest.py --events 1000000 --bench FILE    # the executable that cargo names

The rows are payments of users by a Zipf law over thirty days, as in runtime/online/benches; count, sum, mean, greatest and last per
user over exact windows of a minute to thirty days. Flink reads them as CSV and computes the windows for every event
(`OVER … RANGE`, which is what it has for exact windows), with a checkpoint every ten seconds; featc takes them from memory in pushes of
a thousand rows, syncs its log for each group of pushes, and computes windows when it is asked. So Flink also reads text and computes
answers: its run without windows says what reading costs, and is taken off. Needs Java 17 and Maven. Prints a table.
"""
import argparse
import bisect
import pathlib
import random
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
USERS, EXPONENT, SHOPS = 100_000, 1.05, 1_000
BEGIN_MS, DAYS_MS = 1_709_251_200_000, 30 * 86_400_000
OPENED = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in ("lang", "util")]


def payments(events, path):
    """Writes id, user, shop, amount, event time in milliseconds; a tenth of the rows up to a minute late."""
    draw, total, weights = random.Random(7), 0.0, []
    for rank in range(1, USERS + 1):
        total += rank**-EXPONENT
        weights.append(total)
    with path.open("w") as out:
        for number in range(events):
            late = draw.randrange(60_000) if draw.random() < 0.1 else 0
            user = bisect.bisect_left(weights, draw.random() * total)
            at = BEGIN_MS + number * DAYS_MS // events - late
            out.write(f"{number},{user},{draw.randrange(SHOPS)},{draw.randrange(100_000) / 100},{at}\n")


def run(*command, cwd=None):
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=cwd)
    if ran.returncode != 0:
        sys.exit(f"{command[0]} ended with {ran.returncode}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return ran.stdout


def compiled(folder):
    """The class path of the job in Java."""
    classes = folder / "class-path"
    run("mvn", "-q", "-B", "-f", HERE / "flink" / "pom.xml", "dependency:build-classpath", f"-Dmdep.outputFile={classes}")
    path = f"{folder}:{classes.read_text().strip()}"
    run("javac", "-cp", path, "-d", folder, HERE / "flink" / "Ingest.java")
    return path


def flink(path, job, rows, folder, heap):
    said = run("java", *OPENED, f"-Xmx{heap}", "-cp", path, "Ingest", job, rows, folder / "checkpoints")
    return float(said.split()[-1])


def featc(bench, events, windows, folder):
    """Events a second of both halves, the least of them."""
    state = folder / f"state-{windows}"
    said = run(bench, "--events", events, "--windows", windows, "--only", "ingest", "--state", state)
    return min(float(rate) for rate in re.findall(r"(\d+) events/s", said))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bench", required=True, type=lambda path: pathlib.Path(path).resolve(), help="of the online runtime, built")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--windows", type=int, nargs="*", default=[1, 7])
    parser.add_argument("--heap", default="12g", help="of Flink's process")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="featc-ingest-") as name:
        folder = pathlib.Path(name)
        rows = folder / "payments.csv"
        payments(options.events, rows)
        path = compiled(folder)
        print("| windows | featc, events/s | Flink, events/s | … without reading | featc over that |\n|---|---|---|---|---|")
        for _ in range(options.rounds):
            reading = flink(path, "read", rows, folder, options.heap)
            for windows in options.windows:
                ours = featc(options.bench, options.events, windows, folder)
                took = flink(path, windows, rows, folder, options.heap)
                least = options.events / max(took - reading, 0.001)
                rate = options.events / took
                print(f"| {windows} | {ours:.0f} | {rate:.0f} | {least:.0f} | {ours / least:.1f} |", flush=True)


if __name__ == "__main__":
    main()
