//! `featc verify` over spines from elsewhere.

mod support;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use std::io::Write as _;
use std::sync::Arc;
use support::{ok, shop};

/// Files that pandas wrote have metadata in their schemas, and so have our own training sets.
#[test]
fn metadata_of_a_spine_are_no_difference() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop(folder.path(), 300);
    let program = folder.path().join("shop.feat");
    let mut program = std::fs::OpenOptions::new()
        .append(true)
        .open(program)
        .expect("writable");
    let more = "view recent of card from payments {
  owner \"payments\"
  /// Payments of a day.
  feature n = count() over 1d
}

service next { recent.n }
";
    program.write_all(more.as_bytes()).expect("writable");

    let columns = [
        ("card", Arc::new(StringArray::from(vec!["c1", "c2"])) as ArrayRef),
        (
            "timestamp",
            Arc::new(StringArray::from(vec!["2024-05-03T10:00:00Z", "2024-05-09T10:00:00Z"])) as ArrayRef,
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let at = arrow::compute::cast(
        batch.column(1),
        &arrow::datatypes::DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into())),
    );
    let columns = [("card", batch.column(0).clone()), ("timestamp", at.expect("instants"))];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let pandas = [("pandas".to_owned(), r#"{"index_columns": []}"#.to_owned())];
    let schema = Arc::new(batch.schema().as_ref().clone().with_metadata(pandas.into()));
    let batch = batch.with_schema(schema.clone()).expect("the same columns");
    for name in ["pandas.parquet", "pandas.arrow"] {
        featr::write_rows(&folder.path().join(name), schema.clone(), vec![batch.clone()]).expect("writable");
    }
    for set in ["set.parquet", "set.arrow"] {
        ok(
            folder.path(),
            &format!("train shop.feat --service risk --spine spine.csv --out {set}"),
        );
    }
    for spine in ["pandas.parquet", "pandas.arrow", "set.parquet", "set.arrow"] {
        let said = ok(
            folder.path(),
            &format!("verify shop.feat --service next --spine {spine} --max-missing 100%"),
        );
        assert!(said.contains(": 0 differ"), "{spine}: {said}");
    }
}
