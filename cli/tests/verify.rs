//! `featc verify`: spines from elsewhere, what it says and writes, and its page.

mod support;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use support::{featc, files, names, ok, refused, shop};

/// A value that is made of the one before, twice: whoever puts the text or the value of a `let` in its place has 2^60 of them.
#[test]
fn a_long_chain_of_lets_is_no_work() {
    const LENGTH: usize = 60;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let step = |n: usize| {
        let before = n - 1;
        format!(
            "  let k{n} = case when k{before} >= 0 then least(k{before}, greatest(k{before}, 0)) else k{before} end\n"
        )
    };
    let steps: String = (1..=LENGTH).map(step).collect();
    let program = format!(
        r#"module chained

entity card (card: string)

source payments {{
  columns (id: int64, card: string, k0: int64, paid_at: timestamp, known_at: timestamp)
  unique id
  time paid_at
  arrival known_at
  lateness 1d
  batch csv "payments.csv"
}}

table rates {{
  columns (k: int64, rate: int64, from_then: timestamp, loaded: timestamp)
  key k
  valid from from_then
  arrival loaded
  batch csv "rates.csv"
}}

transform known from payments {{
{steps}  let starts = k{LENGTH} = 1
  let rate = lookup rates(k{LENGTH}).rate
  where k{LENGTH} >= 0
}}

template totals(col) {{
  /// The sum.
  feature {{col}}_sum = sum({{col}} where k{LENGTH} > 0) over [1h, 1d] default 0
}}

view spend of card from known {{
  owner "payments"
  use totals for (k{LENGTH}, rate)
  /// Of the session.
  feature session = count() over since (starts) max 1d
}}

view again of card from known {{
  owner "payments"
  use totals for (k{LENGTH})
}}

service risk {{
  spend.*
  again.*
}}

test "a chain" for spend {{
  given payments
    | id | card | k0 | paid_at              | known_at             |
    | 1  | a    | 1  | 2026-01-01T10:00:00Z | 2026-01-01T10:00:00Z |
    | 2  | a    | 2  | 2026-01-01T10:10:00Z | 2026-01-01T10:10:00Z |

  given rates
    | k | rate | from_then            | loaded               |
    | 2 | 7    | 2026-01-01T00:00:00Z | 2026-01-01T00:00:00Z |

  expect as known at @2026-01-01T10:30:00Z (card: "a") {{ k{LENGTH}_sum_1h = 3, rate_sum_1d = 7, session = 2 }}
}}
"#
    );
    let data = [
        ("chained.feat", program.as_str()),
        (
            "payments.csv",
            "id,card,k0,paid_at,known_at\n1,a,1,2026-01-01T10:00:00Z,2026-01-01T10:00:00Z\n\
             2,a,2,2026-01-01T10:10:00Z,2026-01-01T10:10:00Z\n",
        ),
        (
            "rates.csv",
            "k,rate,from_then,loaded\n2,7,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z\n",
        ),
        ("spine.csv", "card,timestamp\na,2026-01-01T10:30:00Z\n"),
    ];
    for (name, text) in data {
        std::fs::write(folder.join(name), text).expect("writable");
    }
    let asked = "--service risk --spine spine.csv";
    for command in [
        "check chained.feat".to_owned(),
        "lock chained.feat".to_owned(),
        "diff chained.feat chained.feat".to_owned(),
        "build chained.feat".to_owned(),
        "certify target/feat/chained".to_owned(),
        "test chained.feat".to_owned(),
        format!("train chained.feat {asked} --out train.csv"),
        format!("replay chained.feat {asked} --out replay.csv"),
        "get chained.feat --service risk --key card=a --at 2026-01-01T10:30:00Z".to_owned(),
        format!("verify chained.feat {asked} --shuffle 1"),
    ] {
        let began = std::time::Instant::now();
        ok(folder, &command);
        println!("{command}: {:?}", began.elapsed());
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    assert_eq!(read("train.csv"), read("replay.csv"));
}

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

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn entities_of_roles_are_asked_about() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write(
        "roles.feat",
        "module m\nentity k (a: string, b: int64)\nsource ev {\n  columns (id: int64, a: string, b: int64, at: timestamp)\n  \
         unique id\n  time at\n  arrival time + 1m\n  batch csv \"ev.csv\"\n}\nview x of k from ev {\n  owner \"o\"\n  \
         /// How many.\n  feature n = count() over 1d\n}\nservice sv {\n  role rx = x by (a2, b)\n  rx.*\n}\n",
    );
    let at = "2026-01-01T00:00:00Z";
    write("ev.csv", &format!("id,a,b,at\n1,a,2,{at}\n2,b,2,{at}\n"));
    let asked = "2026-01-01T02:00:00Z";
    write("spine.csv", &format!("a2,b,timestamp\na,2,{asked}\nz,1,{asked}\n"));
    let command = "verify roles.feat --service sv --spine spine.csv --metamorphic --max-missing 100%";
    let text = ok(folder.path(), command);
    let removed = text.lines().find(|line| line.contains("other entities removed"));
    assert!(removed.is_some_and(|line| line.ends_with(": 0 differ")), "{text}");
}

