//! An independent witness: the same features on real flights by DuckDB's SQL, `math.fsum` and exact fractions.
//!
//! The witness needs Python 3 and DuckDB from PyPI; the test installs DuckDB into a virtual environment of its own and
//! fails where it cannot.

use featc_ir::Truth;
use featc_tests::root;
use std::path::{Path, PathBuf};
use std::process::Command;

const DUCKDB: &str = "duckdb==2.0.0";

pub(crate) const PROGRAM: &str = r#"
module witness
entity carrier (carrier: string)
entity aircraft (tailnum: string)
source departures {
  columns (flight_id: int64, carrier: string, tailnum: string?, event_at: timestamp, known_at: timestamp,
           arr_delay: int64?, air_time: int64?, distance: int64)
  unique flight_id
  time event_at
  arrival known_at
  delay 1m
  lateness 24h
  batch parquet "data/flights-2013-q1.parquet"
}
transform flown from departures {
  where arr_delay is not null and air_time is not null
  let hours = cast(air_time as float64) / 60.0
  let speed = cast(distance as float64) / (cast(air_time as float64) / 60.0)
}
view c of carrier from flown {
  owner "tests"
  /// Events.
  feature n = count() over [3h, 7d]
  /// Least.
  feature low = min(arr_delay) over 1d
  /// Greatest.
  feature high = max(arr_delay) over 1d
  /// Of the last one.
  feature latest = last(arr_delay) over 3h
  /// Exact.
  feature delay = mean(arr_delay) over 1d
}
view a of aircraft from flown {
  owner "tests"
  /// Exact.
  feature hours = sum(hours) over [7d, 30d]
  /// Exact.
  feature speed = mean(speed) over 30d
  /// Exact.
  feature spread = variance(speed) over 30d
  /// Exact.
  feature jitter = variance(arr_delay) over 30d
}
service w { c.* a.* }
"#;

/// Runs a command to its end and gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{command:?}\n{text}");
    text
}

/// The Python of a virtual environment that has DuckDB. Tests that ask at the same time wait for one to make it.
pub(crate) fn python() -> PathBuf {
    static MAKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _making = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("witness");
    let python = folder.join("bin/python");
    let ready = folder.join(format!("{DUCKDB}.ready"));
    if !ready.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", DUCKDB]));
        std::fs::write(ready, "").expect("the target folder is writable");
    }
    python
}

fn train(truth: Truth, out: &Path) {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("witness.feat", PROGRAM);
    let outcome = featc_driver::compile(&sources, &[file]);
    let program = outcome.value.unwrap_or_else(|| panic!("{:?}", outcome.diagnostics));
    let plans = featc_driver::lower(&program);
    let base = root().join("examples/flights");
    let program = featr::Program::new(plans.batch, plans.stream, &base);
    let spine = program
        .read_spine("w", &base.join("data/spine-q1.csv"), "timestamp", None)
        .expect("the spine is fine");
    let training = program
        .train("w", spine, featr::TrainOptions::new(truth))
        .expect("trains");
    featr::write_rows(out, training.schema, training.batches).expect("writes");
}

#[test]
fn duckdb_and_exact_arithmetic_say_the_same_on_real_flights() {
    let python = python();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, truth) in [
        ("complete", Truth::Complete),
        ("as_of_arrival", Truth::AsOfArrival { delay_us: None }),
    ] {
        let out = folder.path().join(format!("{name}.parquet"));
        train(truth, &out);
        let script = root().join("tests/support/witness.py");
        let events = root().join("examples/flights/data/flights-2013-q1.parquet");
        let said = run(Command::new(&python).arg(script).args([&events, &out]).arg(name));
        assert!(said.contains(" 0 differ"), "{said}");
        println!("{}", said.trim());
    }
}
