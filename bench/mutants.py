"""Mutation testing of the code that decides values.

    pip install tree-sitter tree-sitter-rust
    python3 bench/mutants.py COPY TARGET [--seed 1] [--mutants 250] [--jobs 1]

Places are drawn by seed from all that can be changed, none is picked. All drawn mutants go into *one* build of a copy of
the tree (COPY, which is made anew; TARGET is its target folder): each is behind a switch, `if on(17) {..} else {..}`, and
`FEATC_MUTANT=17` turns it on. What does not compile is left out, and counted. Then

1. every test runs alone with no mutant on, is timed, and tells which switches it passes (`FEATC_MUTANTS_PASSED`);
2. for every mutant the tests that pass its switch run, fast ones first, until one fails, or takes far too long.

A mutant that no test notices survives; so does one that no test reaches. COPY/survivors.md says where they are, and
COPY/results.json has all. A run that is started again with `--resume` goes on where the last one stopped. With
`--again OLD/results.json` the survivors of an earlier run are judged again in the tree as it is: a place is found by its
file, its kind, its words and those of its line, nearest to its old line; `--numbers 5,8` takes some of them.

The suites of programs (`agree` with few cases, the spec pages, questions alone) judge last, as they take longest.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree_sitter_rust
from tree_sitter import Language, Parser

ROOT = Path(__file__).resolve().parent.parent

# What is mutated, by name; and of it, what is none of the product: tests, twins of tests, makers of random input.
AREAS = {
    "kernels": "runtime/kernels/src",
    "rows": "runtime/kernels/src/rows",
    "finish": "runtime/kernels/src/finish",
    "aggregate": "runtime/kernels/src/aggregate",
    "merge": "runtime/merge/src",
    "nodes": "runtime/batch/src/nodes",
    "operators": "runtime/stream/src/operators",
    "log": "runtime/stream/src/log",
    "decoder": "runtime/decode/src",
}
NOT_PRODUCT = re.compile(r"(^|/)(tests?|slow|arbitrary|ties|mutants|check)(/|\.rs$)")

# Packages whose tests judge, in the order in which their binaries are built; and how often `agree` draws.
PACKAGES = ["featr-kernels", "featr-merge", "featr-stream", "featr-decode", "featr-batch", "featr-model", "featr", "featc-tests"]
AGREE_CASES = "200"

# Tests that start compilers, servers or Python, or look at the tree itself: they judge no values.
NOT_JUDGES = re.compile(r"tidy|witness|lake|every_example|imports|dependencies")

SWITCH = '''//! Switches of mutants.

use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

#[allow(clippy::declare_interior_mutable_const)]
const NOT_YET: AtomicBool = AtomicBool::new(false);
static PASSED: [AtomicBool; %d] = [NOT_YET; %d];
static ACTIVE: OnceLock<u32> = OnceLock::new();
static LIST: OnceLock<Option<String>> = OnceLock::new();

/// Whether a mutant is on.
#[inline]
#[must_use]
pub fn on(mutant: u32) -> bool {
    let active = *ACTIVE.get_or_init(|| {
        let number = std::env::var("FEATC_MUTANT").ok();
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    });
    if active == u32::MAX {
        pass(mutant);
    }
    active == mutant
}

#[cold]
fn pass(mutant: u32) {
    if PASSED[mutant as usize].swap(true, Ordering::Relaxed) {
        return;
    }
    let list = LIST.get_or_init(|| std::env::var("FEATC_MUTANTS_PASSED").ok());
    if let Some(list) = list {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(list);
        let _ = file.and_then(|mut file| file.write_all(format!("{mutant}\\n").as_bytes()));
    }
}
'''

COMPARISONS = {
    "<": ["<=", ">="],
    "<=": ["<", ">"],
    ">": [">=", "<="],
    ">=": [">", "<"],
    "==": ["!="],
    "!=": ["=="],
}
ARITHMETIC = {
    "+": ["-"],
    "-": ["+"],
    "*": ["+"],
    "/": ["*"],
    "%": ["/"],
    "<<": [">>"],
    ">>": ["<<"],
    "&": ["|"],
    "|": ["&"],
    "^": ["&"],
}
LOGIC = {"&&": ["||"], "||": ["&&"]}
METHODS = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "is_some": "is_none",
    "is_none": "is_some",
    "is_ok": "is_err",
    "is_err": "is_ok",
    "wrapping_add": "wrapping_sub",
    "wrapping_sub": "wrapping_add",
    "checked_add": "checked_sub",
    "checked_sub": "checked_add",
    "saturating_sub": "wrapping_sub",
    "div_euclid": "rem_euclid",
    "floor": "ceil",
    "ceil": "floor",
    "first": "last",
    "last": "first",
    "is_some_and": "is_none_or",
    "is_none_or": "is_some_and",
    "next_up": "next_down",
    "trailing_zeros": "leading_zeros",
    "leading_zeros": "trailing_zeros",
}

# Below these nothing can be switched: there is no expression, or it must be constant.
CLOSED = {
    "const_item",
    "static_item",
    "attribute_item",
    "inner_attribute_item",
    "macro_invocation",
    "macro_definition",
    "use_declaration",
    "type_item",
    "enum_item",
    "struct_item",
    "type_arguments",
    "const_block",
    "array_type",
    "match_pattern",
    "range_pattern",
    "tuple_pattern",
}
STATEMENTS = {
    "assignment_expression",
    "compound_assignment_expr",
    "call_expression",
    "return_expression",
    "break_expression",
    "continue_expression",
    "try_expression",
}


class Place:
    """One thing that can be changed: the span of the file that is replaced, and by what."""

    def __init__(self, kind, node, new, form):
        self.kind, self.start, self.end = kind, node.start_byte, node.end_byte
        # On one line where that is safe, so that places of errors are near.
        self.new, self.form = new if "//" in new or '"' in new else " ".join(new.split()), form
        self.line, self.old = node.start_point[0] + 1, node.text.decode()
        self.file, self.around, self.number, self.dropped = None, "", 0, False

    @staticmethod
    def saved(fields):
        place = Place.__new__(Place)
        place.__dict__.update(fields)
        return place


def text(node):
    return node.text.decode()


def is_test(node, source):
    """Whether the item before which attributes stand is for tests alone, or constant."""
    before = node.prev_sibling
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        said = text(before)
        if before.type == "attribute_item" and re.search(r"\btest\b|cfg_attr|\bderive\b", said):
            return True
        before = before.prev_sibling
    return False


def replaced(node, child, by):
    """The text of a node with one child in other words."""
    start, end = child.start_byte - node.start_byte, child.end_byte - node.start_byte
    whole = node.text
    return (whole[:start] + by.encode() + whole[end:]).decode()


def binary(node, found):
    op = node.child_by_field_name("operator")
    kinds = [("comparison", COMPARISONS), ("arithmetic", ARITHMETIC), ("logic", LOGIC)]
    for kind, table in kinds:
        for other in table.get(op.type, []):
            found.append(Place(kind, node, replaced(node, op, other), "value"))


def number(node, found):
    match = re.fullmatch(r"(0[xb][0-9a-fA-F_]+|[0-9][0-9_]*)(_?[iu](?:8|16|32|64|128|size))?", text(node))
    if match and node.parent.type not in ("field_expression", "range_pattern", "match_pattern"):
        value, suffix = int(match[1].replace("_", ""), 0), match[2] or ""
        found.append(Place("number", node, f"{value + 1}{suffix}", "value"))
        if value > 0:
            found.append(Place("number", node, f"{value - 1}{suffix}", "value"))


def call(node, found):
    function = node.child_by_field_name("function")
    if function.type == "field_expression":
        name = function.child_by_field_name("field")
        if text(name) in METHODS:
            found.append(Place("method", node, replaced(node, name, METHODS[text(name)]), "value"))


def function(node, found):
    """A result that is always the default."""
    body, result = node.child_by_field_name("body"), node.child_by_field_name("return_type")
    plain = result is not None and re.fullmatch(r"bool|[iu](8|16|32|64|128|size)|f64|Option<.*>|Vec<.*>|String", text(result))
    if body is None or not plain or len(body.named_children) == 0:
        return
    place = Place("result", body, "Default::default()", "body")
    place.old = text(node).split("{")[0].strip()
    found.append(place)
    if text(result) == "bool":
        place = Place("result", body, "true", "body")
        place.old = text(node).split("{")[0].strip()
        found.append(place)


def condition(node, found):
    """A condition the other way round: of `if`, branches are swapped."""
    what = node.child_by_field_name("condition")
    if what is not None and what.type not in ("let_condition", "let_chain"):
        found.append(Place("condition", what, f"!({text(what)})", "value"))


def visit(node, source, found, constant):
    if node.type in CLOSED or node.type.endswith("_pattern") or node.type.endswith("_type"):
        return
    if node.type in ("mod_item", "function_item", "impl_item", "expression_statement", "let_declaration"):
        if is_test(node, source):
            return
    if node.type == "function_item":
        modifiers = [text(child) for child in node.children if child.type == "function_modifiers"]
        constant = any("const" in said for said in modifiers)
        if not constant:
            function(node, found)
    if not constant:
        if node.type == "binary_expression":
            binary(node, found)
        elif node.type == "integer_literal":
            number(node, found)
        elif node.type == "boolean_literal":
            found.append(Place("boolean", node, "false" if text(node) == "true" else "true", "value"))
        elif node.type == "unary_expression" and node.children[0].type in ("!", "-"):
            found.append(Place("sign", node, f"({text(node.children[1])})", "value"))
        elif node.type == "call_expression":
            call(node, found)
        elif node.type in ("if_expression", "while_expression"):
            condition(node, found)
        elif node.type == "compound_assignment_expr":
            op = node.child_by_field_name("operator")
            for other in ARITHMETIC.get(op.type[:-1], []):
                found.append(Place("arithmetic", node, replaced(node, op, other + "="), "unit"))
        elif node.type == "expression_statement" and node.children[0].type in STATEMENTS:
            found.append(Place("statement", node, "", "statement"))
    for child in node.children:
        field = node.field_name_for_child(node.children.index(child)) if node.type == "array_expression" else None
        # The length of an array is constant; patterns of `match` arms are no expressions.
        if field != "length":
            visit(child, source, found, constant)


def places(path, parser):
    source = path.read_bytes()
    found = []
    visit(parser.parse(source).root_node, source, found, False)
    lines = source.decode().split("\n")
    for place in found:
        place.file, place.around = str(path.relative_to(ROOT)), lines[place.line - 1].strip()
    return found


def switch_of(file):
    return "crate::mutants::on" if str(file).startswith("runtime/kernels") else "featr_kernels::mutants::on"


def render(source, start, end, chosen, on):
    """The text from `start` to `end` with switches for the places in it, outermost first."""
    inside = [place for place in chosen if start <= place.start and place.end <= end]
    spans = sorted({(place.start, place.end) for place in inside}, key=lambda span: (span[0], -span[1]))
    out, at = [], start
    for span in spans:
        if span[0] < at:
            continue  # inside of one that was written
        out.append(source[at : span[0]].decode())
        here = [place for place in inside if (place.start, place.end) == span]
        deeper = [place for place in inside if span[0] <= place.start and place.end <= span[1] and place not in here]
        out.append(switched(source, span, here, deeper, on))
        at = span[1]
    out.append(source[at:end].decode())
    return "".join(out)


def switched(source, span, here, deeper, on):
    rest = render(source, span[0], span[1], deeper, on)
    for place in sorted(here, key=lambda place: -place.number):
        test = f"{on}({place.number})"
        if place.form == "value":
            rest = f"(if {test} {{ {place.new} }} else {{ {rest} }})"
        elif place.form == "unit":
            rest = f"{{ if {test} {{ {place.new} }} else {{ {rest} }} }}"
        elif place.form == "statement":
            rest = f"if !{test} {{ {rest} }}"
        else:
            rest = f"{{ if {test} {{ return {place.new}; }} {rest} }}"
    return rest


def write_copy(copy, chosen):
    """The tree with all mutants that are left."""
    for file in sorted({place.file for place in chosen}):
        source = (ROOT / file).read_bytes()
        here = [place for place in chosen if place.file == file and not place.dropped]
        out = render(source, 0, len(source), here, switch_of(file))
        target = copy / file
        if not target.exists() or target.read_text() != out:
            target.write_text(out)
    most = max(place.number for place in chosen) + 1
    switches = copy / "runtime/kernels/src/mutants.rs"
    if not switches.exists():
        switches.write_text(SWITCH % (most, most))
        root = copy / "runtime/kernels/src/lib.rs"
        lines = root.read_text().split("\n")
        first = next(at for at, line in enumerate(lines) if line.startswith("pub mod"))
        lines[first] = "pub mod mutants; " + lines[first]
        root.write_text("\n".join(lines))


def new_copy(copy):
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in files.decode().split("\0"):
        if name and (ROOT / name).is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    # Switches leave much unused.
    manifest = (copy / "Cargo.toml").read_text()
    (copy / "Cargo.toml").write_text(manifest.replace('unused_must_use = "deny"', 'warnings = "allow"'))


def cargo(copy, target, *arguments):
    env = dict(os.environ, CARGO_TARGET_DIR=str(target), CARGO_INCREMENTAL="0")
    packages = [word for package in PACKAGES for word in ("-p", package)]
    command = ["cargo", "--offline", *arguments, "--message-format=json", "--tests", *packages]
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True)
    return done, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def compiled(copy, target, chosen):
    """Drops what does not compile until the rest does; says how many."""
    rounds = 0
    while True:
        rounds += 1
        write_copy(copy, chosen)
        done, messages = cargo(copy, target, "build", "--keep-going")
        errors = [message["message"] for message in messages if message.get("reason") == "compiler-message"]
        errors = [message for message in errors if message["level"] == "error"]
        blamed = set()
        for message in errors:
            for span in message["spans"]:
                if span["is_primary"] or not message["code"]:
                    blamed |= blame(copy, chosen, span)
        if done.returncode == 0:
            return rounds, messages
        if not blamed:
            sys.exit("no mutant is to blame:\n" + "\n".join(message["rendered"] for message in errors[:5]) + done.stderr[-3000:])
        for place in blamed:
            place.dropped = True
        print(f"  {len(blamed)} do not compile", flush=True)


def blame(copy, chosen, span):
    """The mutants at a place of an error: the switches nearest to it on its lines."""
    lines = (copy / span["file_name"]).read_text().split("\n")
    named = set()
    for at in range(span["line_start"], span["line_end"] + 1):
        named |= {int(found) for found in re.findall(r"mutants::on\((\d+)\)", lines[at - 1])}
    if not named:
        # Within a changed piece of several lines: the nearest switch above.
        for at in range(span["line_start"], 0, -1):
            named = {int(found) for found in re.findall(r"mutants::on\((\d+)\)", lines[at - 1])}
            if named:
                break
    return {place for place in chosen if place.number in named and not place.dropped}


def binaries(messages):
    found = []
    for message in messages:
        if message.get("reason") == "compiler-artifact" and message["profile"]["test"] and message.get("executable"):
            found.append((message["target"]["name"], message["executable"], str(Path(message["manifest_path"]).parent)))
    return found


def run_tests(binary, names, env, seconds):
    """Whether the tests pass, and how long they took; `None` if they took too long."""
    command = [binary[1], "--exact", "--test-threads=1", *names]
    begun = time.monotonic()
    env = dict(os.environ, FEATC_AGREE_CASES=AGREE_CASES, RUST_BACKTRACE="0", **env)
    process = subprocess.Popen(command, cwd=binary[2], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return None, seconds
    return code == 0, time.monotonic() - begun


def survey(copy, found, jobs):
    """Every test alone, with no mutant on: how long it takes, and which switches it passes."""
    work = []
    for binary in found:
        listed = subprocess.run([binary[1], "--list", "--format", "terse"], cwd=binary[2], capture_output=True, text=True).stdout
        names = [line.removesuffix(": test") for line in listed.splitlines() if line.endswith(": test")]
        work += [(binary, name) for name in names if not NOT_JUDGES.search(name)]

    def one(at):
        binary, name = work[at]
        passed = copy / "passed" / str(at)
        env = {"FEATC_MUTANT": str(2**32 - 1), "FEATC_MUTANTS_PASSED": str(passed)}
        good, seconds = run_tests(binary, [name], env, 600)
        switches = sorted({int(line) for line in passed.read_text().split()}) if passed.exists() else []
        return {"binary": binary, "test": name, "good": good, "seconds": seconds, "switches": switches}

    shutil.rmtree(copy / "passed", ignore_errors=True)
    (copy / "passed").mkdir()
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, range(len(work))))


def judge(number, tests):
    """The first test that notices the mutant, or `None`. Fast tests of one binary run together."""
    waiting = sorted((test for test in tests if number in test["switches"]), key=lambda test: test["seconds"])
    spent = 0.0
    while waiting:
        first, batch, seconds = waiting[0], [], 0.0
        for test in list(waiting):
            if test["binary"] == first["binary"] and (not batch or seconds + test["seconds"] < max(0.5, spent / 2)):
                batch.append(test)
                seconds += test["seconds"]
                waiting.remove(test)
        names = [test["test"] for test in batch]
        good, took = run_tests(first["binary"], names, {"FEATC_MUTANT": str(number)}, 15 + 10 * seconds)
        spent += took
        if not good:
            how = "hang" if good is None else "failure"
            return {"killed": how, "by": f"{first['binary'][0]}: {names[0]}" + (" …" if len(names) > 1 else ""), "seconds": spent}
    return {"killed": None, "seconds": spent, "reached": any(number in test["switches"] for test in tests)}


def draw(seed, count, areas):
    parser = Parser(Language(tree_sitter_rust.language()))
    files = set()
    for folder in (AREAS[name] for name in areas):
        beside = ROOT / (folder + ".rs")
        files |= set((ROOT / folder).rglob("*.rs")) | ({beside} if beside.exists() else set())
    files = sorted(file for file in files if not NOT_PRODUCT.search(str(file.relative_to(ROOT))))
    every = [place for file in files for place in places(file, parser)]
    print(f"{len(every)} places in {len(files)} files")
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    for at, place in enumerate(chosen):
        place.number = at + 1
    return chosen


def again(path, numbers):
    """Survivors of an earlier run, where they are in the tree as it is; says which are gone."""
    saved = json.loads(path.read_text())
    parser = Parser(Language(tree_sitter_rust.language()))
    chosen = []
    for fields in saved["places"]:
        old, result = Place.saved(fields), saved["results"].get(str(fields["number"]))
        wanted = old.number in numbers if numbers else result is not None and not result["killed"]
        if old.dropped or not wanted:
            continue
        words = (old.kind, short(old.old), short(old.new))
        found = places(ROOT / old.file, parser) if (ROOT / old.file).exists() else []
        found = [place for place in found if (place.kind, short(place.old), short(place.new)) == words]
        found = [place for place in found if place.around == old.around]
        if not found:
            print(f"gone: {old.number} {old.file}:{old.line} {old.kind}: {words[1]} → {words[2]}")
            continue
        place = min(found, key=lambda place: abs(place.line - old.line))
        place.number = old.number
        chosen.append(place)
    return chosen


def area(file):
    fitting = [name for name, folder in AREAS.items() if str(file).startswith(folder) or str(file) == folder + ".rs"]
    return max(fitting, key=lambda name: len(AREAS[name]))


def short(words):
    return " ".join(words.split())[:200]


def report(copy, chosen, results):
    table = {}
    for place in chosen:
        row = table.setdefault(area(place.file), {"drawn": 0, "left out": 0, "killed": 0, "survived": 0, "open": 0})
        row["drawn"] += 1
        result = results.get(str(place.number))
        column = "left out" if place.dropped else "open" if result is None else "killed" if result["killed"] else "survived"
        row[column] += 1
    print(f"{'':10}" + "".join(f"{name:>10}" for name in next(iter(table.values()))))
    for name, row in sorted(table.items()):
        print(f"{name:10}" + "".join(f"{value:>10}" for value in row.values()))
    total = {name: sum(row[name] for row in table.values()) for name in next(iter(table.values()))}
    print(f"{'all':10}" + "".join(f"{value:>10}" for value in total.values()))
    lines = ["# Survivors", ""]
    for place in sorted(chosen, key=lambda place: (str(place.file), place.line)):
        result = results.get(str(place.number))
        if result and not result["killed"]:
            reached = "" if result["reached"] else " (no test reaches it)"
            after = short(place.new) if place.form != "statement" else "(deleted)"
            lines.append(f"- {place.number} `{place.file}:{place.line}` {place.kind}: `{short(place.old)}` → `{after}`{reached}")
    (copy / "survivors.md").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("copy", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", type=int, default=250)
    parser.add_argument("--areas", type=lambda text: text.split(","), default=list(AREAS), help="; ".join(AREAS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--draw", action="store_true", help="draw, and say what; change nothing")
    parser.add_argument("--again", type=Path, help="judge survivors of the run with these results again")
    parser.add_argument("--numbers", type=lambda text: {int(number) for number in text.split(",")}, default=set())
    args = parser.parse_args()
    copy = args.copy.resolve()
    state = copy / "results.json"
    if args.draw:
        for place in draw(args.seed, args.mutants, args.areas):
            print(f"{place.number} {place.file}:{place.line} {place.kind}: {short(place.old)} → {short(place.new)}")
        return
    if args.resume and state.exists():
        saved = json.loads(state.read_text())
        chosen = [Place.saved(fields) for fields in saved["places"]]
        tests, results = saved["tests"], saved["results"]
    else:
        chosen = again(args.again, args.numbers) if args.again else draw(args.seed, args.mutants, args.areas)
        if copy.exists() and not (copy / "Cargo.toml").exists() and any(copy.iterdir()):
            sys.exit(f"{copy} holds something else")
        shutil.rmtree(copy, ignore_errors=True)
        new_copy(copy)
        rounds, messages = compiled(copy, args.target.resolve(), chosen)
        print(f"compiles after {rounds} rounds; {sum(place.dropped for place in chosen)} left out", flush=True)
        tests, results = survey(copy, binaries(messages), args.jobs), {}
        bad = [test["test"] for test in tests if not test["good"]]
        print(f"{len(tests)} tests in {sum(test['seconds'] for test in tests):.0f} s; without a mutant fail: {bad}", flush=True)
        tests = [test for test in tests if test["good"]]
    lock = threading.Lock()

    def save():
        places = [vars(place) for place in chosen]
        state.write_text(json.dumps({"places": places, "tests": tests, "results": results}))

    save()

    def one(place):
        result = judge(place.number, tests)
        with lock:
            results[str(place.number)] = result
            save()
            said = result["killed"] or "SURVIVED"
            print(f"{len(results)} {place.file}:{place.line} {place.kind}: {said} ({result['seconds']:.1f} s)", flush=True)

    waiting = [place for place in chosen if not place.dropped and str(place.number) not in results]
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(one, waiting))
    report(copy, chosen, results)


if __name__ == "__main__":
    main()
