use super::*;
use arrow::array::{Int64Array, RecordBatch};
use featr_decode::{Claim, WriteOptions};
use std::path::PathBuf;
use std::sync::Arc;

fn file(path: &str, bytes: u64, hash: Option<&str>, modified_ns: Option<i64>) -> FileRecord {
    FileRecord {
        path: path.to_owned(),
        bytes,
        xxh3_128: hash.map(str::to_owned),
        footer_xxh3_128: None,
        modified_ns,
        version: None,
    }
}

fn record() -> Provenance {
    let program = ProgramRecord {
        path: "shop.feat".to_owned(),
        module: "shop".to_owned(),
        hash: "00".to_owned(),
    };
    let spine = SpineRecord {
        file: file("spine.csv", 3, None, Some(1)),
        further: vec![],
        at_column: "timestamp".to_owned(),
        zone: None,
    };
    Provenance::begin(program, "risk", Truth::AsOfArrival { delay_us: Some(5) }, spine)
}

fn rows(values: Vec<i64>) -> RecordBatch {
    RecordBatch::try_from_iter([("x", Arc::new(Int64Array::from(values)) as _)]).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_record_reads_back_and_other_texts_do_not() {
    let record = record();
    assert_eq!(Provenance::from_json(&record.to_json()), Ok(record.clone()));
    for text in [
        "",
        "{}",
        "{\"kind\":\"featc.manifest\",\"version\":1}",
        "{\"kind\":\"featc.provenance\",\"version\":2}",
    ] {
        assert!(Provenance::from_json(text).is_err(), "{text}");
    }
    let mut other = record.clone();
    assert_eq!(record.first_difference(&other), None);
    other.spine.file.bytes = 4;
    let (what, was, is) = record.first_difference(&other).unwrap();
    assert_eq!(
        (what.as_str(), was.as_str(), is.as_str()),
        ("spine.file.bytes", "3", "4")
    );
    other.truth = TruthRecord::Complete;
    assert_eq!(Truth::from(other.truth), Truth::Complete);
    assert_eq!(Truth::from(record.truth), Truth::AsOfArrival { delay_us: Some(5) });
}

#[test]
fn every_change_of_a_file_is_seen_once() {
    let were = [
        file("a", 1, Some("x"), None),
        file("b", 2, None, Some(7)),
        file("c", 3, None, Some(7)),
    ];
    let said = |are: &[FileRecord]| -> Vec<String> {
        let found = changes(&were, are);
        found
            .iter()
            .map(|change| format!("{} {}", change.file, change.how.chars().take(10).collect::<String>()))
            .collect()
    };
    assert!(said(&were).is_empty());
    let are = [
        file("a", 1, Some("y"), None),
        file("b", 9, None, Some(8)),
        file("d", 3, None, None),
    ];
    assert_eq!(said(&are).len(), 4, "{:?}", changes(&were, &are));
    assert_eq!(
        said(&[were[0].clone(), were[2].clone(), were[1].clone()]),
        ["a is read in"]
    );
    assert_eq!(
        said(&[were[0].clone(), were[1].clone(), file("c", 3, None, Some(8))]),
        ["c has the sa"]
    );
}

#[test]
fn names_are_seen_from_a_folder() {
    let seen = |path: &str, base: &str| relative(Path::new(path), Path::new(base)).display().to_string();
    assert_eq!(seen("/a/b/c.csv", "/a/b"), "c.csv");
    assert_eq!(seen("/a/d/c.csv", "/a/b"), "../d/c.csv");
    assert_eq!(seen("/a/./x/../b/c.csv", "/a/b/"), "c.csv");
    assert_eq!(seen("/a", "/a"), ".");
    assert_eq!(seen("c.csv", "."), "c.csv");
    assert_eq!(seen("c.csv", "programs"), "../c.csv");
}

#[test]
fn a_footer_is_hashed_and_other_tails_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        file_record(&path, name.to_owned(), false).unwrap()
    };
    let one = at("one", b"PAR1datafoot\x04\0\0\0PAR1");
    let two = at("two", b"PAR1DATAfoot\x04\0\0\0PAR1");
    let three = at("three", b"PAR1datafOOt\x04\0\0\0PAR1");
    assert!(one.footer_xxh3_128.is_some());
    assert_eq!(one.footer_xxh3_128, two.footer_xxh3_128, "the footer alone");
    assert_ne!(one.footer_xxh3_128, three.footer_xxh3_128);
    for bytes in [&b""[..], b"PAR1", b"\xff\xff\xff\xffPAR1", b"a,b\n1,2\n"] {
        assert_eq!(at("other", bytes).footer_xxh3_128, None, "{bytes:?}");
    }
    let whole = file_record(&folder.path().join("one"), "one".to_owned(), true).unwrap();
    assert_eq!((whole.modified_ns, whole.footer_xxh3_128), (None, None));
    assert!(whole.xxh3_128.is_some());
}

