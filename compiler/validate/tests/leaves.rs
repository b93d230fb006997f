//! Every build is compared with its program: every single change of a plan is refused, by the check of what is read or by
//! the comparison, but for those of leaves without meaning.

use featc_driver::{compile, diag::SourceMap, lower};
use featc_ir::Program;
use featc_ir::plan::{BatchPlan, StreamGraph};
use featc_validate::Meaning;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The programs in a folder and those below it, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "feat") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The programs of all goldens and examples, and one that has every clause; by their files.
fn programs() -> Vec<(String, Program)> {
    let mut found = Vec::new();
    for folder in ["tests/golden", "examples", "compiler/validate/tests"] {
        for file in files(&root().join(folder)) {
            let mut sources = SourceMap::new();
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            let id = sources.add(name.clone(), read(&file));
            if let Some(program) = compile(&sources, &[id]).value {
                found.push((name, program));
            }
        }
    }
    found
}

/// Calls `each` with every document that differs from this one in one place, and with the path of that place.
fn changes(document: &Value, each: &mut dyn FnMut(&str, &Value)) {
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut pointers = Vec::new();
    visit(document, "", &mut |pointer, value| {
        if let Value::String(text) = value {
            texts
                .entry(key_of(pointer).to_owned())
                .or_default()
                .insert(text.clone());
        }
        pointers.push(pointer.to_owned());
    });
    let mut changing = document.clone();
    for pointer in pointers {
        let value = document.pointer(&pointer).expect("visited");
        for changed in changed(value, texts.get(key_of(&pointer))) {
            *changing.pointer_mut(&pointer).expect("visited") = changed;
            each(&pointer, &changing);
        }
        *changing.pointer_mut(&pointer).expect("visited") = value.clone();
    }
}

fn visit(value: &Value, pointer: &str, each: &mut dyn FnMut(&str, &Value)) {
    each(pointer, value);
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                visit(item, &format!("{pointer}/{at}"), each);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                visit(field, &format!("{pointer}/{name}"), each);
            }
        }
        _ => {}
    }
}

/// The last name on a path.
fn key_of(pointer: &str) -> &str {
    let mut names = pointer.rsplit('/');
    names.find(|name| name.parse::<u64>().is_err()).unwrap_or("")
}

/// What stands in place of a value: numbers ±1, flags flipped, texts of other places and one of nowhere, nothing in place
/// of something and the other way round; items dropped, doubled, swapped with the next.
fn changed(value: &Value, texts: Option<&BTreeSet<String>>) -> Vec<Value> {
    match value {
        Value::Null => vec![Value::from(0), Value::from(1), Value::from("x")],
        Value::Bool(flag) => vec![Value::from(!flag)],
        Value::Number(number) => {
            let mut all = vec![Value::Null];
            match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => {
                    all.extend([Value::from(number.wrapping_add(1)), Value::from(number.wrapping_sub(1))])
                }
                (None, Some(number)) => all.extend([Value::from(number + 1), Value::from(number.wrapping_sub(1))]),
                (None, None) => {}
            }
            all
        }
        Value::String(text) => {
            let mut all = vec![Value::from(format!("{text}x")), Value::Null];
            let others = texts.into_iter().flatten().filter(|other| *other != text);
            all.extend(others.map(|other| Value::from(other.as_str())));
            // Numbers that JSON cannot hold are written as text.
            if let Ok(number) = text.parse::<i128>() {
                all.push(Value::from((number + 1).to_string()));
            }
            all
        }
        Value::Array(items) => {
            let mut all = Vec::new();
            for at in 0..items.len() {
                let mut dropped = items.clone();
                dropped.remove(at);
                all.push(Value::from(dropped));
                let mut doubled = items.clone();
                doubled.insert(at, items[at].clone());
                all.push(Value::from(doubled));
                if at + 1 < items.len() && items[at] != items[at + 1] {
                    let mut swapped = items.clone();
                    swapped.swap(at, at + 1);
                    all.push(Value::from(swapped));
                }
            }
            all
        }
        Value::Object(fields) => fields
            .keys()
            .map(|name| {
                let mut fewer = fields.clone();
                fewer.remove(name);
                Value::from(fewer)
            })
            .collect(),
    }
}

/// What became of a changed document.
enum Fate {
    Unreadable,
    /// It reads as what it was.
    Same,
    /// The check of what is read refuses it, and the comparison does not.
    Unchecked,
    /// The comparison refuses it, and the check does not.
    Refused,
    /// Both refuse it.
    Both,
    Accepted,
}

