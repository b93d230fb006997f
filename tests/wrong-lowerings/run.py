#!/usr/bin/env python3
"""Shows that wrong lowerings are refused: each patch beside this file is applied to a copy of `compiler/lower`, all copies
are linked into one binary, and the golden programs are built there with each. A patch passes if at least one program is
refused with E0601 and none is refused otherwise; with the lowering as it is none may be refused.

    python3 tests/wrong-lowerings/run.py [NAME ...]
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COPY = pathlib.Path(tempfile.mkdtemp(prefix="featc-wrong-lowerings-"))
RIGHT = "right"

MANIFEST = """[package]
name = "wrong-lowerings"
version.workspace = true
edition.workspace = true
publish.workspace = true

[[bin]]
name = "wrong-lowerings"
path = "main.rs"

[dependencies]
featc-driver.workspace = true
featc-ir.workspace = true
"""


def run(*words, folder=COPY):
    return subprocess.run([str(word) for word in words], cwd=folder, capture_output=True, text=True)


def add_lowering(patch):
    """A copy of the crate with the patch, as a crate of its own; its name in Rust."""
    crate = f"lower-{patch.stem}"
    folder = COPY / "wrong" / crate
    shutil.copytree(COPY / "compiler/lower", folder)
    if set(re.findall(r"^\+\+\+ b/([^/]+/[^/]+)/", patch.read_text(), re.M)) != {"compiler/lower"}:
        sys.exit(f"{patch.name} changes more than compiler/lower")
    if run("git", "apply", "-p3", patch, folder=folder).returncode != 0:
        sys.exit(f"{patch.name} does not apply")
    manifest = folder / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace('name = "featc-lower"', f'name = "{crate}"'))
    return crate


def write_workspace(patches):
    """One workspace: the copy of the tree, a crate for each lowering, and the binary that builds with all of them."""
    run("git", "checkout-index", "--all", "--force", f"--prefix={COPY}/", folder=ROOT)
    binary = COPY / "wrong/all"
    binary.mkdir(parents=True)
    crates = {patch.stem: add_lowering(patch) for patch in patches}
    paths = [f'{crate} = {{ path = "../{crate}" }}\n' for crate in crates.values()]
    (binary / "Cargo.toml").write_text(MANIFEST + "".join(paths))
    rows = [f'("{RIGHT}", |program| featc_driver::lower(program)),\n']
    for name, crate in crates.items():
        lower = crate.replace("-", "_")
        plans = f"Plans {{ batch: {lower}::lower_batch(program), stream: {lower}::lower_stream(program) }}"
        rows.append(f'("{name}", |program| {plans}),\n')
    table = f"const LOWERINGS: &[(&str, Lower)] = &[\n{''.join(rows)}];\n"
    (binary / "lowerings.rs").write_text(table)
    shutil.copy(HERE / "main.rs", binary / "main.rs")
    root = COPY / "Cargo.toml"
    root.write_text(root.read_text().replace("members = [", 'members = [\n    "wrong/*",', 1))


def main():
    wanted = sys.argv[1:]
    patches = [patch for patch in sorted(HERE.glob("*.patch")) if not wanted or patch.stem in wanted]
    folders = ["tests/golden", "examples/*", "compiler/validate/tests"]
    programs = [program for folder in folders for program in sorted(ROOT.glob(f"{folder}/*.feat"))]
    write_workspace(patches)
    # A folder of its own: with equal names in one folder, cargo would take what is built here for the tree's own.
    options = ["--quiet", "--offline", "--target-dir", COPY / "target", "--package", "wrong-lowerings"]
    made = run("cargo", "run", *options, "--", *programs)
    lines = made.stdout.splitlines()
    if made.returncode != 0:
        sys.exit(f"the copy does not build: {lines[-1:]}\n{made.stderr}")
    accepted = []
    for name in [RIGHT, *(patch.stem for patch in patches)]:
        refused = [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} E0601 ")]
        built = [line for line in lines if line.startswith(f"{name} built ")]
        if len(refused) + len(built) != len(programs):
            sys.exit(f"{name}: {len(refused)} refused and {len(built)} built, of {len(programs)}")
        if name == RIGHT and refused:
            sys.exit(f"the tree itself is refused: {refused[0]}")
        if name == RIGHT:
            continue
        print(f"{name}: {len(refused)} of {len(programs)} programs refused")
        if refused:
            print(f"    {refused[0]}")
        else:
            accepted.append(name)
    if accepted:
        sys.exit(f"accepted: {', '.join(accepted)}")
    print(f"{len(patches)} wrong lowerings, all refused")


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(COPY, ignore_errors=True)