#[test]
fn a_set_and_its_record_take_their_places_together() {
    let folder = tempfile::tempdir().unwrap();
    for extension in ["parquet", "arrow", "csv", "jsonl"] {
        let out = folder.path().join(format!("set.{extension}"));
        let record = record();
        let batch = rows(vec![1, 2]);
        let staged = stage_set(
            Claim::take(&out).unwrap(),
            batch.schema(),
            [Ok(batch.clone())],
            Some(&record),
            &WriteOptions::default(),
        )
        .unwrap();
        assert!(!out.exists() && staged.path().exists());
        assert_eq!(staged.rows(), 2);
        staged.put().unwrap();
        assert_eq!(Provenance::find(&out), Ok(Ok(record.clone())), "{extension}");
        assert_eq!(Provenance::find(&sidecar(&out)), Ok(Ok(record)), "{extension}");
        drop(
            stage_set(
                Claim::take(&out).unwrap(),
                batch.schema(),
                [Ok(batch.clone())],
                None,
                &WriteOptions::default(),
            )
            .unwrap(),
        );
        assert!(sidecar(&out).exists(), "{extension}: staged and dropped");
        let claim = Claim::take(&out).unwrap();
        stage_set(claim, batch.schema(), [Ok(batch)], None, &WriteOptions::default())
            .unwrap()
            .put()
            .unwrap();
        assert!(!sidecar(&out).exists(), "{extension}: a set without a record");
        assert!(Provenance::find(&out).unwrap().is_err());
        std::fs::remove_file(out).unwrap();
    }
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
}

#[test]
fn a_set_made_of_a_set_has_its_own_record() {
    let folder = tempfile::tempdir().unwrap();
    for extension in ["parquet", "arrow"] {
        let out = folder.path().join(format!("set.{extension}"));
        let old = rows(vec![1]);
        let schema = old.schema().as_ref().clone();
        let schema = Arc::new(schema.with_metadata([(PROVENANCE_KEY.to_owned(), "of the spine".to_owned())].into()));
        let batch = old.with_schema(schema.clone()).unwrap();
        let claim = Claim::take(&out).unwrap();
        stage_set(claim, schema, [Ok(batch)], Some(&record()), &WriteOptions::default())
            .unwrap()
            .put()
            .unwrap();
        assert_eq!(Provenance::find(&out), Ok(Ok(record())), "{extension}");
    }
}

/// Two writers of one target, step by step: between any two steps of the first the second is refused, and at the end
/// a set stands beside its own record.
#[test]
fn a_set_never_stands_beside_the_record_of_another_writer() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set.csv");
    let stage = |status: bool, values: Vec<i64>| {
        let mut record = record();
        record.output.status = status;
        let batch = rows(values);
        let claim = Claim::take(&out)?;
        stage_set(
            claim,
            batch.schema(),
            [Ok(batch)],
            Some(&record),
            &WriteOptions::default(),
        )
    };
    let pair = || {
        let set = std::fs::read_to_string(&out).unwrap();
        (set, Provenance::find(&out).unwrap().unwrap().output.status)
    };
    let busy = |error: DecodeError| matches!(error, DecodeError::Busy { .. });
    let first = stage(true, vec![1]).unwrap();
    assert!(stage(false, vec![2]).is_err_and(busy), "while the first is on its way");
    first.put().unwrap();
    assert_eq!(pair(), ("x\n1\n".to_owned(), true));
    stage(false, vec![2]).unwrap().put().unwrap();
    assert_eq!(pair(), ("x\n2\n".to_owned(), false));
    // Many at once: whoever comes last leaves both.
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let stage = &stage;
            scope.spawn(move || {
                for round in 0..20 {
                    if let Ok(staged) = stage(writer % 2 == 0, vec![writer % 2]) {
                        staged.put().unwrap_or_else(|error| panic!("round {round}: {error}"));
                    }
                }
            });
        }
    });
    let (set, status) = pair();
    assert_eq!(set, if status { "x\n0\n" } else { "x\n1\n" });
    assert_eq!(names(folder.path()), ["set.csv", "set.csv.provenance.json"]);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_come_back_byte_for_byte() {
    use std::os::unix::ffi::OsStringExt as _;
    let path = |bytes: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()));
    let mut names = std::collections::BTreeSet::new();
    for bytes in [
        &b"s\xff.csv"[..],
        b"s\xef\xbf\xbd.csv",
        b"\xff\xfe",
        b"a\xc3",
        b"\xc3\xa9.csv",
        b"ff",
        b"",
    ] {
        let name = name_of(&path(bytes));
        assert_eq!(path_of(&name), path(bytes), "{name:?}");
        assert!(names.insert(name.clone()), "{name:?} twice");
        let text = std::str::from_utf8(bytes).ok();
        assert!(text.is_none_or(|text| text == name), "texts stay as they are");
    }
}

#[test]
fn copies_that_differ_in_undeclared_columns_are_in_the_record() {
    let begun = record();
    let files = SourceFiles {
        source: "txn".to_owned(),
        format: "csv".to_owned(),
        paths: vec!["txn.csv".to_owned()],
        given: false,
        table: None,
        files: vec![],
    };
    for (count, shown) in [(0, false), (3, true)] {
        let report = RunReport {
            sources: vec![crate::SourceReport {
                source: "txn".to_owned(),
                differing_copies: count,
                ..crate::SourceReport::default()
            }],
            ..RunReport::default()
        };
        let counted = begun.clone().counted(vec![files.clone()], &report);
        assert_eq!(counted.sources[0].differing_copies, count);
        assert_eq!(counted.to_json().contains("\"differing_copies\": 3"), shown);
        assert_eq!(counted.to_json().contains("differing_copies"), shown);
        assert_eq!(Provenance::from_json(&counted.to_json()), Ok(counted));
    }
}
