//! Builds that were changed: refused, or they run.

use super::*;
use crate::{Online, Random, TrainOptions, Truth};
use arrow::array::RecordBatch;
use featc_ir::build::manifest;
use featc_ir::manifest::{FILE, Manifest, content_hash};
use featc_ir::wire::Wire as _;
use featc_ir::{Key, Source, Type, hash};
use featr_kernels::{Column, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// A build in memory: files that engines read.
struct Base {
    name: String,
    build: Build,
    files: Vec<Document>,
}

/// A file of a build.
struct Document {
    name: String,
    text: String,
    json: Json,
    /// Pointers to all its values.
    places: Vec<String>,
}

impl Document {
    fn new(name: String, text: String) -> Document {
        let json = serde_json::from_str(&text).expect("JSON");
        let mut all = Vec::new();
        places(&json, &mut Vec::new(), &mut all);
        Document {
            name,
            text,
            json,
            places: all,
        }
    }
}

/// A program that has every aggregate, most functions and every kind of clause, in few lines.
const WIDE: &str = r#"module wide
entity card (card: string)
entity pair (card: string, day: date)
source txn {
  columns (id: int64, card: string, x: float64?, d: decimal(9, 2)?, n: int64, ok: bool, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  delay 5s
  lateness 1h
  begins @2024-01-01T00:00:00Z
}
source logins { columns (id: int64, card: string, at: timestamp) unique (id, card) time at arrival time + 5m }
transform rich from txn {
  where n > -100
  let day = cast(at as date)
  let late = truncate(at, 1h) + 90m
  let word = case when n > 5 then upper(card) when ok then concat(card, "x") else null end
  let q = div(d, 3, 2)
}
view sums of card from rich {
  owner "o"
  ttl 1h
  feature s = sum(d) over [1h, 1d] default 0.0
  feature v = variance(x) over 1d
  feature m = mean(n where ok) over 1d excluding now
  feature c = count_distinct(word) over 1d cap 5
  feature t = time_since_last() over 1d
  feature f = first(q) over lifetime
  feature lo = min(length(word)) over 1d excluding self
  feature share = count(where ok) / count() over 1d
  feature both = v + m
  feature more = both / 2.0
}
view pairs of pair from rich {
  owner "o"
  feature l = last(word ignoring nulls) over 30d
  feature r = round(sum(x)) over 1d
}
view seen of card from logins { owner "o"
  feature n = count() over 7d }
service one { sums.* seen.n }
service two { pairs.l pairs.r }
service three { seen.n }
"#;

fn base(name: &str, text: &str) -> Base {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add(name, text);
    let outcome = featc_driver::compile(&sources, &[file]);
    let said = featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false);
    let program = outcome.value.unwrap_or_else(|| panic!("{said}"));
    let plans = featc_driver::lower(&program);
    let mut files = BTreeMap::new();
    for graph in &plans.stream {
        files.insert(format!("stream/{}.json", graph.service), graph.to_json());
    }
    for plan in &plans.batch {
        files.insert(format!("batch/{}.json", plan.service), plan.to_json());
    }
    let hashes = files
        .iter()
        .map(|(name, text)| (name.clone(), content_hash(text.as_bytes())));
    let manifest = Manifest::new(&program, hashes.collect());
    files.insert(FILE.to_owned(), manifest.to_json());
    let by_service = plans.batch.iter().map(|plan| (plan.service.clone(), plan.clone()));
    Base {
        name: name.to_owned(),
        build: Build {
            manifest,
            batch: by_service.collect(),
            stream: plans
                .stream
                .into_iter()
                .map(|graph| (graph.service.clone(), graph))
                .collect(),
            others: BTreeMap::new(),
        },
        files: files
            .into_iter()
            .map(|(name, text)| Document::new(name, text))
            .collect(),
    }
}

fn bases() -> Vec<Base> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = vec![base("wide.feat", WIDE)];
    for folder in ["tests/golden", "examples/flights"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("a folder").flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "feat"))
        {
            let text = std::fs::read_to_string(path).expect("readable");
            found.push(base(&path.file_name().expect("a name").to_string_lossy(), &text));
        }
    }
    found
}

