#!/usr/bin/env python3
"""Shows that wrong lowerings are refused: each patch beside this file is applied to a copy of the tree, and the golden
programs are built there. A patch passes if at least one program is refused with E0601 and none is refused otherwise.

    python3 tests/wrong-lowerings/run.py [NAME ...]
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COPY = pathlib.Path(tempfile.mkdtemp(prefix="featc-wrong-lowerings-"))


def run(*words, folder=COPY):
    return subprocess.run([str(word) for word in words], cwd=folder, capture_output=True, text=True)


def build(programs):
    """What building the programs says: refused with E0601, otherwise, and not at all."""
    # A folder of its own: with equal names in one folder, cargo would take what is built here for the tree's own.
    options = ["--quiet", "--target-dir", COPY / "target", "--package", "featc-driver", "--example", "build"]
    made = run("cargo", "run", *options, "--", *programs)
    lines = made.stdout.splitlines()
    refused = [line for line in lines if line.startswith("E0601 ")]
    built = [line for line in lines if line.startswith("built ")]
    if made.returncode not in (0, 1) or len(refused) + len(built) != len(programs):
        sys.exit(f"the copy does not build:\n{made.stderr}")
    return refused, built


def main():
    wanted = sys.argv[1:]
    patches = sorted(HERE.glob("*.patch"))
    patches = [patch for patch in patches if not wanted or patch.stem in wanted]
    folders = ["tests/golden", "examples/*", "compiler/validate/tests"]
    programs = [program for folder in folders for program in sorted(ROOT.glob(f"{folder}/*.feat"))]
    run("git", "checkout-index", "--all", "--force", f"--prefix={COPY}/", folder=ROOT)
    refused, built = build(programs)
    if refused:
        sys.exit(f"the tree itself is refused: {refused[0]}")
    accepted = []
    for patch in patches:
        if run("git", "apply", patch).returncode != 0:
            sys.exit(f"{patch.name} does not apply")
        refused, built = build(programs)
        run("git", "apply", "-R", patch)
        print(f"{patch.stem}: {len(refused)} of {len(programs)} programs refused")
        if refused:
            print(f"    {refused[0]}")
        else:
            accepted.append(patch.stem)
    if accepted:
        sys.exit(f"accepted: {', '.join(accepted)}")
    print(f"{len(patches)} wrong lowerings, all refused")


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(COPY, ignore_errors=True)
