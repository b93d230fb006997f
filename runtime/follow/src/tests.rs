use crate::{Followed, Followers, Input, Unfollowable, follow_within};
use arrow::array::{
    ArrayRef, AsArray as _, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::Int64Type;
use featc_ir::{FileFormat, FileSet};
use featr::Program;
use featr_online::{Folder, Options, Problem, Runtime, SystemClock, pushed};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

mod crowded;
mod formats;
mod growing;

const SHOP: &str = r#"
module shop
entity card (card: string)
source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 40000d
}
view spend of card from payments {
  owner "payments"
  /// What was paid.
  feature total = sum(amount) over 20000d default 0.0
}
service risk { spend.* }
"#;

fn program() -> Program {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", SHOP);
    let compiled = featc_driver::compile(&sources, &[file]);
    let ir = compiled.value.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let plans = featc_driver::lower(&ir);
    Program::new(plans.batch, plans.stream, ".")
}

/// A state that is open, and the reader of a source.
struct Run {
    runtime: Runtime,
    followers: Followers,
    problems: std::cell::RefCell<Vec<Problem>>,
}

fn input(folder: &Path, pattern: &str) -> Followed {
    let path = folder.join(pattern).display().to_string();
    let (files, base) = program()
        .stream_files("payments", Some(&path))
        .expect("a source")
        .expect("files");
    Followed {
        source: "payments".to_owned(),
        input: Input::Files { files, base },
    }
}

impl Run {
    fn start(folder: &Path, pattern: &str) -> Run {
        Run::within(folder, pattern, 100)
    }

    /// One that keeps so many files open.
    fn within(folder: &Path, pattern: &str, open_max: usize) -> Run {
        let disk = Folder::take(&folder.join("state"))
            .expect("a folder")
            .expect("nobody has it");
        let opened = Runtime::open(program(), Arc::new(disk), Arc::new(SystemClock), Options::default());
        let (runtime, _) = opened.expect("a state");
        let followers = follow_within(&runtime, vec![input(folder, pattern)], open_max).expect("threads");
        Run {
            runtime,
            followers,
            problems: std::cell::RefCell::default(),
        }
    }

    fn accepted(&self) -> u64 {
        let all = self.runtime.counters().accepted.list();
        all.into_iter().map(|(_, count)| count).sum()
    }

    fn until_accepted(&self, rows: u64) {
        self.until(&format!("{rows} rows, and there are {}", self.accepted()), || {
            self.accepted() >= rows
        });
        assert_eq!(self.accepted(), rows);
    }

    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{what}: {:?}",
                self.problems()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The codes that were told, with what they are about and why.
    fn problems(&self) -> Vec<(&'static str, String, String)> {
        let mut all = self.problems.borrow_mut();
        all.extend(self.runtime.take_problems());
        all.iter()
            .map(|one| (one.code, one.from.clone(), one.why.clone()))
            .collect()
    }

    fn until_told(&self, code: &str) {
        self.until(code, || self.problems().iter().any(|(told, _, _)| *told == code));
    }

    fn end(self) {
        self.runtime.stop().expect("it ends");
        self.followers.join(Duration::from_secs(60));
    }
}

/// The ids of all rows in the state, in order, as often as they are there.
fn ids(folder: &Path) -> Vec<i64> {
    let disk = Folder::existing(&folder.join("state"))
        .expect("a folder")
        .expect("nobody has it");
    let mut found = Vec::new();
    let mut each = |_: &str, rows: &RecordBatch| {
        found.extend_from_slice(rows.column(0).as_primitive::<Int64Type>().values());
        Ok(())
    };
    pushed(&disk, &mut each).expect("a whole state");
    found.sort_unstable();
    found
}

fn all(ids: std::ops::Range<i64>) -> Vec<i64> {
    ids.collect()
}

fn line(id: i64) -> String {
    format!("{{\"id\": {id}, \"card\": \"a\", \"amount\": {id}.5, \"at\": \"2024-03-01T11:59:00Z\"}}\n")
}

fn lines(ids: std::ops::Range<i64>) -> String {
    ids.map(line).collect()
}

fn add(path: &Path, text: &str) {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.expect("a writable folder")
        .write_all(text.as_bytes())
        .expect("a writable file");
}

/// What lies aside, a line each.
fn aside(folder: &Path) -> Vec<serde_json::Value> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder.join("state/aside"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let text = std::fs::read_to_string(entry.path()).expect("readable");
        found.extend(text.lines().map(|line| serde_json::from_str(line).expect("JSON")));
    }
    found
}

/// Two names that are shown alike are not taken for one: neither file is read, and that is told.
#[cfg(unix)]
#[test]
fn names_that_are_not_utf_8_are_told() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    for (place, name) in [&b"k\xf6ln.jsonl"[..], b"k\xe4ln.jsonl", b"ulm.jsonl"]
        .into_iter()
        .enumerate()
    {
        let id = place as i64;
        add(&folder.join(std::ffi::OsStr::from_bytes(name)), &lines(id..id + 1));
    }
    let run = Run::start(folder, "*.jsonl");
    run.until_accepted(1);
    run.until_told("E0816");
    run.end();
    assert_eq!(ids(folder), [2]);
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let files = |format, path: &str| Followed {
        source: "payments".to_owned(),
        input: Input::Files {
            files: FileSet {
                format,
                paths: vec![path.to_owned()],
                version: None,
            },
            base: PathBuf::new(),
        },
    };
    let text = |source: &str| Followed {
        source: source.to_owned(),
        input: Input::StandardInput(FileFormat::Csv),
    };
    let said = |all: &[Followed]| {
        Unfollowable::check(all, Path::new("state"))
            .expect_err("refused")
            .to_string()
    };
    for (refused, word) in [
        (said(&[files(FileFormat::Delta, "table")]), "Delta"),
        (said(&[files(FileFormat::Csv, "s3://a/b.csv")]), "not on this machine"),
        (said(&[files(FileFormat::Csv, "a[")]), "not a glob"),
        (said(&[files(FileFormat::Jsonl, "**/*.jsonl")]), "folder of the state"),
        (said(&[files(FileFormat::Jsonl, "state/aside")]), "folder of the state"),
        (
            said(&[files(FileFormat::Parquet, "s*/*/*/*.parquet")]),
            "folder of the state",
        ),
        (said(&[files(FileFormat::Csv, "a"), text("payments")]), "twice"),
        (said(&[text("payments"), text("logins")]), "`payments` reads it"),
    ] {
        assert!(refused.contains(word), "{refused}");
    }
    assert_eq!(
        Unfollowable::check(
            &[files(FileFormat::Csv, "none.csv"), text("logins")],
            Path::new("state")
        ),
        Ok(())
    );
}
