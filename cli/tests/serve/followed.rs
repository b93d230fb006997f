//! Sources that the server reads by itself: kills while a file grows, standard input, and what it tells of files.

use crate::client::{Server, command, shop};
use crate::mocked::Mocked;
use crate::requests::{lines, question, row};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

pub const CARDS: [&str; 3] = ["a", "b", "c"];

pub fn answers(server: &Server) -> Vec<Value> {
    let answer = |card: &&str| server.answer(&question(card))["answers"].clone();
    CARDS.iter().map(answer).collect()
}

/// The sum of a number of `/metrics` over its labels.
pub fn number(server: &Server, name: &str) -> u64 {
    let text = server.get("/metrics").body;
    let of_name = text.lines().filter(|line| line.starts_with(&format!("{name}{{")));
    of_name
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// Whether so many events are in each log of the state, those included that wait for their cut.
pub fn keeps(server: &Server, events: usize) -> bool {
    let metrics = server.get("/metrics").body;
    let logs = metrics
        .lines()
        .filter(|line| line.starts_with("featc_state_events{"))
        .count();
    let kept = number(server, "featc_state_events") + number(server, "featc_state_waiting");
    logs > 0 && kept == (logs * events) as u64
}

pub fn until(server: &Server, what: &str, is_so: impl Fn(&Server) -> bool) {
    let begun = Instant::now();
    while !is_so(server) {
        let metrics = || server.get("/metrics").body;
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}\n{}", metrics());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn add(path: &Path, bytes: &[u8]) {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.expect("a writable folder")
        .write_all(bytes)
        .expect("a writable file");
}

/// The rows of the state in files, and how many those are.
pub fn exported(folder: &Path, state: &str, out: &str) -> u64 {
    let output = Command::new(env!("CARGO_BIN_EXE_featc"))
        .args(["--json", "state", "export", "--state", state, "--out", out])
        .current_dir(folder)
        .output()
        .expect("the binary runs");
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let files = said["files"].as_array().expect("files");
    assert_eq!(files.len(), 1, "{said}");
    files[0]["rows"].as_u64().expect("a number")
}

/// The payloads of what could not be used, each once.
pub fn rejected(state: &Path) -> BTreeSet<String> {
    let aside = std::fs::read_dir(state.join("aside")).expect("a folder").flatten();
    let texts = aside.map(|file| std::fs::read_to_string(file.path()).expect("readable"));
    let lines: String = texts.collect();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    // After a crash rows that come count as late if answers may have been given after their arrivals.
    let rejected = lines.filter(|line| line["reason"] != "late_for_cut");
    rejected
        .map(|line| line["payload"].as_str().expect("a record").to_owned())
        .collect()
}

/// Killed five times while a file grows, is rotated, and has lines that are none: every row is in the state once, and what cannot
/// be used is aside.
#[test]
fn kills_while_a_file_grows_leave_no_trace() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let rows: Vec<Value> = (0..900)
        .map(|id| row(id, CARDS[id as usize % 3], 200 + (id * 13) % 519))
        .collect();
    let undisturbed = Server::of(&program, &folder.path().join("undisturbed"));
    undisturbed.push(&lines(&rows));
    let expected = answers(&undisturbed);
    drop(undisturbed);

    let (state, live) = (folder.path().join("killed"), folder.path().join("live"));
    std::fs::create_dir(&live).expect("a writable folder");
    let given = format!("payments={}", live.join("*.jsonl").display());
    let options = ["--history", "20000d", "--source", &given];
    let start = || Server::start(&program, &state, &options).unwrap_or_else(|said| panic!("{said}"));
    let mut server = start();
    let (path, mut broken) = (live.join("live.jsonl"), 0);
    let mut replayed = 0;
    for (place, part) in rows.chunks(18).enumerate() {
        let mut text = lines(part);
        if place % 4 == 1 {
            text += &format!("broken {place}\n");
            broken += 1;
        }
        // In two writes, the first of which ends within a record.
        let (front, back) = text.as_bytes().split_at(text.len() * (place % 7 + 1) / 9);
        add(&path, front);
        if place % 10 == 5 {
            std::thread::sleep(Duration::from_millis(60 + 7 * place as u64 % 40));
            server.kill();
            if place == 25 {
                // Rotated while nobody reads, and in the midst of a record.
                std::fs::rename(&path, live.join("live.1.jsonl")).expect("renamed");
                add(&live.join("live.1.jsonl"), back);
            } else {
                add(&path, back);
            }
            server = start();
            replayed += server.said["replayed"].as_u64().expect("a number");
            continue;
        }
        add(&path, back);
        std::thread::sleep(Duration::from_millis(10));
        if place == 33 {
            assert!(server.end(), "it ends in order");
            server = start();
        }
    }
    until(&server, "all is read", |server| {
        number(server, "featc_followed_splits") == 2 && number(server, "featc_followed_unread_bytes") == 0
    });
    // Not each row is in an answer, and what is unread is what was there when the files were looked at.
    until(&server, "all is kept", |server| keeps(server, rows.len()));
    until(&server, "all is answered", |server| answers(server) == expected);
    assert_eq!(number(&server, "featc_source_problems_total"), 0);
    assert_eq!(server.said["epoch"], 7);
    assert!(replayed > 0);
    assert!(server.end(), "it ends in order");
    assert_eq!(
        exported(folder.path(), "killed", "rows"),
        rows.len() as u64,
        "each row is there once"
    );
    let payloads = rejected(&state);
    assert_eq!(payloads.len(), broken);
    assert!(
        payloads.iter().all(|payload| payload.starts_with("broken")),
        "{payloads:?}"
    );
}