#[test]
fn what_was_compared_is_told_to_people_and_machines() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop(folder.path(), 300);
    let command = "verify shop.feat --service risk --spine spine.csv --sample 40 --seed 7 --metamorphic";
    let before = names(folder.path());
    let text = ok(folder.path(), &format!("{command} --junit out.xml --report out.json"));
    let lines: Vec<&str> = text.lines().filter(|line| line.ends_with(": 0 differ")).collect();
    assert_eq!(lines.len(), 10, "{text}");
    let first = "60 rows x 4 features, truth as-of-arrival: 240 values and statuses compared between batch and stream, 20 \
                 rows with the model, 20 questions at edges with all three, seed 7: 0 differ";
    assert_eq!(lines[0], format!("verify: {first}"));
    let relations = lines[1..].iter();
    assert!(
        relations.clone().all(|line| line.starts_with("metamorphic: ")),
        "{text}"
    );
    assert!(!text.contains(": 0 values") && !text.contains("not asked"), "{text}");

    let added: Vec<String> = names(folder.path())
        .into_iter()
        .filter(|name| !before.contains(name))
        .collect();
    assert_eq!(added, ["out.json", "out.xml"]);
    let report: serde_json::Value = serde_json::from_str(&read(folder.path(), "out.json")).expect("JSON");
    let said = ok(folder.path(), &format!("--json {command}"));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&said).expect("one document"),
        report
    );
    assert_eq!(
        [
            &report["seed"],
            &report["model_rows"],
            &report["edges"],
            &report["differ"]
        ],
        [7, 20, 20, 0]
    );
    let checks: Vec<&str> = report["checks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|check| check["check"].as_str().expect("a name"))
        .collect();
    assert_eq!(
        checks,
        [
            "stream",
            "model",
            "stream at edges",
            "model at edges",
            "other questions",
            "other entities removed",
            "other entities added",
            "shifted instants",
            "events outside all windows",
            "split files",
            "memory limit",
            "threads",
            "delivery",
        ]
    );
    let junit = read(folder.path(), "out.xml");
    assert_eq!(junit.matches("<testsuite ").count(), checks.len());
    assert_eq!(junit.matches("<testcase ").count(), 4 * checks.len());
    assert!(
        junit.contains("<testsuites name=\"featc verify\" tests=\"52\" failures=\"0\" errors=\"0\" skipped=\"0\">")
    );
    assert!(
        junit.contains("<testcase classname=\"risk.model at edges\" name=\"spend__total_1h\"/>"),
        "{junit}"
    );

    // Another seed asks other questions, and says so.
    let other = ok(folder.path(), &format!("{} --seed 8", command.replace(" --seed 7", "")));
    assert!(other.contains("seed 8: 0 differ"), "{other}");
    let alone = ok(
        folder.path(),
        "verify shop.feat --service risk --spine spine.csv --sample 0",
    );
    assert!(
        alone.contains(", 0 rows with the model, 0 questions at edges"),
        "{alone}"
    );
}

