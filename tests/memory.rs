//! Memory under a limit: an entity with very many events takes about as much as one with a quarter of them, whatever the
//! aggregate and the window. A process of its own, because what is counted is all that the process allocates.

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use featc_driver::Plans;
use featc_ir::{Aggregate, Key, Truth, Type};
use featr_batch::{Inputs, Run, SpineData};
use featr_kernels::{Batch, Column, Data, StrData};
use peak_alloc::PeakAlloc;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const SECOND_US: i64 = 1_000_000;
const START_US: i64 = 1_709_159_400 * SECOND_US;
const LIMIT_BYTES: usize = 64 << 20;
const QUESTIONS: usize = 24;
const BATCH: usize = 8_192;

/// Every form of a window, the last ones with few candidates.
const WINDOWS: [&str; 13] = [
    "over 1h",
    "over lifetime",
    "over 1h offset 30m",
    "over lifetime offset 2h",
    "over 1d excluding now",
    "over 1d excluding self",
    "over 20 events",
    "over 300 events max 1d",
    "over 50 events excluding self",
    "over since (rare) max 1d",
    "over 1d every 1h after 10m",
    "over this day in \"Europe/Paris\"",
    "over last 2 days",
];

/// Every aggregate over every window, each over the first arguments that it takes; every other one with a filter.
fn program() -> String {
    let columns = [("f", Type::Float64), ("b", Type::Bool), ("g", Type::Float64)];
    let arguments: [&[usize]; 4] = [&[], &[0], &[1], &[0, 2]];
    let mut features = String::new();
    for (place, aggregate) in Aggregate::ALL.iter().enumerate() {
        let types = |places: &&&[usize]| {
            let types: Vec<Type> = places.iter().map(|place| columns[*place].1).collect();
            aggregate.result(&types).is_some()
        };
        let of_it = arguments.iter().find(types).expect("arguments that it takes");
        let mut written: Vec<String> = of_it.iter().map(|place| columns[*place].0.to_owned()).collect();
        // Of many different values each has to be there.
        if aggregate.cap().is_some() {
            written = vec!["kind".to_owned()];
        }
        written.extend(aggregate.literal());
        for (at, window) in WINDOWS.iter().enumerate() {
            let filter = if (place + at) % 2 == 0 { "" } else { " where rare" };
            let (name, written) = (aggregate.name(), written.join(", "));
            features += &format!("  feature {name}_{at} = {name}({written}{filter}) {window}\n");
        }
    }
    format!(
        "module memory
entity user (user: string)
source facts {{
  columns (id: int64, user: string, at: timestamp, seen: timestamp, f: float64, g: float64, b: bool, rare: bool, kind: int64)
  unique id
  time at
  arrival seen
  lateness 1d
  delay 1m
}}
view all of user from facts {{
{features}}}
service all {{ all.* }}
"
    )
}

fn plans() -> Plans {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("memory.feat", program());
    let outcome = featc_driver::compile(&sources, &[file]);
    let said = featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false);
    featc_driver::lower(&outcome.value.unwrap_or_else(|| panic!("{said}")))
}

