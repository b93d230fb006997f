//! What commands write: to the file that was named, whole, by one run at a time; and what they say on a terminal.

mod support;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};
use support::{command, featc, files, names, ok, refused, refused_with, said, shop};

const TRAIN: &str = "train shop.feat --service risk --spine spine.csv --status";
const RAW: &str = "module shop\nentity   card (card: string)\n";
const FORMATTED: &str = "module shop\n\nentity card (card: string)\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop(folder.path(), 200);
    folder
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn run(folder: &Path, words: &[&OsStr]) -> Output {
    command(folder, "").args(words).output().expect("the binary runs")
}

fn bytes(name: &[u8]) -> &OsStr {
    OsStr::from_bytes(name)
}

#[test]
fn tabs_give_what_commas_give() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| String::from_utf8(read(&at(name))).expect("text");
    for name in ["payments", "spine"] {
        let tabs = text(&format!("{name}.csv")).replace(',', "\t");
        std::fs::write(at(&format!("{name}.tsv")), tabs).expect("writable");
    }
    ok(folder.path(), &format!("{TRAIN} --out commas.csv"));
    let program = text("shop.feat").replace("csv", "tsv");
    assert!(program.contains("batch tsv"), "{program}");
    std::fs::write(at("shop.feat"), program).expect("writable");
    std::fs::remove_file(at("payments.csv")).expect("there");
    ok(
        folder.path(),
        &format!("{TRAIN} --out tabs.tsv").replace("spine.csv", "spine.tsv"),
    );
    assert_eq!(text("tabs.tsv"), text("commas.csv").replace(',', "\t"));
}

#[test]
fn fmt_rewrites_the_file_that_was_named_and_no_other() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &[u8]| folder.path().join(bytes(name));
    let precious = "module precious\n// mine\n";
    std::fs::write(at(b"\xff.feat"), RAW).expect("writable");
    std::fs::write(at("\u{fffd}.feat".as_bytes()), precious).expect("writable");
    let output = run(folder.path(), &["fmt".as_ref(), bytes(b"\xff.feat")]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(read(&at(b"\xff.feat")), FORMATTED.as_bytes());
    assert_eq!(read(&at("\u{fffd}.feat".as_bytes())), precious.as_bytes());
    // The same below a folder.
    std::fs::create_dir(at(b"p\xfe")).expect("writable");
    std::fs::write(at(b"p\xfe/\xff.feat"), RAW).expect("writable");
    let output = run(folder.path(), &["fmt".as_ref(), bytes(b"p\xfe")]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(read(&at(b"p\xfe/\xff.feat")), FORMATTED.as_bytes());
}

#[test]
fn fmt_keeps_links_and_permissions_and_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("real")).expect("writable");
    std::fs::write(at("real/shop.feat"), RAW).expect("writable");
    std::fs::set_permissions(at("real/shop.feat"), std::fs::Permissions::from_mode(0o640)).expect("ours");
    symlink("real/shop.feat", at("link.feat")).expect("writable");
    // What a run left that was killed.
    std::fs::write(at("real/.featc-dead00.aside"), "half").expect("writable");
    ok(folder.path(), "fmt link.feat");
    assert!(at("link.feat").is_symlink());
    assert_eq!(read(&at("real/shop.feat")), FORMATTED.as_bytes());
    let mode = std::fs::metadata(at("real/shop.feat"))
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(names(&at("real")), ["shop.feat"]);
    // Of a file with two names the other would keep the old content.
    std::fs::write(at("one.feat"), RAW).expect("writable");
    std::fs::hard_link(at("one.feat"), at("two.feat")).expect("writable");
    let told = refused(folder.path(), "fmt one.feat", "E0903");
    assert!(told.contains("it has 2 names (hard links)"), "{told}");
    assert_eq!(read(&at("one.feat")), RAW.as_bytes());
}

