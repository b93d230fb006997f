//! What a life leaves: the served log, and a training set of it.

use super::Tally;
use super::log::{self, Row};
use super::version::Version;
use crate::disk::SimulatedDisk;
use crate::evaluators::{Answers, Asked, Case, model, read};
use arrow::array::{Array as _, AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use featc_ir::{Arrival, Cut, Source, Status, Truth, Type};
use featr::{Cuts, Limits, Table, TrainOptions};
use featr_kernels::Value;
use featr_online::{Answer, Disk as _, Gated};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// What was answered to a question.
pub struct Given {
    pub version: Rc<Version>,
    /// Instants, columns, cuts.
    pub asked: Vec<Asked>,
    pub answers: Answers,
    /// How many rows of each source were there.
    pub seen: Vec<usize>,
    /// Whether the served log has to have it: the run ended in order.
    pub is_kept: bool,
}

/// Sources and tables of which questions bring cuts.
fn with_arrivals(inputs: &[Source]) -> impl Iterator<Item = &Source> {
    let sources = inputs.iter();
    sources.filter(|source| source.cut_under(Truth::AsServed) == Cut::Given)
}

/// What a question brought, and the cuts that it was answered by.
pub fn with_cuts(inputs: &[Source], mut values: Vec<(String, Value)>, cuts: &Cuts) -> Vec<(String, Value)> {
    for source in with_arrivals(inputs) {
        if let Some(cut_us) = cuts.get(&source.name) {
            values.push((source.cut_key().name, Value::Timestamp(*cut_us)));
        }
    }
    values
}

/// Holds the gates of an answer against what the model gives: of entities that are gated nothing is told. Leaves the questions
/// that were answered, and gives what the model says of these.
pub fn gate(case: &mut Case, answer: &Answer, expected: Answers) -> Answers {
    let fields = &case.program.service(&case.service).expect("drawn").fields;
    let of_row = |(row, answers): (usize, &Vec<(Value, Status)>)| {
        let other = fields
            .iter()
            .zip(answers)
            .filter(|(field, (_, status))| field.gate && *status != Status::Ok);
        let features: Vec<_> = other
            .map(|(field, (_, status))| (field.name.clone(), status.to_string()))
            .collect();
        (!features.is_empty()).then_some(Gated { row, features })
    };
    let gated: Vec<Gated> = expected.iter().enumerate().filter_map(of_row).collect();
    assert_eq!(answer.gated, gated, "gates");
    let is_gated = |row: usize| gated.iter().any(|gated| gated.row == row);
    let nothing = |row: usize| answer.features.columns().iter().all(|column| column.is_null(row));
    assert!(
        gated.iter().all(|gated| nothing(gated.row)),
        "a gated entity is told of"
    );
    let mut row = 0..;
    case.questions.retain(|_| !row.next().is_some_and(is_gated));
    let answered = expected.into_iter().enumerate().filter(|(row, _)| !is_gated(*row));
    answered.map(|(_, answers)| answers).collect()
}

/// The rows of entities that were answered.
pub fn answered(answer: &Answer) -> RecordBatch {
    let is_answered =
        (0..answer.features.num_rows()).map(|row| Some(answer.gated.iter().all(|gated| gated.row != row)));
    let mask: BooleanArray = is_answered.collect();
    filter_record_batch(&answer.features, &mask).expect("as many rows")
}

fn parquet(disk: &SimulatedDisk, file: &str) -> Vec<RecordBatch> {
    let bytes = disk.read(file).expect("a good disk").expect("a file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes));
    let reader = reader
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .expect("Parquet");
    reader.map(|batch| batch.expect("rows")).collect()
}

fn files(disk: &SimulatedDisk, folder: &str) -> Vec<String> {
    let names = disk.list(folder).expect("a good disk");
    names.into_iter().map(|name| format!("{folder}/{name}")).collect()
}

/// The numbers of the questions of a file, row by row.
fn requests(batch: &RecordBatch) -> Vec<usize> {
    let ids = batch.column_by_name("request_id").expect("a column").as_string::<i32>();
    let number = |id: Option<&str>| id.and_then(|id| id.parse().ok()).expect("the number of a question");
    ids.iter().map(number).collect()
}

/// Each answer that is in the log is one that was given, to the bit, and is there once; those of runs that ended in order all are.
pub fn check_served(disk: &SimulatedDisk, given: &[Given], tally: &mut Tally) {
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    for batch in files(disk, "served/s").iter().flat_map(|file| parquet(disk, file)) {
        for (row, id) in requests(&batch).into_iter().enumerate() {
            let of = found.entry(id).or_default();
            let given = &given[id];
            let expected = &given.answers[*of];
            let text = |name: &str| batch.column_by_name(name).expect("a column").clone();
            let value = |name: &str, ty: Type| {
                let column = featr::from_arrow(&text(name).slice(row, 1), ty);
                column.expect("its own type").value(0)
            };
            for ((name, ty), (expected, status)) in given.version.featr.fields("s").iter().zip(expected) {
                assert_eq!(value(name, *ty), *expected, "{name} of answer {id}");
                let said = value(&format!("{name}__status"), Type::String);
                assert_eq!(said, Value::String(status.to_string()), "{name} of answer {id}");
            }
            assert_eq!(
                value("timestamp", Type::Timestamp),
                Value::Timestamp(given.asked[*of].at_us)
            );
            *of += 1;
            tally.served += 1;
        }
    }
    for (id, given) in given.iter().enumerate() {
        let count = found.get(&id).copied().unwrap_or_default();
        let is_whole = count == given.answers.len();
        assert!(is_whole || !given.is_kept && count == 0, "{count} rows of answer {id}");
    }
}

/// A training set of the answers in the log, of the rows that were pushed: the values of the model, and those that were given but
/// for what rows have changed that came late.
pub fn check_trained(disk: &SimulatedDisk, version: &Version, ledger: &[Vec<Row>], given: &[Given], tally: &mut Tally) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |file: &str| {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(&path, disk.read(file).expect("a good disk").expect("a file")).expect("a file is written");
        path
    };
    let service = version.featr.service("s").expect("a service");
    let sources = version.featr.service_inputs("s").expect("a service");
    let cuts = sources
        .iter()
        .filter(|source| source.cut_under(Truth::AsServed) == Cut::Given);
    let wanted: Vec<String> = cuts.map(|source| source.cut_key().name).collect();
    let keys: Vec<String> = service.columns().into_iter().map(|key| key.name).collect();
    // Of programs that were asked in the same columns.
    let is_readable = |file: &&String| {
        let Some(schema) = parquet(disk, file).first().map(RecordBatch::schema) else {
            return false;
        };
        let names = schema.fields().iter().map(|field| field.name());
        let asked = names.filter(|name| keys.contains(name) || name.starts_with(Source::CUT));
        asked.eq(keys.iter().chain(&wanted))
    };
    let served = files(disk, "served/s");
    let served: Vec<&String> = served.iter().filter(is_readable).collect();
    if served.is_empty() {
        return;
    }
    let mut program = version.featr.clone();
    for source in &sources {
        let files = files(disk, &format!("pushed/{}", source.name));
        match files.is_empty() {
            true => {
                let none = log::incoming(source, &[]).rows;
                let table = Table {
                    schema: none.schema(),
                    batches: vec![none],
                };
                program.read_rows(&source.name, Arc::new(table)).expect("a source");
            }
            false => {
                let paths: Vec<_> = files.iter().map(|file| write(file)).collect();
                let pattern = paths[0].with_file_name("*.parquet");
                program.read_from(&source.name, &pattern).expect("a source");
            }
        }
    }
    let paths: Vec<_> = served.iter().map(|file| write(file)).collect();
    let spine = program
        .read_served("s", &paths, ("timestamp", None), false)
        .expect("a served log")
        .spine;
    let own = spine.schema.fields().len();
    let mut options = TrainOptions::new(Truth::AsServed);
    options.with_status = true;
    options.threads = 1;
    options.limits = Limits::NONE;
    let trained = program.training("s", spine, options).expect("it trains");
    let trained: Vec<RecordBatch> = trained.collect::<Result<_, _>>().expect("it trains");
    // The questions in the order of the log.
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    let batches = served.iter().flat_map(|file| parquet(disk, file));
    let asked: Vec<(usize, usize)> = batches
        .flat_map(|batch| requests(&batch))
        .map(|id| {
            let place = places.entry(id).or_default();
            *place += 1;
            (id, *place - 1)
        })
        .collect();
    let case = Case {
        program: version.holding(ledger),
        service: "s".to_owned(),
        rows: ledger.to_vec(),
        questions: asked
            .iter()
            .map(|(id, place)| given[*id].asked[*place].clone())
            .collect(),
        truth: Truth::AsServed,
    };
    let found = read(&case, &trained, own, true, String::new()).answers();
    assert_eq!(found, model(&case), "a training set of what was served");
    tally.trained += found.len() as u64;
    for ((id, place), found) in asked.into_iter().zip(found) {
        let given = &given[id];
        if given.version.text != version.text || given.answers[place] == found {
            continue;
        }
        assert!(
            came_late(version, ledger, given, place),
            "answer {id} cannot be made again"
        );
        tally.changed += 1;
    }
}

/// Whether rows came after an answer that it would have seen.
fn came_late(version: &Version, ledger: &[Vec<Row>], given: &Given, place: usize) -> bool {
    let sources = version.program.sources.iter().enumerate();
    sources.into_iter().any(|(number, source)| {
        let later = &ledger[number][given.seen[number].min(ledger[number].len())..];
        let cut = source.cut_key().name;
        let cut = given.asked[place].values.iter().find(|(name, _)| *name == cut);
        match (source.arrival, cut) {
            (Some(Arrival::Static), _) => !later.is_empty(),
            (_, Some((_, Value::Timestamp(cut_us)))) => log::arrived(source, later, *cut_us) > 0,
            (_, _) => false,
        }
    })
}