/// All places of a document, as pointers to their values.
fn places(document: &Json, at: &mut Vec<String>, found: &mut Vec<String>) {
    found.push(at.concat());
    let mut below = |name: String, value: &Json| {
        at.push(format!("/{name}"));
        places(value, at, found);
        at.pop();
    };
    match document {
        Json::Object(map) => map
            .iter()
            .for_each(|(name, value)| below(name.replace('~', "~0").replace('/', "~1"), value)),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(place, value)| below(place.to_string(), value)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Another value for a leaf.
fn leaf(was: &Json, draw: &mut Random) -> Json {
    let numbers = [
        0,
        1,
        2,
        3,
        7,
        -1,
        i64::MAX,
        i64::MIN,
        1 << 31,
        3_600_000_000,
        86_400_000_000,
    ];
    let words = [
        "",
        "card",
        "id",
        "int64",
        "string",
        "float64",
        "timestamp",
        "date",
        "bool",
        "duration",
        "lifetime",
        "nothing",
        "now",
        "self_event",
        "count",
        "sum",
        "variance",
        "unbounded",
        "add",
        "and",
        "less",
        "abs",
        "round",
        "at",
        "seen",
        "7ff8000000000001",
        "99999999999999999999999999999999999999",
        "null",
        "accept",
    ];
    match (was, draw.below(8)) {
        (Json::Number(number), 0..=2) => {
            let number = number.as_i64().unwrap_or(0);
            Json::from(number.wrapping_add(if draw.below(2) == 0 { 1 } else { -1 }))
        }
        (Json::Number(_), 3..=6) => Json::from(*draw.one_of(&numbers)),
        (Json::Number(_), _) => Json::from(u64::MAX),
        (Json::Bool(was), 0..=6) => Json::from(!was),
        (Json::String(_), 0..=6) => Json::from(*draw.one_of(&words)),
        (_, 0) => serde_json::json!({ "decimal": { "precision": draw.below(50), "scale": draw.below(50) } }),
        (_, 1) => serde_json::json!({ "last": { "length_us": *draw.one_of(&numbers) } }),
        (_, 2) => Json::from(*draw.one_of(&numbers)),
        (_, 3..=5) => Json::from(*draw.one_of(&words)),
        _ => Json::Null,
    }
}

const KINDS: [&str; 9] = [
    "bytes", "leaf", "drop", "double", "swap", "graft", "move", "file", "member",
];
/// The kind that no build may survive.
const MEMBER: &str = KINDS[8];

/// Changes a file: the text of one of `bases`, at a random place. Gives the kind of the edit.
fn edited(bases: &[Base], (base, file): (usize, usize), draw: &mut Random) -> (usize, String) {
    let Document { text, json, places, .. } = &bases[base].files[file];
    let mut document = json.clone();
    let kind = *draw.one_of(&[0, 1, 1, 1, 1, 2, 3, 4, 5, 5, 6, 7, 8]);
    let at = draw.one_of(places).clone();
    let (above, name) = at.rsplit_once('/').unwrap_or(("", ""));
    match kind {
        0 => {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..=draw.below(3) {
                let place = draw.below(bytes.len());
                match draw.below(3) {
                    0 => bytes[place] = *draw.one_of(b"0123456789abcdef{}[]\":,-x\xff"),
                    1 => drop(bytes.remove(place)),
                    _ => bytes.insert(place, *draw.one_of(b"0189\",{[")),
                }
            }
            return (kind, String::from_utf8_lossy(&bytes).into_owned());
        }
        1 => {
            if let Some(value) = document.pointer_mut(&at) {
                *value = leaf(value, draw);
            }
        }
        2 => match document.pointer_mut(above) {
            Some(Json::Object(map)) => drop(map.remove(name)),
            Some(Json::Array(items)) => drop(items.remove(name.parse().unwrap_or(0))),
            _ => {}
        },
        3 => {
            if let Some(Json::Array(items)) = document.pointer_mut(above) {
                let copy = items[name.parse::<usize>().unwrap_or(0)].clone();
                items.insert(draw.below(items.len() + 1), copy);
            }
        }
        4 => {
            if let Some(Json::Array(items)) = document.pointer_mut(above) {
                let other = draw.below(items.len());
                items.swap(name.parse().unwrap_or(0), other);
            }
        }
        5 | 6 => {
            // From another place with the same last name: of this file, or of any file of any build.
            let (from, other) = match kind {
                6 => (base, file),
                _ => {
                    let from = draw.below(bases.len());
                    (from, draw.below(bases[from].files.len()))
                }
            };
            let donor = &bases[from].files[other];
            let is_alike = |place: &&String| place.rsplit_once('/').is_some_and(|(_, last)| last == name);
            let donors: Vec<&String> = donor.places.iter().filter(is_alike).collect();
            if let (false, Some(value)) = (donors.is_empty(), document.pointer_mut(&at))
                && let Some(given) = donor.json.pointer(draw.one_of(&donors).as_str())
            {
                *value = given.clone();
            }
        }
        8 => {
            // The list of files may have any name.
            let path = if above.starts_with("/files") { "" } else { above };
            let path = if matches!(document.pointer(path), Some(Json::Object(_))) {
                path
            } else {
                ""
            };
            if let Some(Json::Object(members)) = document.pointer_mut(path) {
                members.insert("further".to_owned(), leaf(&Json::Null, draw));
            }
        }
        _ => {
            let from = draw.below(bases.len());
            return (kind, draw.one_of(&bases[from].files).text.clone());
        }
    }
    (kind, serde_json::to_string(&document).expect("plain data"))
}

/// The build with one file of another text; the hashes of the manifest are mended.
fn with_file(base: &Base, name: &str, text: &str) -> Result<Program, String> {
    let mut build = base.build.clone();
    if name == FILE {
        build.manifest = manifest(text.as_bytes())?;
    } else {
        build.add(name, text.as_bytes().to_vec())?;
    }
    build.check()?;
    Ok(Program::of_build(build, "."))
}

/// A column of few values of its type, some of them odd.
fn sample(ty: Type, rows: usize, nullable: bool) -> Column {
    let day = 86_400_000_000;
    let at = |row: usize| 1_704_103_200_000_000 + (row as i64) * 1_800_000_000;
    let value = |row: usize| match (row % 7, ty) {
        (6, _) if nullable => Value::Null,
        (_, Type::Bool) => Value::Bool(row % 2 == 0),
        (5, Type::Int64) => Value::Int64(i64::MAX),
        (_, Type::Int64) => Value::Int64(row as i64 % 5),
        (5, Type::Float64) => Value::Float64(1e308),
        (_, Type::Float64) => Value::Float64(row as f64 * 0.1),
        (_, Type::Decimal { .. }) => Value::Decimal((row as i128) % 9),
        (_, Type::String) => Value::String(["a", "b", ""][row % 3].to_owned()),
        (5, Type::Timestamp) => Value::Timestamp(i64::MAX - 1),
        (4, Type::Timestamp) => Value::Timestamp(i64::MIN + 1),
        (_, Type::Timestamp) => Value::Timestamp(at(row)),
        (_, Type::Date) => Value::Date((at(row) / day) as i32),
        (_, Type::Duration) => Value::Duration(row as i64 * 1_000_000),
        (_, Type::List(_)) => unreachable!("no column of these is a list"),
    };
    let values: Vec<Value> = (0..rows).map(value).collect();
    Column::from_values(ty, &values)
}

fn batch<'a>(columns: impl Iterator<Item = (&'a str, Type, bool)>, rows: usize) -> Option<RecordBatch> {
    let columns = columns.map(|(name, ty, nullable)| (name, crate::to_arrow(&sample(ty, rows, nullable)), true));
    RecordBatch::try_from_iter_with_nullable(columns).ok()
}