#[test]
fn names_are_bytes_in_records() {
    let folder = folder();
    let at = |name: &[u8]| folder.path().join(bytes(name));
    std::fs::rename(at(b"spine.csv"), at(b"s\xff.csv")).expect("there");
    std::fs::rename(at(b"shop.feat"), at(b"p\xfe.feat")).expect("there");
    // Others that a lossy name would lead to.
    std::fs::write(at("s\u{fffd}.csv".as_bytes()), "card,timestamp\n").expect("writable");
    let words = ["train", "", "--service", "risk", "--spine", "", "--out", ""];
    let mut words: Vec<&OsStr> = words.into_iter().map(OsStr::new).collect();
    (words[1], words[5], words[7]) = (bytes(b"p\xfe.feat"), bytes(b"s\xff.csv"), bytes(b"o\xfd.csv"));
    let output = run(folder.path(), &words);
    assert!(output.status.success(), "{}", said(&output));
    let set = read(&at(b"o\xfd.csv"));
    assert!(set.len() > 1_000);
    let record = String::from_utf8(read(&at(b"o\xfd.csv.provenance.json"))).expect("UTF-8");
    assert!(
        record.contains("s\\u0000ff.csv") && record.contains("p\\u0000fe.feat"),
        "{record}"
    );
    let again: [&OsStr; 5] = [
        "train".as_ref(),
        "--from-provenance".as_ref(),
        bytes(b"o\xfd.csv.provenance.json"),
        "--out".as_ref(),
        "again.csv".as_ref(),
    ];
    let output = run(folder.path(), &again);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(read(&at(b"again.csv")), set);
    // A log of a table holds names as text.
    words.extend(["--out-format".as_ref(), OsStr::new("delta")]);
    words[7] = bytes(b"t\xff");
    let before = names(folder.path());
    refused_with(run(folder.path(), &words), "a table that is no text", "E0905");
    assert_eq!(names(folder.path()), before);
}

#[test]
fn a_record_is_used_under_any_name() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    ok(folder.path(), &format!("{TRAIN} --out set.csv"));
    std::fs::rename(at("set.csv.provenance.json"), at("record.json")).expect("there");
    ok(folder.path(), "train --from-provenance record.json --out again.csv");
    assert_eq!(read(&at("again.csv")), read(&at("set.csv")));
    let told = refused(folder.path(), "train --from-provenance record.json", "E0905");
    assert!(told.contains("pass `--out`"), "{told}");
}

#[test]
fn a_pipe_named_like_a_file_of_ours_blocks_nobody() {
    let folder = folder();
    let made = Command::new("mkfifo")
        .arg(folder.path().join(".featc-x.aside"))
        .status();
    assert!(made.expect("mkfifo runs").success());
    let mut child = command(folder.path(), &format!("{TRAIN} --out set.csv"))
        .spawn()
        .expect("the binary runs");
    let mut waited = 0;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        waited += 1;
        if waited > 600 {
            child.kill().expect("a child");
            panic!("it waits for the other end of the pipe");
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert!(status.success());
}

#[test]
fn a_limit_on_the_size_of_files_is_told() {
    let folder = folder();
    let before = names(folder.path());
    let script = format!(
        "ulimit -f 2; exec {} {TRAIN} --out set.csv",
        env!("CARGO_BIN_EXE_featc")
    );
    let mut command = Command::new("bash");
    command
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("NO_COLOR", "1");
    let told = refused_with(command.output().expect("bash runs"), "a limit", "E0903");
    assert!(
        told.contains("the limit on the size of files is reached") && told.contains("ulimit -f"),
        "{told}"
    );
    assert_eq!(names(folder.path()), before);
}

#[test]
fn nothing_of_a_file_is_obeyed_by_a_terminal() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let bad = "\u{1b}]0;owned\u{7}\u{9b}2J";
    let is_clean = |output: &Output| {
        let said = said(output);
        assert!(said.contains("\\u{1b}]0;owned\\u{7}\\u{9b}2J"), "{said:?}");
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{said:?}");
    };
    // Names of columns.
    std::fs::write(at("bad.csv"), format!("card{bad},timestamp\n")).expect("writable");
    is_clean(&featc(
        folder.path(),
        "train shop.feat --service risk --spine bad.csv --out o.csv",
    ));
    // Lines, names and services of a program.
    std::fs::write(at(&format!("x{bad}.feat")), "module x\n").expect("writable");
    is_clean(&run(
        folder.path(),
        &["check".as_ref(), format!("x{bad}.feat\u{1}").as_ref()],
    ));
    let as_json = |output: &Output| {
        let said = said(output);
        assert!(said.contains("\\u009b2J"), "{said:?}");
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{said:?}");
    };
    as_json(&run(
        folder.path(),
        &[
            "check".as_ref(),
            "--json".as_ref(),
            format!("x{bad}.feat\u{1}").as_ref(),
        ],
    ));
    std::fs::write(at("line.feat"), format!("module x\nentity e (\"{bad}\": string)\n")).expect("writable");
    let output = featc(folder.path(), "check line.feat");
    assert!(
        !said(&output).contains(|c: char| c.is_control() && c != '\n'),
        "{:?}",
        said(&output)
    );
    let train = [
        "train",
        "shop.feat",
        "--spine",
        "spine.csv",
        "--out",
        "o.csv",
        "--service",
    ];
    let mut words: Vec<&OsStr> = train.into_iter().map(OsStr::new).collect();
    words.push(bad.as_ref());
    is_clean(&run(folder.path(), &words));
    // Values of `get`, on one line each.
    let program = "module g\nentity card (card: string)\nsource s {\n  columns (id: int64, card: string, at: timestamp, note: string)
  unique id\n  time at\n  batch csv \"g.csv\"\n}\nview v of card from s {\n  owner \"o\"\n  /// The last note.
  feature note = last(note) over 1d\n}\nservice t { v.note }\n";
    std::fs::write(at("g.feat"), program).expect("writable");
    let rows = format!("id,card,at,note\n1,a,2024-05-01T10:00:00Z,\"{bad}\nsecond\"\n");
    std::fs::write(at("g.csv"), rows).expect("writable");
    let get = "get g.feat --service t --key card=a --at 2024-05-01T10:30:00Z";
    let output = featc(folder.path(), &format!("{get} --truth complete"));
    assert!(output.status.success(), "{}", said(&output));
    is_clean(&output);
    as_json(&featc(folder.path(), &format!("{get} --truth complete --json")));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        lines
            .lines()
            .any(|line| line.starts_with("v__note") && line.contains("\\nsecond")),
        "{lines}"
    );
}

