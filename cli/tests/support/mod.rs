//! What the tests of the binary share: running it, small data, and what lies in a folder.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("the crate lives in the repository").to_owned()
}

pub fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_featc"));
    command
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env("NO_COLOR", "1");
    command
}

pub fn featc(folder: &Path, arguments: &str) -> Output {
    command(folder, arguments).output().expect("the binary runs")
}

pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs what must succeed.
pub fn ok(folder: &Path, arguments: &str) -> String {
    let output = featc(folder, arguments);
    assert!(output.status.success(), "featc {arguments}\n{}", said(&output));
    said(&output)
}

/// Runs what must be refused with one error of this code.
pub fn refused(folder: &Path, arguments: &str, code: &str) -> String {
    refused_with(featc(folder, arguments), arguments, code)
}

pub fn refused_with(output: Output, arguments: &str, code: &str) -> String {
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "featc {arguments}\n{said}");
    assert!(
        said.contains(&format!("error[{code}]")),
        "featc {arguments}: not {code}\n{said}"
    );
    assert_eq!(said.matches("error[").count(), 1, "featc {arguments}\n{said}");
    said
}

/// As [`featc`], with files of at most `blocks` times 1 024 bytes, as on a disk that is full.
pub fn featc_with_full_disk(folder: &Path, arguments: &str, blocks: u64) -> Output {
    let script = format!(
        "trap '' XFSZ; ulimit -f {blocks}; exec {} {arguments}",
        env!("CARGO_BIN_EXE_featc")
    );
    let mut command = Command::new("bash");
    command.args(["-c", &script]).current_dir(folder).env("NO_COLOR", "1");
    command.output().expect("bash runs")
}

/// Every file below a folder with its bytes.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            let below = files(&entry.path()).into_iter();
            found.extend(below.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            found.insert(name, std::fs::read(entry.path()).expect("a readable file"));
        }
    }
    found
}

pub fn names(folder: &Path) -> Vec<String> {
    files(folder).into_keys().collect()
}

/// A program over orders, its events (some late, some copies, one that cannot be decoded) and a spine, in `folder`.
pub fn shop(folder: &Path, events: u64) {
    let program = "module shop

entity card (card: string)

source payments {
  columns (id: int64, card: string, amount: float64, paid_at: timestamp, known_at: timestamp)
  unique id
  time paid_at
  arrival known_at
  lateness 1d
  batch csv \"payments.csv\"
}

view spend of card from payments {
  owner \"payments\"
  /// What the card spent.
  feature total = sum(amount) over [1h, 7d] default 0.0
  /// Greatest payment.
  feature peak = max(amount) over 7d
  /// Payments but this one.
  feature others = count() over 1d excluding self
}

view habits of card from payments {
  owner \"payments\"
  /// Last amount.
  feature last = last(amount) over 30d
}

service risk {
  habits.last
  spend.{total_1h, total_7d, peak}
}
";
    let stamp = |second: u64| {
        let (day, rest) = (second / 86_400, second % 86_400);
        format!(
            "2024-05-{:02}T{:02}:{:02}:{:02}Z",
            day + 1,
            rest / 3_600,
            rest / 60 % 60,
            rest % 60
        )
    };
    let mut rows = String::from("id,card,amount,paid_at,known_at\n");
    let mut spine = String::from("card,timestamp,fraud\n");
    for id in 0..events {
        let mixed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let (card, paid) = (mixed % 23, mixed % (20 * 86_400));
        let delay = if id % 11 == 0 { 100_000 } else { mixed % 4_000 };
        let amount = if id == 7 {
            "much".to_owned()
        } else {
            format!("{}.{:02}", mixed % 500, id % 100)
        };
        let _ = writeln!(rows, "{id},c{card},{amount},{},{}", stamp(paid), stamp(paid + delay));
        if id % 5 == 0 {
            let _ = writeln!(spine, "c{card},{},{}", stamp(paid + 60), id % 2 == 0);
        }
    }
    std::fs::write(folder.join("shop.feat"), program).expect("writable");
    std::fs::write(folder.join("payments.csv"), rows).expect("writable");
    std::fs::write(folder.join("spine.csv"), spine).expect("writable");
}