fn source_rows(source: &Source) -> Option<RecordBatch> {
    batch(source.columns.iter().map(|c| (c.name.as_str(), c.ty, c.nullable)), 21)
}

fn is_bug(error: &Error) -> Option<String> {
    matches!(error, Error::Bug { .. }).then(|| error.to_string())
}

/// The program with tables that hold nothing, in place of those of its files.
fn with_tables(mut program: Program) -> Program {
    for table in program.tables() {
        program.hold_rows(&table.name, &[]).expect("no two rows of a key");
    }
    program
}

/// Pushes and asks; what a promise that was broken said.
fn run_online(program: &Program) -> Result<Option<Online>, String> {
    let broken = |error: Error| is_bug(&error).map_or(Ok(()), Err);
    let truths = [Truth::AsOfArrival { delay_us: None }, Truth::Complete];
    let mut last = None;
    for truth in truths {
        let mut online = program.online(truth).map_err(|error| error.to_string())?;
        for source in program.sources() {
            if let Some(rows) = source_rows(&source) {
                online.push(&source.name, &rows).map(drop).or_else(broken)?;
            }
        }
        ask_online(program, &mut online)?;
        last = Some(online);
    }
    Ok(last)
}

/// Asks every service.
fn ask_online(program: &Program, online: &mut Online) -> Result<(), String> {
    let broken = |error: Error| is_bug(&error).map_or(Ok(()), Err);
    for name in program.services() {
        let service = program.service(name).map_err(|error| error.to_string())?;
        let asked = || service.keys.iter().chain(&service.self_columns);
        let mut seen: Vec<&Key> = Vec::new();
        asked().for_each(|key| {
            if !seen.iter().any(|known| known.name == key.name) {
                seen.push(key);
            }
        });
        let Some(questions) = batch(seen.iter().map(|key| (key.name.as_str(), key.ty, true)), 9) else {
            continue;
        };
        let times: Vec<i64> = sample(Type::Timestamp, 9, false).i64s().to_vec();
        // As of arrival at one instant, in truth complete at all of them.
        let last = times.iter().copied().max().unwrap_or(0);
        let first = times.iter().copied().min().unwrap_or(0);
        let cut = match online.truth() {
            Truth::Complete | Truth::AsServed => first,
            Truth::AsOfArrival { .. } => last,
        };
        online.advance(cut).map(drop).or_else(broken)?;
        let times = match online.truth() {
            Truth::Complete | Truth::AsServed => times,
            Truth::AsOfArrival { .. } => vec![last; times.len()],
        };
        online.read(name, &questions, &times, true).map(drop).or_else(broken)?;
    }
    Ok(())
}