#[test]
fn two_runs_into_one_place_leave_a_set_with_its_record() {
    let folder = folder();
    // While another has the place, nothing is written there.
    let claim = featr::Claim::take(&folder.path().join("set.csv")).expect("nobody has it");
    for command in ["train", "replay"] {
        let run = format!("{command} shop.feat --service risk --spine spine.csv --out set.csv");
        refused(folder.path(), &run, "E0940");
    }
    assert!(!folder.path().join("set.csv").exists());
    drop(claim);
    for round in 0..3 {
        let runs = ["", "", "", ""].iter().enumerate().map(|(writer, _)| {
            let status = if writer % 2 == 0 { " --status" } else { "" };
            let train = format!("train shop.feat --service risk --spine spine.csv --out set.csv{status}");
            let mut command = command(folder.path(), &train);
            command
                .stderr(std::process::Stdio::piped())
                .stdout(std::process::Stdio::null());
            command.spawn().expect("the binary runs")
        });
        let runs: Vec<_> = runs.collect();
        let mut done = 0;
        for run in runs {
            let output = run.wait_with_output().expect("a child");
            match output.status.code() {
                Some(0) => done += 1,
                _ => assert!(said(&output).contains("error[E0940]"), "{}", said(&output)),
            }
        }
        assert!(done > 0, "round {round}");
        let record: serde_json::Value =
            serde_json::from_slice(&read(&folder.path().join("set.csv.provenance.json"))).expect("JSON");
        let columns = record["output"]["columns"].as_array().expect("columns");
        let columns: Vec<&str> = columns.iter().filter_map(|column| column.as_str()).collect();
        let set = String::from_utf8(read(&folder.path().join("set.csv"))).expect("UTF-8");
        assert_eq!(set.lines().next(), Some(columns.join(",").as_str()), "round {round}");
    }
    assert!(files(folder.path()).keys().all(|name| !name.starts_with('.')));
}