#[test]
fn standard_input_is_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop(folder);
    let rows: Vec<Value> = (0..30).map(|id| row(id, "a", 600 + id)).collect();
    std::fs::write(folder.join("rows"), lines(&rows)).expect("a writable folder");
    let mut command = command(
        &program,
        &folder.join("state"),
        &["--history", "20000d", "--source", "payments=-"],
    );
    command.stdin(std::fs::File::open(folder.join("rows")).expect("a file"));
    let server = Server::run(command).unwrap_or_else(|said| panic!("{said}"));
    until(&server, "all is read", |server| {
        number(server, "featc_rows_accepted_total") == 30
    });
    let (in_order, log) = server.end_saying();
    assert!(in_order && log.contains("\"event\":\"source_ended\""), "{log}");
}

/// What a program declares as its `stream` is followed where that is asked for.
#[test]
fn declared_streams_are_followed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop(folder);
    let text = std::fs::read_to_string(&program).expect("a program");
    let text = text.replace("  batch parquet", "  stream csv \"live/*.csv\"\n  batch parquet");
    std::fs::write(&program, text).expect("writable");
    std::fs::create_dir(folder.join("live")).expect("a writable folder");
    let header = "id,card,shop,amount,at,seen\n";
    add(
        &folder.join("live/1.csv"),
        format!("{header}1,a,1,1.5,2024-03-01T11:59:00Z,2024-03-01T11:59:01Z\n").as_bytes(),
    );
    let server = Server::start(&program, &folder.join("state"), &["--history", "20000d", "--follow"]);
    let server = server.unwrap_or_else(|said| panic!("{said}"));
    until(&server, "it is read", |server| {
        number(server, "featc_rows_accepted_total") == 1
    });
    add(
        &folder.join("live/0.csv"),
        format!("{header}2,a,1,1.5,2024-03-01T11:59:00Z,2024-03-01T11:59:01Z\n").as_bytes(),
    );
    until(&server, "it is read", |server| {
        number(server, "featc_rows_accepted_total") == 2
    });
    // A plain start reads nothing by itself.
    assert!(server.end());
    add(
        &folder.join("live/2.csv"),
        format!("{header}3,a,1,1.5,2024-03-01T11:59:00Z,2024-03-01T11:59:01Z\n").as_bytes(),
    );
    let server = Server::of(&program, &folder.join("state"));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(number(&server, "featc_rows_accepted_total"), 0);
}

pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("a repository").to_owned()
}

/// Gives a file another content in place; it is never empty meanwhile.
fn put(path: &Path, text: &str) {
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    let mut file = file.expect("a writable folder");
    file.write_all(text.as_bytes()).expect("a writable file");
    file.set_len(text.len() as u64).expect("a writable file");
}

/// Plays a session; returns what is wrong.
fn play(path: &Path) -> Option<String> {
    let session = std::fs::read_to_string(path).expect("a readable fixture");
    let code = path.parent().and_then(Path::file_name).expect("a folder per code");
    let code = code.to_string_lossy().into_owned();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = folder.path().display().to_string();
    let program = shop(folder.path());
    let (mut server, mut expected) = (None, "");
    let mocked = session.contains("== record\n").then(|| Mocked::start(folder.path()));
    let brokers = || mocked.as_ref().expect("a session with a record");
    for part in session.split("== ").skip(1) {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        let words: Vec<String> = head
            .split_whitespace()
            .map(|word| word.replace("$FOLDER", &here))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["schema", id] => brokers().schema(id, body),
            ["record"] => brokers().record(body),
            ["file" | "write", name] => put(&folder.path().join(name), body),
            ["serve", options @ ..] => {
                let started = Server::start(&program, &folder.path().join("state"), options);
                server = Some(started.unwrap_or_else(|said| panic!("{said}")));
            }
            ["accepted", rows] => {
                let rows: u64 = rows.parse().expect("a number");
                let is_so = |server: &Server| number(server, "featc_rows_accepted_total") == rows;
                until(server.as_ref().expect("a server"), "rows are read", is_so);
            }
            ["log"] => expected = body,
            other => panic!("{}: section {other:?}", path.display()),
        }
    }
    let server = server.expect("a server");
    until(&server, "it is told", |server| {
        number(server, "featc_source_problems_total") > 0
    });
    let (in_order, log) = server.end_saying();
    assert!(in_order, "{log}");
    let told = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut told = told
        .filter(|line| line["code"] == code.as_str())
        .collect::<Vec<Value>>()
        .into_iter()
        .next()
        .unwrap_or_else(|| panic!("{}: not told:\n{log}", path.display()));
    told["time"] = json!("$NOW");
    let said = serde_json::to_string_pretty(&told).expect("JSON") + "\n";
    let said = said.replace(&here, "$FOLDER");
    if std::env::var_os("FEATC_BLESS").is_some_and(|value| value == "1") {
        let (inputs, _) = session.split_once("== log\n").expect("a session ends with the log");
        std::fs::write(path, format!("{inputs}== log\n{said}")).expect("fixtures are writable when blessing");
        return None;
    }
    (said != expected).then(|| format!("{}\n--- expected\n{expected}\n--- said\n{said}", path.display()))
}

#[test]
fn what_happens_to_files_is_told_and_the_pages_say_so() {
    let mut wrong = Vec::new();
    for code in featr_follow::CODES.iter().filter(|code| code.starts_with("E08")) {
        let folder = root().join("tests/ui").join(code);
        let mut sessions: Vec<PathBuf> = std::fs::read_dir(folder)
            .expect("a folder per code")
            .flatten()
            .map(|file| file.path())
            .collect();
        sessions.sort();
        wrong.extend(sessions.iter().filter_map(|session| play(session)));
        let page = std::fs::read_to_string(root().join(format!("docs/errors/{code}.md"))).expect("a page");
        let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
        let example = example.unwrap_or_else(|| panic!("{code}: no `json` block"));
        let is_said = |session: &PathBuf| std::fs::read_to_string(session).expect("readable").contains(example);
        if !sessions.iter().any(is_said) {
            wrong.push(format!("{code}: no session says\n{example}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
