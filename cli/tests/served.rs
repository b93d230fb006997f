//! Training sets of what was served, and served logs compared with what comes out again.

mod support;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use featr::{FINGERPRINTS_KEY, RowsWriter, WriteOptions};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use support::{files, names, ok, refused, shop};

const TRAIN: &str = "train shop.feat --service risk --max-missing 100%";
const VERIFY: &str = "verify shop.feat --service risk --sample 20";

/// A folder with [`shop`].
fn a_shop(events: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop(folder.path(), events);
    folder
}

/// A served log of the spine of [`shop`] without answers, in two files: each cut is what is said of the place of its row and
/// of its instant. Whole seconds.
fn log(folder: &Path, cut: impl Fn(usize, &str) -> String) {
    let spine = std::fs::read_to_string(folder.join("spine.csv")).expect("a spine");
    let rows: Vec<&str> = spine.lines().skip(1).collect();
    std::fs::create_dir_all(folder.join("asked")).expect("a folder");
    for (number, rows) in rows.chunks(rows.len().div_ceil(2)).enumerate() {
        let mut text = String::from("service,program,request_id,card,timestamp,cut_payments\n");
        for (row, line) in rows.iter().enumerate() {
            let mut cells = line.split(',');
            let (card, at) = (cells.next().expect("a card"), cells.next().expect("an instant"));
            let _ = writeln!(text, "risk,p1,r-{number}-{row},{card},{at},{}", cut(row, at));
        }
        std::fs::write(folder.join(format!("asked/{number}.csv")), text).expect("writable");
    }
}

/// Makes `served/*.parquet`: the log with its answers, as a server writes it.
fn serve(folder: &Path) {
    std::fs::create_dir_all(folder.join("served")).expect("a folder");
    for number in 0..2 {
        let files = format!("--served-log asked/{number}.csv --out served/{number}.parquet --status");
        ok(folder, &format!("{TRAIN} {files}"));
    }
}

/// The columns of a CSV file with these names.
fn columns(folder: &Path, file: &str, wanted: &[&str]) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder.join(file)).expect("a file");
    let mut lines = text
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let places: Vec<usize> = wanted
        .iter()
        .map(|name| header.iter().position(|known| known == name).expect("the column"))
        .collect();
    lines
        .map(|line| places.iter().map(|place| line[*place].clone()).collect())
        .collect()
}

const FEATURES: [&str; 4] = ["habits__last", "spend__total_1h", "spend__total_7d", "spend__peak"];

#[test]
fn cuts_at_the_instants_are_truth_as_of_arrival() {
    let folder = a_shop(400);
    let folder = folder.path();
    log(folder, |_, at| at.to_owned());
    ok(folder, &format!("{TRAIN} --spine spine.csv --out arrived.csv"));
    let said = ok(
        folder,
        &format!("{TRAIN} --served-log asked/0.csv asked/1.csv --out served.csv"),
    );
    assert!(said.contains("truth as-served"), "{said}");
    assert_eq!(
        columns(folder, "served.csv", &FEATURES),
        columns(folder, "arrived.csv", &FEATURES)
    );
    // What was asked comes through, what was answered does not.
    ok(
        folder,
        &format!("{TRAIN} --served-log served.csv --out again.csv --status"),
    );
    let header = std::fs::read_to_string(folder.join("again.csv")).expect("a file");
    let header = header.lines().next().expect("a header");
    let asked = "service,program,request_id,card,timestamp,cut_payments,habits__last,habits__last__status,";
    assert!(header.starts_with(asked), "{header}");
    assert_eq!(
        columns(folder, "again.csv", &FEATURES),
        columns(folder, "arrived.csv", &FEATURES)
    );
    // A cut before all arrivals shows nothing of the payments, and one after all of them what complete shows.
    log(folder, |_, _| "2024-04-30T00:00:00Z".to_owned());
    ok(
        folder,
        &format!("{TRAIN} --served-log asked/0.csv asked/1.csv --out served.csv"),
    );
    let early = columns(folder, "served.csv", &FEATURES);
    assert!(
        early.iter().all(|row| row[0].is_empty() && row[3].is_empty()),
        "{early:?}"
    );
    assert_ne!(columns(folder, "arrived.csv", &FEATURES), early);
    log(folder, |_, _| "2024-06-30T00:00:00Z".to_owned());
    ok(
        folder,
        &format!("{TRAIN} --served-log asked/0.csv asked/1.csv --out served.csv"),
    );
    ok(
        folder,
        &format!("{TRAIN} --spine spine.csv --out complete.csv --truth complete"),
    );
    let complete = columns(folder, "complete.csv", &FEATURES);
    assert_eq!(columns(folder, "served.csv", &FEATURES), complete);
    assert_ne!(columns(folder, "arrived.csv", &FEATURES), complete);
}