#[test]
fn outputs_are_no_inputs_and_a_case_stands_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop(folder.path(), 40);
    std::fs::create_dir(folder.path().join("full")).expect("writable");
    std::fs::write(folder.path().join("full/other.txt"), "mine").expect("writable");
    let before = files(folder.path());
    for options in [
        "--junit spine.csv",
        "--junit payments.csv",
        "--report shop.feat",
        "--report gone/out.json",
        "--junit full",
        "--junit one.xml --report one.xml",
        "--report one.json --rejected one.json",
        "--case full",
        "--case spine.csv",
    ] {
        let command = format!("verify shop.feat --service risk --spine spine.csv {options}");
        refused(folder.path(), &command, "E0903");
        assert_eq!(files(folder.path()), before, "{options}");
    }
}

/// The code of a page: its files, and its commands with what they print.
fn blocks<'a>(page: &'a str, kind: &str) -> Vec<&'a str> {
    let open = format!("```{kind}\n");
    let rest = page.split(open.as_str()).skip(1);
    rest.filter_map(|rest| rest.split("\n```").next()).collect()
}

/// Plays the commands of a `console` block; what they say on standard output must be what stands below them.
fn play(folder: &Path, block: &str) {
    for command in block.split("$ featc ").skip(1) {
        let (command, expected) = command.split_once('\n').unwrap_or((command, ""));
        let output = featc(folder, command);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            said.trim_end(),
            expected.trim_end(),
            "featc {command}\n{}",
            support::said(&output)
        );
    }
}

fn page(name: &str) -> String {
    read(&support::root(), name)
}

#[test]
fn the_page_says_what_is_said() {
    let page = page("docs/verify.md");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writable");
    let [program] = blocks(&page, "feat")[..] else {
        panic!("one program");
    };
    let [txn, live, spine, damaged, log] = blocks(&page, "text")[..] else {
        panic!("five tables");
    };
    let [agree, differ, served] = blocks(&page, "console")[..] else {
        panic!("three sessions");
    };
    for (name, text) in [
        ("shop.feat", program),
        ("txn.csv", txn),
        ("live.csv", live),
        ("spine.csv", spine),
        ("served.csv", log),
    ] {
        write(name, text);
    }
    play(folder.path(), agree);
    play(folder.path(), served);
    write("live.csv", damaged);
    play(folder.path(), differ);
    let case = folder.path().join("target/feat/case-1");
    assert_eq!(
        names(&case),
        ["shop.feat", "spine.parquet", "txn.batch.parquet", "txn.stream.parquet"]
    );
    let again = differ
        .lines()
        .find_map(|line| line.trim().strip_prefix("featc verify "));
    let said = refused(folder.path(), &format!("verify {}", again.expect("a command")), "E0709");
    assert!(
        said.contains("shrunk in ") && said.contains(" to 1 event and 1 question"),
        "{said}"
    );
}

#[test]
fn the_session_of_the_front_page_is_said() {
    let page = page("README.md");
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("shop.feat"), blocks(&page, "feat")[0]).expect("writable");
    for (name, text) in ["payments.csv", "spine.csv"].iter().zip(blocks(&page, "text")) {
        std::fs::write(folder.path().join(name), text).expect("writable");
    }
    let [_, session] = blocks(&page, "console")[..] else {
        panic!("how it is installed, and a session");
    };
    let mut commands = Vec::new();
    for entry in session.split("$ featc ").skip(1) {
        let (line, expected) = entry.split_once('\n').expect("what is said");
        let (command, file) = line
            .split_once(" && cat ")
            .map_or((line, None), |(command, file)| (command, Some(file)));
        let output = featc(folder.path(), command);
        // Notes stand before the result, as on a terminal.
        let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
        said += &String::from_utf8_lossy(&output.stdout);
        said += &file.map_or_else(String::new, |file| read(folder.path(), file));
        assert_eq!(said.trim_end(), expected.trim_end(), "featc {line}");
        commands.push(command);
    }
    let [_, _, command] = commands[..] else {
        panic!("three commands");
    };
    let said = ok(folder.path(), command);
    // A topic is for a server: the stream is replayed from the rows of the past.
    let path = folder.path().join("shop.feat");
    let text = std::fs::read_to_string(&path).expect("a program");
    let declared = text.replace("  batch csv", "  stream jsonl \"kafka:payments\"\n  batch csv");
    assert_ne!(declared, text);
    std::fs::write(&path, declared).expect("writable");
    assert_eq!(ok(folder.path(), command), said);
}
