use super::*;
use crate::{LocalStore, expand_in, format_of, read_spine, would_list};
use featc_ir::Key;
use std::io::Write;

const EVENTS: &[(&str, Type)] = &[("id", Type::Int64), ("at", Type::Timestamp)];
const CSV: &str = "id,at\n1,1970-01-01T00:00:01Z\n2,1970-01-01T00:00:02Z\n3,oops\n4,1970-01-01T00:00:04Z\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    let mut writer = ::zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    writer.include_checksum(true).unwrap();
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn json() -> String {
    let row = |id: u32| format!("{{\"id\":{id},\"at\":\"1970-01-01T00:00:0{id}Z\"}}\n");
    [row(1), row(2), "{\"id\":3,\"at\":\"oops\"}\n".into(), row(4)].concat()
}

fn outcome(name: &str, format: FileFormat, content: &[u8]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), content).unwrap();
    read(&source(EVENTS), &file_set(format, &[name]), folder.path())
}

#[test]
fn packed_text_is_read_like_text() {
    type Pack = fn(&[u8]) -> Vec<u8>;
    for (end, pack) in [("gz", gzip as Pack), ("zst", zstd), ("GZ", gzip)] {
        for (text, format, start) in [(CSV.to_owned(), FileFormat::Csv, 2), (json(), FileFormat::Jsonl, 1)] {
            let name = format!("f.txt.{end}");
            // Members may end anywhere.
            let (first, second) = text.as_bytes().split_at(40);
            for packed in [pack(text.as_bytes()), [pack(first), pack(second), pack(b"")].concat()] {
                let found = outcome(&name, format, &packed);
                let row = |at: u64, id: u32| format!("{name}:{} {id}|{id}000000", start + at);
                assert_eq!(found.rows, [row(0, 1), row(1, 2), row(3, 4)]);
                assert_eq!((found.rejects.len(), found.error), (1, None));
                assert!(found.rejects[0].starts_with(&format!("{name}:{} bad_value", start + 2)));
            }
        }
        let empty = outcome(&format!("f.{end}"), FileFormat::Jsonl, &pack(b""));
        assert_eq!((empty.rows.len(), empty.error), (0, None));
    }
}

#[test]
fn damaged_packed_text_is_corrupt() {
    let long: String = CSV.to_owned() + &"5,1970-01-01T00:00:05Z\n".repeat(500);
    for (name, packed, word) in [
        ("f.csv.gz", gzip(long.as_bytes()), "gzip"),
        ("f.csv.zst", zstd(long.as_bytes()), "zstd"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let outcome = |content: &[u8]| {
            std::fs::write(folder.path().join(name), content).unwrap();
            read_with(
                &source(EVENTS),
                &file_set(FileFormat::Csv, &[name]),
                folder.path(),
                None,
                100,
            )
        };
        let why = |content: &[u8]| match outcome(content).error {
            Some(DecodeError::Corrupt { file, why }) => {
                assert_eq!(file, name);
                why
            }
            other => panic!("{other:?}"),
        };
        for cut in 0..packed.len() {
            assert_eq!(why(&packed[..cut]), format!("its {word} data ends too early"), "{cut}");
        }
        let whole = outcome(&packed);
        assert_eq!((whole.rows.len(), &whole.error), (503, &None));
        let broken = format!("its {word} data is broken: ");
        assert!(why(CSV.as_bytes()).starts_with(&broken));
        assert!(why(&[&packed[..], b"and more, which is no member"].concat()).starts_with(&broken));
        if word == "gzip" {
            // A file that begins with zeros, or goes on after them, is none.
            assert_eq!(outcome(&[&packed[..], &[0; 1_000]].concat()), whole);
            for behind in ["and more, which is no member", "\0\0more", "#", "\x1fno member at all"] {
                let why = why(&[&packed[..], behind.as_bytes()].concat());
                assert_eq!(
                    why,
                    format!("{broken}other bytes stand after its last member"),
                    "{behind:?}"
                );
            }
        }
        for at in 0..packed.len() {
            let mut changed = packed.clone();
            changed[at] ^= 0x55;
            // Some bytes say nothing of the content: when it was packed, for example.
            let outcome = outcome(&changed);
            assert!(outcome.error.is_some() || outcome == whole, "byte {at}");
        }
    }
}

#[test]
fn packed_text_comes_from_any_store_and_reading_may_fail() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f.csv.zst"), zstd(CSV.as_bytes())).unwrap();
    let read = |fails| {
        let options = PieceOptions {
            store: Arc::new(pieces::Small { granule: 3, fails }),
            bytes_per_piece: Some(1),
            ..PieceOptions::default()
        };
        let set = file_set(FileFormat::Csv, &["f.csv.zst"]);
        read_pieces(&source(EVENTS), &set, folder.path(), &options).0
    };
    assert_eq!((read(false).rows.len(), read(false).error), (3, None));
    let error = read(true).error.unwrap();
    assert_eq!(error.to_string(), "cannot read f.csv.zst: the line is dead");
}

#[test]
fn folders_have_packed_files_of_their_format() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "a.csv",
        "b.csv.gz",
        "c.csv.zst",
        "d.jsonl.gz",
        "e.gz",
        "f.parquet.gz",
        "g.ndjson.zst",
    ] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let names = |format| {
        let found = expand_in(&LocalStore, &file_set(format, &["."]), folder.path());
        found.map(|found| found.iter().map(|file| file.name.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(names(FileFormat::Csv).unwrap(), ["a.csv", "b.csv.gz", "c.csv.zst"]);
    assert_eq!(names(FileFormat::Jsonl).unwrap(), ["d.jsonl.gz", "g.ndjson.zst"]);
    assert_eq!(
        names(FileFormat::Parquet).unwrap_err().to_string(),
        "no files for \".\": the folder has no .parquet files, but .csv files"
    );
    let lists = |name: &str| {
        would_list(
            &file_set(FileFormat::Csv, &["."]),
            folder.path(),
            &folder.path().join(name),
        )
    };
    assert!(lists("new.csv.gz") && lists("new.csv") && !lists("new.gz") && !lists("new.jsonl.gz"));
    let formats = [
        "x.csv",
        "x.CSV.GZ",
        "x.jsonl.zst",
        "x.parquet.gz",
        "x.gz",
        "csv",
        "x.arrow",
    ];
    assert_eq!(
        formats.map(|name| format_of(Path::new(name)).ok()),
        [
            Some(FileFormat::Csv),
            Some(FileFormat::Csv),
            Some(FileFormat::Jsonl),
            None,
            None,
            None,
            Some(FileFormat::Arrow)
        ]
    );
}

#[test]
fn spines_may_be_packed() {
    let keys = [Key {
        name: "id".into(),
        ty: Type::Int64,
    }];
    let folder = tempfile::tempdir().unwrap();
    let spine = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        read_spine(&path, &keys, "at", None)
    };
    let text = CSV.replace("3,oops\n", "");
    for (name, content) in [
        ("s.csv.gz", gzip(text.as_bytes())),
        ("s.csv.zst", zstd(text.as_bytes())),
        (
            "s.zst",
            zstd(json().replace("{\"id\":3,\"at\":\"oops\"}\n", "").as_bytes()),
        ),
    ] {
        assert_eq!(spine(name, &content).unwrap().times, [1_000_000, 2_000_000, 4_000_000]);
        let error = spine(name, &content[..content.len() - 3]).unwrap_err();
        assert!(matches!(error, DecodeError::Corrupt { .. }), "{error}");
    }
}