#[test]
fn what_passes_through_is_held_by_the_format_or_refused() {
    use arrow::array::{
        ArrayRef, Date32Array, RecordBatch, StringArray, TimestampMicrosecondArray, TimestampSecondArray,
    };
    use std::sync::Arc;
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let column = |array: Arc<dyn arrow::array::Array>| -> ArrayRef { array };
    let instants = TimestampMicrosecondArray::from(vec![1_714_559_400_000_000; 2]).with_timezone("UTC");
    for (name, far) in [
        ("day", column(Arc::new(Date32Array::from(vec![0, i32::MAX])))),
        (
            "instant",
            column(Arc::new(TimestampSecondArray::from(vec![0, i64::MAX / 1_000]))),
        ),
        ("later", column(Arc::new(TimestampSecondArray::from(vec![0, i64::MAX])))),
    ] {
        let columns = [
            ("card", column(Arc::new(StringArray::from(vec!["a", "b"])))),
            ("timestamp", column(Arc::new(instants.clone()))),
            ("id", column(Arc::new(arrow::array::Int64Array::from(vec![1, 2])))),
            ("far", far),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("equal lengths");
        // Parquet has no seconds, and not so many milliseconds.
        let spines: &[&str] = match name {
            "later" => &["s.arrow"],
            _ => &["s.parquet", "s.arrow"],
        };
        for spine in spines {
            featr::write_rows(&at(spine), batch.schema(), [batch.clone()]).expect("writable");
            for out in ["o.csv", "o.jsonl"] {
                for engine in ["train", "replay"] {
                    let run =
                        format!("{engine} shop.feat --service risk --spine {spine} --out {out} --max-missing 100%");
                    let told = refused(folder.path(), &run, "E0717");
                    assert!(
                        told.contains("in row 2 of the result, column `far` is"),
                        "{name}: {told}"
                    );
                    assert!(!at(out).exists());
                }
            }
            let train =
                |out: &str| format!("train shop.feat --service risk --spine {spine} --out {out} --max-missing 100%");
            ok(folder.path(), &train("o.arrow"));
            match name {
                "later" => {
                    let told = refused(folder.path(), &train("o.parquet"), "E0717");
                    assert!(told.contains("write an `.arrow` file"), "{told}");
                }
                _ => drop(ok(folder.path(), &train("o.parquet"))),
            }
        }
    }
}

#[test]
fn one_thing_is_not_several() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writable");
    let program = |feature: &str| {
        format!(
            "module shop\nentity card (card: string)\nsource txn {{\n  columns (id: int64, card: string, at: timestamp)\n  \
             unique id\n  time at\n  batch csv \"txn.csv\"\n}}\nview spend of card from txn {{\n  owner \"shop\"\n  /// How \
             many.\n  feature n = count() over {feature}\n}}\nservice risk {{ spend.* }}\n"
        )
    };
    write("one.feat", &program("1d"));
    write("two.feat", &program("[1d, 7d]"));
    write("txn.csv", "id,card,at\n1,a,2024-01-01T10:00:00Z\n");
    write("spine.csv", "card,timestamp\na,2024-01-01T12:00:00Z\n");
    let check = ok(folder.path(), "check one.feat two.feat");
    assert!(
        check.contains("one.feat: 1 view, 1 feature, 1 service: no errors"),
        "{check}"
    );
    assert!(
        check.contains("two.feat: 1 view, 2 features, 1 service: no errors"),
        "{check}"
    );
    let built = ok(folder.path(), "build one.feat");
    assert!(built.contains(": 1 batch plan, 5 stream operators"), "{built}");
    let run = "--service risk --spine spine.csv --truth complete";
    let trained = ok(folder.path(), &format!("train one.feat {run} --out out.csv"));
    assert!(trained.contains("out.csv: 1 row, 3 columns"), "{trained}");
    let verified = ok(folder.path(), &format!("verify one.feat {run}"));
    assert!(verified.contains("verify: 1 row x 1 feature,"), "{verified}");
}

const TOLD: &str = "module shop

entity card (card: string)

source txn {
  columns (id: int64, card: string, amount: int64, at: timestamp)
  unique id
  time at
  arrival time + 1m
  lateness 1h
  batch csv \"txn.csv\"
}

view spend of card from txn {
  owner \"payments\"
  /// Amounts.
  feature kinds = count_distinct(amount) over 1d cap 1
  /// Spent.
  feature total = sum(amount) over 1d
}

service risk { spend.* }
";