/// Trains every service on the same rows in files.
fn run_batch(program: &Program, folder: &Path) -> Result<(), String> {
    let broken = |error: Error| is_bug(&error).map_or(Ok(()), Err);
    let mut program = program.clone();
    let sources: Vec<Source> = program.sources();
    for (place, source) in sources.iter().enumerate() {
        let path = folder.join(format!("{place}.arrow"));
        let Some(rows) = source_rows(source) else { return Ok(()) };
        crate::write_rows(&path, rows.schema(), [rows]).map_err(|error| error.to_string())?;
        program.read_from(&source.name, &path).or_else(broken)?;
    }
    for name in program.services() {
        let service = program.service(name).map_err(|error| error.to_string())?;
        let asked = service.keys.iter().chain(&service.self_columns);
        let columns = asked.map(|key| (key.name.as_str(), key.ty, true));
        let Some(questions) = batch(columns.chain([("t", Type::Timestamp, false)]), 9) else {
            continue;
        };
        let Ok(spine) = program.spine(name, vec![questions], "t") else {
            continue;
        };
        let options = TrainOptions {
            with_status: true,
            threads: 1,
            ..TrainOptions::new(Truth::Complete)
        };
        program.train(name, spine, options).map(drop).or_else(broken)?;
    }
    Ok(())
}

/// One training set for so many loads.
const TRAINED: u64 = 40;
const EDITS: u64 = 100_000;
/// Edits are drawn in so many parts, each from its own seed, which threads share.
const PARTS: u64 = 8;

/// What became of edits, by kind: refused, run, and of these without a change.
#[derive(Default)]
struct Counts {
    by_kind: BTreeMap<&'static str, [u64; 3]>,
    loads: u64,
    trained: u64,
}

impl Counts {
    fn merge(&mut self, other: Counts) {
        for (kind, [refused, ran, same]) in other.by_kind {
            let known = self.by_kind.entry(kind).or_default();
            *known = [known[0] + refused, known[1] + ran, known[2] + same];
        }
        self.loads += other.loads;
        self.trained += other.trained;
    }
}

fn one_edit(bases: &[Base], draw: &mut Random, counts: &mut Counts, folder: &Path, edit: u64) {
    // The smaller ones more often: an edit of them is as good.
    let base = draw.below(bases.len()).min(draw.below(bases.len()));
    let file = draw.below(bases[base].files.len());
    let (kind, text) = edited(bases, (base, file), draw);
    let name = &bases[base].files[file].name;
    let is_same = text == bases[base].files[file].text;
    let trains = (counts.loads + 1).is_multiple_of(TRAINED);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let program = with_tables(with_file(&bases[base], name, &text).ok()?);
        let mut said = run_online(&program).map(drop);
        if trains {
            said = said.and_then(|()| run_batch(&program, folder));
        }
        Some(said)
    }));
    let counted = counts.by_kind.entry(KINDS[kind]).or_default();
    match ran {
        Ok(None) => counted[0] += 1,
        Ok(Some(Ok(()))) => {
            counted[1] += 1;
            counted[2] += u64::from(is_same);
            counts.loads += 1;
            counts.trained += u64::from(trains);
        }
        Ok(Some(Err(why))) => panic!("edit {edit}, {} of {name} in {}: {why}", KINDS[kind], bases[base].name),
        Err(_) => panic!(
            "edit {edit}, {} of {name} in {}: a panic\n{text}",
            KINDS[kind], bases[base].name
        ),
    }
}

