//! A program, a state on a simulated disk, and what is pushed and asked.

use super::disk::SimulatedDisk;
use crate::disk::Disk;
use crate::{Answer, Options, Question, Refused, Runtime, SetClock, StateError};
use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::Float64Type;
use featc_ir::FileFormat;
use featr::Program;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::sync::Arc;

pub const SECOND: i64 = 1_000_000;
/// 2024-03-01T12:00:00Z
pub const NOON: i64 = 1_709_294_400 * SECOND;

pub fn program() -> Program {
    compiled(SHOP)
}

pub const SHOP: &str = r#"
module shop
entity card (card: string)
source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  delay 2s
  lateness 1d
}
view spend of card from payments {
  owner "payments"
  /// What was paid.
  feature total = sum(amount) over 1h default 0.0
}
service risk { spend.* }
"#;

pub fn compiled(text: &str) -> Program {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", text);
    let compiled = featc_driver::compile(&sources, &[file]);
    let ir = compiled.value.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, ".")
}

/// The same disk, as who looks at a state takes it.
pub fn shared(disk: &SimulatedDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

pub fn open(disk: &SimulatedDisk, clock: &Arc<SetClock>, options: Options) -> Result<Runtime, StateError> {
    let opened = Runtime::open(program(), Arc::new(disk.clone()), clock.clone(), options);
    opened.map(|(runtime, _)| runtime)
}

pub fn push(runtime: &Runtime, id: i64, at_us: i64, seen_us: Option<i64>) -> Result<u64, Refused> {
    push_of(runtime, "a", (id, at_us), seen_us)
}

/// Pushes a payment of a card.
pub fn push_of(runtime: &Runtime, card: &str, (id, at_us): (i64, i64), seen_us: Option<i64>) -> Result<u64, Refused> {
    let instant = |us: i64| format!("\"{}\"", featc_ir::display::instant(us));
    let seen = seen_us.map_or("null".to_owned(), instant);
    let line = format!(
        "{{\"id\": {id}, \"card\": \"{card}\", \"amount\": {id}.5, \"at\": {}, \"seen\": {seen}}}",
        instant(at_us)
    );
    let incoming = runtime
        .program()
        .incoming("payments", FileFormat::Jsonl, line.into_bytes())
        .expect("rows");
    let pushed = runtime.push_wait(incoming)?;
    assert_eq!(pushed.report.accepted, 1, "{pushed:?}");
    Ok(pushed.report.overdue)
}

pub fn ask(runtime: &Runtime, at_us: Option<i64>) -> Result<Answer, Refused> {
    ask_of(runtime, "a", at_us)
}

/// Asks about a card.
pub fn ask_of(runtime: &Runtime, card: &str, at_us: Option<i64>) -> Result<Answer, Refused> {
    let rows = runtime
        .program()
        .questions("risk", &[&format!(r#"{{"card": "{card}"}}"#)])
        .expect("a question");
    runtime.answer_wait(&Question {
        service: "risk".to_owned(),
        rows,
        at_us,
        request_id: None,
        is_whole: false,
    })
}

pub fn total(answer: &Answer) -> f64 {
    answer.features.column(0).as_primitive::<Float64Type>().value(0)
}

/// The answers of service `risk` in files.
pub fn logged(disk: &SimulatedDisk) -> Vec<RecordBatch> {
    files(disk, "served/risk")
        .into_iter()
        .flat_map(|(_, batches)| batches)
        .collect()
}

/// The Parquet files of a folder: what they say of the features, and their rows.
pub fn files(disk: &SimulatedDisk, folder: &str) -> Vec<(Option<String>, Vec<RecordBatch>)> {
    let mut found = Vec::new();
    for name in disk.list(folder).expect("a folder") {
        let bytes = disk
            .read(&format!("{folder}/{name}"))
            .expect("a good disk")
            .expect("a file");
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).expect("Parquet");
        let metadata = reader
            .metadata()
            .file_metadata()
            .key_value_metadata()
            .cloned()
            .unwrap_or_default();
        let about = metadata.into_iter().find(|entry| entry.key == featr::FINGERPRINTS_KEY);
        let batches = reader
            .build()
            .expect("Parquet")
            .map(|batch| batch.expect("rows"))
            .collect();
        found.push((about.and_then(|entry| entry.value), batches));
    }
    found
}