#[test]
fn training_tells_of_questions_that_find_nothing_and_of_answers_that_are_errors() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writable");
    write("told.feat", TOLD);
    write(
        "txn.csv",
        "id,card,amount,at\n1,a1,5,2024-01-01T10:00:00Z\n2,a1,7,2024-01-01T10:30:00Z\n3,b2,1,2024-01-01T11:00:00Z\n",
    );
    let train = |rows: &str, more: &str| {
        write("asked.csv", &format!("card,timestamp\n{rows}"));
        let command = format!("train told.feat --service risk --spine asked.csv --out told.csv{more}");
        ok(folder.path(), &command)
    };
    let noon = "2024-01-01T12:00:00Z";
    let blank = format!("a1,{noon}\nb2 ,{noon}\n");
    let of_view = "view spend: 1 of 2 questions find nothing: for example card \"b2 \"; the nearest key is card \"b2\"";
    let of_feature = "spend__kinds: 1 error(cap) of 2 answers";
    for more in ["", " --status"] {
        let told = train(&blank, more);
        assert!(told.contains(of_view) && told.contains(of_feature), "{told}");
        assert!(!told.contains("spend__total"), "{told}");
    }
    let late = train("b2,2024-01-01T12:00:00Z\na1,2042-01-01T12:00:00Z\n", "");
    let of_view = "1 of 2 questions find nothing: for example card \"a1\" at 2042-01-01T12:00:00Z; its events are of \
                   2024-01-01T10:00:00Z to 2024-01-01T10:30:00Z";
    assert!(late.contains(of_view), "{late}");
    let new = train("b2,2024-01-01T12:00:00Z\nb3,2024-01-01T12:00:00Z\n", "");
    assert!(
        new.contains("find nothing: for example card \"b3\" at 2024-01-01T12:00:00Z\n"),
        "{new}"
    );
}

/// A file beside an output that is named like its record, and is none.
#[test]
fn what_is_no_record_stays_where_a_record_would_go() {
    let folder = folder();
    let diary = folder.path().join("set.csv.provenance.json");
    std::fs::write(&diary, "my diary\n").expect("writable");
    for command in ["train", "replay"] {
        let run = format!("{command} shop.feat --service risk --spine spine.csv --out set.csv");
        let said = refused(folder.path(), &run, "E0903");
        assert!(
            said.contains("set.csv.provenance.json` is there, and it is no record"),
            "{said}"
        );
        assert_eq!(read(&diary), b"my diary\n");
        // Nor does it say that what stands beside it is a result.
        std::fs::write(folder.path().join("set.csv"), "my set\n").expect("writable");
        refused(folder.path(), &run, "E0903");
        assert_eq!(read(&folder.path().join("set.csv")), b"my set\n");
        std::fs::remove_file(folder.path().join("set.csv")).expect("there");
    }
    std::fs::remove_file(&diary).expect("there");
    let run = "train shop.feat --service risk --spine spine.csv --out set.csv";
    ok(folder.path(), run);
    ok(folder.path(), run);
    ok(folder.path(), &run.replace("train", "replay"));
    assert!(!diary.exists(), "the record was of the set that is gone");
}

#[test]
fn help_that_cannot_be_written_is_told() {
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("a device of Linux")
    };
    for words in ["--help", "--version", "train --help"] {
        let folder = tempfile::tempdir().expect("a folder");
        let output = command(folder.path(), words)
            .stdout(full())
            .output()
            .expect("the binary runs");
        refused_with(output, words, "E0903");
    }
}

/// Bytes that are data by their number, under the name of a program.
#[test]
fn what_is_too_large_for_a_program_is_refused_unread() {
    let folder = tempfile::tempdir().expect("a folder");
    let most = usize::try_from(featc_driver::PROGRAM_BYTES_MAX).expect("few");
    std::fs::write(folder.path().join("data.feat"), vec![0u8; most + 1]).expect("writable");
    for run in ["check data.feat", "fmt --check data.feat", "build ."] {
        let said = refused(folder.path(), run, "E0902");
        assert!(said.contains("a program of 5 MiB, and at most 4 are read"), "{said}");
    }
}

/// The deepest expressions that are allowed, on a stack that is small.
#[test]
fn deep_programs_need_no_large_stack() {
    let folder = folder();
    let program = String::from_utf8(read(&folder.path().join("shop.feat"))).expect("UTF-8");
    let deep = format!("max(amount{}) over 7d", " + 1.0".repeat(250));
    assert!(program.contains("max(amount) over 7d"));
    std::fs::write(
        folder.path().join("deep.feat"),
        program.replace("max(amount) over 7d", &deep),
    )
    .expect("writable");
    for run in ["check deep.feat", "build deep.feat", "fmt --check deep.feat"] {
        let script = format!("ulimit -s 512; exec {} {run}", env!("CARGO_BIN_EXE_featc"));
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder.path())
            .output()
            .expect("bash runs");
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{run}: {}\n{}",
            output.status,
            said(&output)
        );
        assert!(!said(&output).contains("error["), "{run}: {}", said(&output));
    }
}