#[test]
fn edited_builds_are_refused_or_run() {
    let bases = bases();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for base in &bases {
        base.build.check().expect("what was built is sound");
        let program = with_tables(Program::of_build(base.build.clone(), "."));
        run_online(&program).expect("it runs");
        run_batch(&program, folder.path()).expect("it trains");
    }
    let next = AtomicU64::new(0);
    let work = || {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut counts = Counts::default();
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= PARTS {
                return counts;
            }
            let mut draw = Random::new(part + 1);
            for edit in part * EDITS / PARTS..(part + 1) * EDITS / PARTS {
                one_edit(&bases, &mut draw, &mut counts, folder.path(), edit);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(4));
    let mut counts = Counts::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            counts.merge(worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    let Counts {
        by_kind,
        loads,
        trained,
    } = counts;
    println!("edits: refused, run, of these without a change: {by_kind:?}; {trained} trained");
    assert_eq!(by_kind.len(), KINDS.len(), "every kind of edit");
    assert!(
        by_kind.values().all(|count| count[0] > 100),
        "every kind is refused: {by_kind:?}"
    );
    assert_eq!(by_kind[MEMBER][1], 0, "a member that is not read is refused");
    assert!(loads > 3_000 && trained > 80, "{loads} ran, {trained} of them trained");
}

#[test]
fn another_release_or_program_is_refused() {
    let base = base("wide.feat", WIDE);
    let refused = |build: Build| build.check().expect_err("refused");
    let text = base.build.manifest.to_json();
    for (from, to, why) in [
        ("\"version\": 3", "\"version\": 99", "version 99"),
        ("\"featc\": \"0.1.0\"", "\"featc\": \"9.9.9\"", "by featc 9.9.9"),
        (hash::KERNELS_VERSION, "featr-kernels/77", "built for featr-kernels/77"),
        ("\"stream/one.json\"", "\"../stream.json\"", "no file of a build"),
    ] {
        assert!(text.contains(from), "{from}");
        let said = manifest(text.replace(from, to).as_bytes()).expect_err("refused");
        assert!(said.contains(why), "{said}");
    }
    let mut other = base.build.clone();
    let plan = other.batch.get_mut("two").expect("a plan");
    plan.program = "0".repeat(32);
    assert!(refused(other).contains("is of program 0000"));
    let mut other = base.build.clone();
    other.batch.remove("three");
    assert!(refused(other).contains("`batch/three.json` is missing"));
    let mut other = base.build.clone();
    let taken = other.batch["one"].clone();
    other.batch.insert("two".to_owned(), taken);
    assert!(refused(other).contains("plan of another service"));
}

#[test]
fn a_load_while_builds_are_made_is_whole() {
    let compiled = |text: &str| {
        let mut sources = featc_driver::diag::SourceMap::new();
        let file = sources.add("wide.feat", text);
        let program = featc_driver::compile(&sources, &[file]).value.expect("it compiles");
        let plans = featc_driver::lower(&program);
        (program, plans)
    };
    let versions = [
        compiled(WIDE),
        compiled(&WIDE.replace("service three { seen.n }\n", "")),
    ];
    let out = tempfile::tempdir().expect("a temporary folder");
    let build = |(program, plans): &(featc_ir::Program, featc_driver::Plans)| {
        featc_driver::build(program, plans, out.path()).expect("writable")
    };
    let folder = build(&versions[0]);
    let done = std::sync::atomic::AtomicUsize::new(0);
    let seen = std::thread::scope(|scope| {
        for version in &versions {
            let (build, done) = (&build, &done);
            scope.spawn(move || {
                for _ in 0..10 {
                    build(version);
                }
                done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            });
        }
        let mut seen = [0, 0];
        while done.load(std::sync::atomic::Ordering::Relaxed) < 2 || seen == [0, 0] {
            let program = Program::load(&folder, ".").expect("old or new, and whole");
            let version = usize::from(program.services().count() == 2);
            assert_eq!(program.hash(), versions[version].1.stream[0].program);
            seen[version] += 1;
        }
        seen
    });
    println!("loads of either version: {seen:?}");
    Program::load(&folder, ".").expect("whole");
    let left: Vec<_> = std::fs::read_dir(&folder)
        .expect("a folder")
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert!(
        !left.iter().any(|name| name.to_string_lossy().starts_with('.')),
        "{left:?}"
    );
}