#[test]
fn a_log_is_what_comes_out_again_until_a_row_comes_late() {
    let folder = a_shop(400);
    let folder = folder.path();
    log(folder, |row, at| match row % 4 {
        0 => String::new(),
        1 => "2024-05-10T12:00:00Z".to_owned(),
        _ => at.to_owned(),
    });
    serve(folder);
    let said = ok(folder, &format!("{VERIFY} --served-log served --report report.json"));
    assert!(
        said.contains("80 answers x 4 features of the served log, truth as-served"),
        "{said}"
    );
    assert!(
        said.contains("320 values and statuses compared, 20 rows with the model"),
        "{said}"
    );
    assert!(
        said.contains(" 0 differ") && said.contains("80 answers of another program"),
        "{said}"
    );
    // A row that comes later with an arrival above all cuts changes nothing; one below them does.
    let payments = std::fs::read_to_string(folder.join("payments.csv")).expect("a file");
    let spine = std::fs::read_to_string(folder.join("spine.csv")).expect("a file");
    let (card, at) = spine
        .lines()
        .nth(3)
        .and_then(|line| line.split_once(','))
        .expect("the third question");
    let at = at.split(',').next().expect("an instant");
    let with = |arrival: &str| format!("{payments}9000,{card},1e6,{at},{arrival}\n");
    std::fs::write(folder.join("payments.csv"), with("2024-06-30T00:00:00Z")).expect("writable");
    ok(folder, &format!("{VERIFY} --served-log served --max-rejected 100%"));
    std::fs::write(folder.join("payments.csv"), with(at)).expect("writable");
    let before = names(folder);
    let command = format!("{VERIFY} --served-log served/0.parquet served/1.parquet --report report.json");
    let said = refused(folder, &command, "E0719");
    assert_eq!(names(folder), before);
    let told = format!(
        "served/0.parquet, row 3, request r-0-2: habits__last\n  t = {at}, card = {card}, cut_payments = {at}\n"
    );
    assert!(said.contains(&told), "{told}\n{said}");
    assert!(
        said.contains("computed again 1000000") && said.contains("= note: habits__last: "),
        "{said}"
    );
    let report = std::fs::read_to_string(folder.join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let differ = report["differ"].as_u64().expect("a number");
    let by_feature = report["by_feature"].as_object().expect("by feature");
    assert_eq!(
        by_feature
            .values()
            .map(|count| count.as_u64().expect("a number"))
            .sum::<u64>(),
        differ
    );
    assert_eq!(
        report["differences"].as_array().expect("differences").len() as u64,
        differ
    );
    let mut differences = report["differences"].as_array().expect("differences").iter();
    assert!(differences.any(|answer| answer["request_id"] == "r-0-2" && answer["feature"] == "spend__total_1h"));
}

#[test]
fn a_feature_that_computes_something_else_is_left_out() {
    let folder = a_shop(200);
    let folder = folder.path();
    log(folder, |_, at| at.to_owned());
    serve(folder);
    // As a server writes it: with the fingerprints of its features.
    let record = featr::Provenance::find(&folder.join("served/0.parquet"))
        .expect("readable")
        .expect("a record");
    let fingerprints = serde_json::to_string(&record.features).expect("JSON");
    let served = featr::read_rows(&folder.join("served/0.parquet"), &[], "timestamp").expect("rows");
    let options = WriteOptions {
        metadata: vec![(FINGERPRINTS_KEY.to_owned(), fingerprints)],
        ..WriteOptions::default()
    };
    let mut writer =
        RowsWriter::create_with(&folder.join("log.parquet"), served.schema.clone(), &options).expect("a writer");
    for batch in &served.batches {
        writer.write(batch).expect("writable");
    }
    writer.finish().expect("written");
    let text = std::fs::read_to_string(folder.join("shop.feat")).expect("a program");
    let edited = text.replace("peak = max(amount)", "peak = min(amount)");
    std::fs::write(folder.join("shop.feat"), edited).expect("writable");
    let said = ok(folder, &format!("{VERIFY} --served-log log.parquet"));
    assert!(
        said.contains("without spend__peak in 1 file: it computes something else now"),
        "{said}"
    );
    refused(folder, &format!("{VERIFY} --served-log served/0.parquet"), "E0719");
}

/// Writes a file of a log anew as other tools do: long texts, dictionaries, nanoseconds, columns in another order.
fn write_anew(path: &Path) {
    let read = featr::read_rows(path, &[], "timestamp").expect("rows");
    let anew = |field: &Field| match field.data_type() {
        DataType::Utf8 if field.name().ends_with("__status") => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        }
        DataType::Utf8 => DataType::LargeUtf8,
        DataType::Timestamp(..) => DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into())),
        other => other.clone(),
    };
    let fields = read.schema.fields().iter().rev();
    let fields: Vec<Field> = fields
        .map(|field| Field::new(field.name(), anew(field), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let mut writer = RowsWriter::create_with(path, schema.clone(), &WriteOptions::default()).expect("a writer");
    for batch in &read.batches {
        let columns = batch.columns().iter().rev().zip(schema.fields());
        let columns = columns.map(|(column, field)| cast(column, field.data_type()).expect("casts"));
        let batch = RecordBatch::try_new(schema.clone(), columns.collect()).expect("a batch");
        writer.write(&batch).expect("writable");
    }
    writer.finish().expect("written");
}

#[test]
fn a_log_that_another_tool_wrote_anew_is_the_same_log() {
    let folder = a_shop(200);
    let folder = folder.path();
    log(folder, |_, at| at.to_owned());
    serve(folder);
    let train = format!("{TRAIN} --served-log served --out");
    ok(folder, &format!("{train} before.csv"));
    let verified = ok(folder, &format!("{VERIFY} --served-log served"));
    // Beside a file that the server wrote.
    write_anew(&folder.join("served/1.parquet"));
    ok(folder, &format!("{train} after.csv"));
    assert_eq!(files(folder).remove("after.csv"), files(folder).remove("before.csv"));
    assert_eq!(ok(folder, &format!("{VERIFY} --served-log served")), verified);
    assert!(verified.contains(": 0 differ"), "{verified}");
}

#[test]
fn identities_that_were_not_asked_for_are_null() {
    let folder = a_shop(200);
    let folder = folder.path();
    log(folder, |_, at| at.to_owned());
    serve(folder);
    let text = std::fs::read_to_string(folder.join("shop.feat")).expect("a program");
    let edited = text.replace("max(amount) over 7d", "max(amount) over 7d excluding self");
    assert_ne!(edited, text);
    std::fs::write(folder.join("shop.feat"), edited).expect("writable");
    let said = ok(folder, &format!("{VERIFY} --served-log served"));
    let told = "40 of 40 answers of the served log do not say `id`";
    assert!(said.contains(told) && said.contains(": 0 differ"), "{said}");
    ok(folder, &format!("{TRAIN} --served-log served --out set.csv"));
    assert_eq!(columns(folder, "set.csv", &["id"]), vec![vec![String::new()]; 40]);
}

#[test]
fn a_set_as_served_is_made_again_from_its_record() {
    let folder = a_shop(200);
    let folder = folder.path();
    log(folder, |_, at| at.to_owned());
    serve(folder);
    ok(folder, &format!("{TRAIN} --served-log served --out set.parquet"));
    let set = files(folder).remove("set.parquet");
    // A file counts once, whatever it is called.
    ok(
        folder,
        &format!("{TRAIN} --served-log served ./served/0.parquet --out once.parquet"),
    );
    assert_eq!(files(folder).remove("once.parquet"), set);
    ok(folder, "train --from-provenance set.parquet --out again.parquet");
    assert_eq!(files(folder).remove("again.parquet"), set);
    let record = featr::Provenance::find(&folder.join("set.parquet"))
        .expect("readable")
        .expect("a record");
    assert_eq!(record.truth, featr::provenance::TruthRecord::AsServed);
    assert_eq!(record.spine.further.len(), 1);
    // An output in place of an input is refused, and so is a log that changed.
    refused(
        folder,
        &format!("{TRAIN} --served-log served --out served/1.parquet"),
        "E0903",
    );
    std::fs::copy(folder.join("served/0.parquet"), folder.join("served/1.parquet")).expect("copied");
    refused(
        folder,
        "train --from-provenance set.parquet --out third.parquet",
        "E0911",
    );
}

#[test]
fn a_source_may_have_two_underscores_in_its_name() {
    let folder = a_shop(200);
    let folder = folder.path();
    log(folder, |_, at| at.to_owned());
    let edit = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(folder.join(file)).expect("a file");
        std::fs::write(folder.join(file), text.replace(from, to)).expect("writable");
    };
    edit("shop.feat", "source payments", "source pay__ments");
    edit("shop.feat", "from payments", "from pay__ments");
    edit("asked/0.csv", "cut_payments", "cut_pay__ments");
    ok(
        folder,
        &format!("{TRAIN} --served-log asked/0.csv --out set.csv --status"),
    );
    let header = std::fs::read_to_string(folder.join("set.csv")).expect("a file");
    assert!(
        header.starts_with("service,program,request_id,card,timestamp,cut_pay__ments,"),
        "{header}"
    );
    // What was answered is no cut, whatever it is called; what stands alone is one, of a source that is not there.
    edit("set.csv", "habits__last", "cut_lo__gins");
    ok(folder, &format!("{TRAIN} --served-log set.csv --out again.csv"));
    edit("asked/0.csv", "request_id", "cut_lo__gins");
    let refuse = format!("{TRAIN} --served-log asked/0.csv --out again.csv");
    let said = refused(folder, &refuse, "E0718");
    assert!(said.contains("source `lo__gins`"), "{said}");
}