/// A number that looks random.
fn mixed(row: usize, salt: u64) -> u64 {
    let word = (row as u64 ^ salt << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33
}

/// Events of one user, two a second and some at the same instant; one in ten arrives late. In batches of the size that
/// files are decoded in.
fn events(rows: usize) -> Vec<Batch> {
    let begins = (0..rows).step_by(BATCH);
    begins.map(|begin| batch(begin..rows.min(begin + BATCH))).collect()
}

fn batch(rows: Range<usize>) -> Batch {
    let times: Vec<i64> = rows
        .clone()
        .map(|row| START_US + (row / 2) as i64 * SECOND_US + (mixed(row, 1) % 3) as i64)
        .collect();
    let late = |row: usize| match mixed(row, 2) % 10 {
        0 => (mixed(row, 3) % 7_200) as i64 * SECOND_US,
        _ => 0,
    };
    let seen = rows.clone().zip(&times).map(|(row, at)| at + late(row)).collect();
    let floats = |salt| Data::F64(rows.clone().map(|row| mixed(row, salt) as f64 / 8.0).collect());
    let users: StrData = std::iter::repeat_n(&b"ann"[..], rows.len()).collect();
    let column = |ty, data| Column::with_tags(ty, data, None);
    Batch::from_columns(vec![
        column(Type::Int64, Data::I64(rows.clone().map(|row| row as i64).collect())),
        column(Type::String, Data::Str(users)),
        column(Type::Timestamp, Data::I64(times)),
        column(Type::Timestamp, Data::I64(seen)),
        column(Type::Float64, floats(4)),
        column(Type::Float64, floats(5)),
        column(
            Type::Bool,
            Data::Bool(rows.clone().map(|row| mixed(row, 6) % 3 > 0).collect()),
        ),
        column(
            Type::Bool,
            Data::Bool(rows.clone().map(|row| mixed(row, 7) % 5_000 == 0).collect()),
        ),
        column(
            Type::Int64,
            Data::I64(rows.clone().map(|row| (mixed(row, 8) % 40) as i64).collect()),
        ),
    ])
}

/// Questions over all of the time of so many events, with identities of some of them.
fn spine(rows: usize) -> SpineData {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..QUESTIONS as i64));
    let batch = RecordBatch::try_from_iter([("row", numbers)]).expect("one column");
    let places: Vec<usize> = (1..=QUESTIONS)
        .map(|question| question * rows / QUESTIONS - 1)
        .collect();
    let users: StrData = std::iter::repeat_n(&b"ann"[..], QUESTIONS).collect();
    let key = |name: &str, ty| Key {
        name: name.to_owned(),
        ty,
    };
    let ids = Data::I64(places.iter().map(|row| *row as i64).collect());
    SpineData {
        schema: batch.schema(),
        batches: vec![batch],
        times: places
            .iter()
            .map(|row| START_US + (row / 2) as i64 * SECOND_US)
            .collect(),
        columns: vec![
            (
                key("user", Type::String),
                Column::with_tags(Type::String, Data::Str(users), None),
            ),
            (key("id", Type::Int64), Column::with_tags(Type::Int64, ids, None)),
        ],
    }
}

/// The answers, and how many bytes were taken at most beside the events themselves.
fn answers(plans: &Plans, rows: usize, truth: Truth, memory_bytes: Option<usize>) -> (Vec<RecordBatch>, usize, String) {
    let mut inputs = Inputs::new(spine(rows));
    inputs.events = BTreeMap::from([("facts".to_owned(), events(rows))]);
    let given = HEAP.current_usage();
    let copied = inputs.events.clone();
    let copy = HEAP.current_usage() - given;
    drop(copied);
    (inputs.truth, inputs.threads, inputs.memory_bytes) = (truth, 2, memory_bytes);
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let run = Run::new(&plans.batch[0], inputs).and_then(Run::start);
    let mut run = run.unwrap_or_else(|error| panic!("{error}"));
    let batches: Vec<RecordBatch> = run.by_ref().collect::<Result<_, _>>().expect("runs");
    // Rows in memory are taken as parts of a source: a copy of those that were given.
    let taken = HEAP.peak_usage().saturating_sub(before + copy);
    (batches, taken, run.measured())
}

#[test]
fn a_large_entity_takes_no_more_than_a_smaller_one() {
    let plans = plans();
    for truth in [Truth::Complete, Truth::AsOfArrival { delay_us: None }] {
        // Bits first, of as many as are quickly answered in memory.
        let (expected, _, measured) = answers(&plans, 30_000, truth, None);
        assert!(!measured.contains("question_chunks"), "{measured}");
        let (found, _, measured) = answers(&plans, 30_000, truth, Some(1 << 20));
        assert!(measured.contains("pane_summaries"), "{measured}");
        assert_eq!(expected, found, "{truth:?}");
        let of = |rows| {
            let (batches, bytes, measured) = answers(&plans, rows, truth, Some(LIMIT_BYTES));
            assert!(measured.contains("pane_summaries"), "{rows}: {measured}");
            assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), QUESTIONS);
            bytes
        };
        let (some, many) = (of(1_000_000), of(4_000_000));
        let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        println!("{truth:?}: {:.1} MiB, {:.1} MiB", mib(some), mib(many));
        assert!(many < LIMIT_BYTES, "{truth:?}: {:.1} MiB", mib(many));
        assert!(many < 2 * some, "{truth:?}: {:.1} MiB, {:.1} MiB", mib(some), mib(many));
    }
}