fn fate<T: DeserializeOwned + PartialEq>(
    document: &Value,
    was: &T,
    check: impl Fn(&T) -> bool,
    compare: impl Fn(&T) -> bool,
) -> Fate {
    match T::deserialize(document) {
        Err(_) => Fate::Unreadable,
        Ok(plan) if plan == *was => Fate::Same,
        Ok(plan) => match (check(&plan), compare(&plan)) {
            (true, true) => Fate::Accepted,
            (true, false) => Fate::Refused,
            (false, true) => Fate::Unchecked,
            (false, false) => Fate::Both,
        },
    }
}

/// A path with its numbers left out.
fn pattern(pointer: &str) -> String {
    let name = |name: &str| {
        if name.parse::<u64>().is_ok() {
            "*".to_owned()
        } else {
            name.to_owned()
        }
    };
    pointer.split('/').map(name).collect::<Vec<_>>().join("/")
}

/// The leaves without meaning: `without-meaning.txt` beside this file, one path and its reason a line.
fn without_meaning() -> BTreeMap<String, String> {
    let text = read(&root().join("compiler/validate/tests/without-meaning.txt"));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entry = |line: &str| {
        let (path, reason) = line.split_once("  ").expect("a path, two blanks, a reason");
        (path.to_owned(), reason.trim().to_owned())
    };
    lines.map(entry).collect()
}

#[test]
fn every_changed_leaf_of_a_plan_is_refused() {
    let allowed = without_meaning();
    let (mut counts, mut used, mut wrong) = ([0u64; 6], BTreeSet::new(), BTreeMap::new());
    let mut leaves = 0u64;
    let programs = programs();
    for (name, program) in &programs {
        let plans = lower(program);
        let meaning = Meaning::of(program).expect("a program of the compiler");
        let mut note = |plan: &str, pointer: &str, fate: Fate| {
            counts[fate_number(&fate)] += 1;
            if let Fate::Accepted = fate {
                let pattern = pattern(pointer);
                if allowed.contains_key(&pattern) {
                    used.insert(pattern);
                } else {
                    wrong
                        .entry(pattern)
                        .or_insert_with(|| format!("{name}, {plan}: {pointer}"));
                }
            }
        };
        for plan in &plans.batch {
            assert_eq!(meaning.batch(plan), Ok(()), "{name}");
            let document = serde_json::to_value(plan).expect("plain data");
            changes(&document, &mut |pointer, changed| {
                let compare = |plan: &BatchPlan| meaning.batch(plan).is_ok();
                note(
                    "batch",
                    pointer,
                    fate(changed, plan, |plan| plan.check().is_ok(), compare),
                );
            });
            leaves += count_leaves(&document);
        }
        for graph in &plans.stream {
            assert_eq!(meaning.stream(graph), Ok(()), "{name}");
            let document = serde_json::to_value(graph).expect("plain data");
            changes(&document, &mut |pointer, changed| {
                let compare = |graph: &StreamGraph| meaning.stream(graph).is_ok();
                note(
                    "stream",
                    pointer,
                    fate(changed, graph, |graph| graph.check().is_ok(), compare),
                );
            });
            leaves += count_leaves(&document);
        }
    }
    let [unreadable, same, unchecked, refused, both, accepted] = counts;
    println!(
        "{} programs, {leaves} leaves: {} changes, of which {unreadable} cannot be read, {same} read as before, \
         {both} fail the check and mean something else, {unchecked} fail the check alone, {refused} mean something else and \
         pass the check, {accepted} change a leaf without meaning",
        programs.len(),
        counts.iter().sum::<u64>()
    );
    assert!(wrong.is_empty(), "accepted:\n{}", lines(&wrong));
    let unused: Vec<&String> = allowed.keys().filter(|path| !used.contains(*path)).collect();
    assert!(unused.is_empty(), "these have a meaning: {unused:?}");
    assert!(
        programs.len() >= 6 && leaves > 5_000 && refused > 2_000 && both > 15_000 && accepted < 1_000,
        "{counts:?}"
    );
}

fn fate_number(fate: &Fate) -> usize {
    match fate {
        Fate::Unreadable => 0,
        Fate::Same => 1,
        Fate::Unchecked => 2,
        Fate::Refused => 3,
        Fate::Both => 4,
        Fate::Accepted => 5,
    }
}

fn count_leaves(document: &Value) -> u64 {
    let mut leaves = 0;
    visit(document, "", &mut |_, value| {
        leaves += u64::from(!value.is_array() && !value.is_object());
    });
    leaves
}

fn lines(wrong: &BTreeMap<String, String>) -> String {
    wrong
        .iter()
        .map(|(path, example)| format!("{path}  ({example})\n"))
        .collect()
}
