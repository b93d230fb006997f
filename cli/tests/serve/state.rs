//! `featc state` and `featc serve --dry-run`: what lies in a folder, and a training set of it.

use crate::client::{Server, shop};
use featc_ir::display::instant;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

fn output(folder: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_featc"));
    command.arg("--json").args(words.split(' '));
    let command = command.current_dir(folder).env("NO_COLOR", "1");
    command.output().expect("the binary runs")
}

fn first(text: &[u8]) -> Value {
    let text = String::from_utf8_lossy(text);
    serde_json::from_str(text.lines().next().unwrap_or_default()).unwrap_or(Value::Null)
}

/// What a command prints as its result, refused or not.
fn printed(folder: &Path, words: &str) -> Value {
    first(&output(folder, words).stdout)
}

/// What a command prints: its result, or its first message.
fn featc(folder: &Path, words: &str) -> Result<Value, Value> {
    let output = output(folder, words);
    match output.status.success() {
        true => Ok(first(&output.stdout)),
        false => Err(first(&output.stderr)),
    }
}

fn minutes_ago(minutes: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    instant(now.as_micros() as i64 - minutes * 60_000_000)
}

/// Rows that the server stamps, an answer about them, and a kill.
fn served(folder: &Path) {
    let (program, state) = (folder.join("shop.feat"), folder.join("state"));
    let server = Server::of(&program, &state);
    for id in 1..=3 {
        let row = json!({ "id": id, "card": "a", "shop": id % 2, "amount": 0.1, "at": minutes_ago(10 * id) });
        assert_eq!(server.push(&row.to_string())["accepted"], 1);
    }
    let answer = server.answer(&json!({ "service": "risk", "entity": { "card": "a", "shop": 1 } }));
    assert_eq!(
        answer["answers"][0]["values"]["spend__total_1h"],
        json!(0.30000000000000004)
    );
    let late = json!({ "id": 9, "card": "a", "shop": 1, "amount": 5.0, "at": minutes_ago(5), "seen": minutes_ago(0) });
    assert_eq!(server.push(&late.to_string())["accepted"], 1);
    let again = server.answer(&json!({ "service": "risk", "entity": { "card": "a", "shop": 1 } }));
    assert_eq!(again["answers"][0]["statuses"]["spend__total_1h"], "ok");
    // Answers go to the disk with the next rows: what a kill catches before is lost.
    let other = json!({ "id": 10, "card": "b", "shop": 1, "amount": 5.0, "at": minutes_ago(5) });
    assert_eq!(server.push(&other.to_string())["accepted"], 1);
    server.kill();
}

/// The example of docs/serving.md: rows without an arrival, answers, a kill, and a training set that gives the answers back.
#[test]
fn what_was_served_can_be_trained_on_from_the_folder_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop(folder);
    served(folder);
    // As a kill leaves it: rows and answers are in the log.
    let verified = featc(folder, "state verify --state state").expect("it is whole");
    assert_eq!((&verified["damaged"], &verified["rows"]), (&json!([]), &json!(0)));
    // What a killed export left is no file of anybody.
    std::fs::create_dir(folder.join("rows")).expect("a writable folder");
    std::fs::write(folder.join("rows/.featc-dead00.aside"), b"half").expect("a writable folder");
    let files = featc(folder, "state export --state state --out rows").expect("it exports");
    assert!(!folder.join("rows/.featc-dead00.aside").exists());
    assert_eq!(
        files["files"],
        json!([{ "source": "payments", "file": "rows/payments.parquet", "rows": 5 }])
    );
    let refused = featc(folder, "state export --state state --out rows").expect_err("there is something");
    assert_eq!(refused["code"], "E0903", "{refused}");
    assert!(Server::of(&program, &folder.join("state")).end(), "it ends in order");
    for rows in ["rows/payments.parquet", "state/pushed/payments/*.parquet"] {
        let files = format!("--served-log state/served/risk --source payments={rows}");
        let verify = featc(folder, &format!("verify shop.feat --service risk {files}"));
        let said = verify.unwrap_or_else(|error| panic!("{rows}: {error}"));
        assert_eq!((&said["differ"], &said["rows"]), (&json!(0), &json!(2)), "{said}");
        featc(
            folder,
            &format!("train shop.feat --service risk {files} --out train.parquet"),
        )
        .expect("it trains");
    }
    // Files say what computed them: what computes something else now is left out, and no difference.
    let text = std::fs::read_to_string(&program).expect("a program");
    std::fs::write(&program, text.replace("sum(amount)", "max(amount)")).expect("writable");
    let files = "--served-log state/served/risk --source payments=rows/payments.parquet";
    let said = featc(folder, &format!("verify shop.feat --service risk {files}"));
    assert_eq!(said.expect("the others are equal")["differ"], 0);
    let verified = featc(folder, "state verify --state state").expect("it is whole");
    assert_eq!(verified["rows"], 7, "five rows, two answers");
}

const REFUNDS: &str = r#"
source refunds {
  columns (id: int64, card: string, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
}
view back of card from refunds {
  owner "payments"
  /// Refunds of a day.
  feature n_1d = count() over 1d
}
service refunded { back.* }
"#;

#[test]
fn a_state_is_listed_and_shown_without_a_server() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    shop(folder);
    served(folder);
    let before = std::fs::read(folder.join("state/manifest")).expect("a manifest");
    let listed = featc(folder, "state list shop.feat --state state").expect("it lists");
    let logs = listed["logs"].as_array().expect("logs");
    assert_eq!(logs.len(), 2, "{listed}");
    let by_card = logs.iter().find(|log| log["keys"] == json!(["card"])).expect("by card");
    assert_eq!(
        (&by_card["views"], &by_card["entities"]),
        (&json!(["spend"]), &json!(2))
    );
    assert_eq!(
        by_card["events"]
            .as_u64()
            .zip(by_card["waiting"].as_u64())
            .map(|(left, right)| left + right),
        Some(5)
    );
    let at = minutes_ago(0);
    let shown = format!("state show shop.feat --state state --service risk --key card=a --key shop=1 --at {at}");
    let shown = featc(folder, &shown).expect("it shows");
    let total = shown["features"]
        .as_array()
        .expect("features")
        .iter()
        .find(|one| one["name"] == "spend__total_1h");
    assert_eq!(total.expect("a feature")["value"], json!(5.3), "{shown}");
    let events = shown["logs"][0]["events"].as_array().expect("events");
    assert_eq!(
        (events.len(), &events[3]["carries"]["amount"]),
        (4, &json!(5.0)),
        "{shown}"
    );
    assert_eq!(shown["at"], json!(at));
    // As a server with this delay would answer, but for cuts that were given without it.
    let delayed = |delay: &str| {
        let words = "state show shop.feat --state state --service risk --key card=a --key shop=1";
        let shown = featc(folder, &format!("{words} --at 2100-01-01T00:00:00Z --delay {delay}"));
        shown.map(|shown| shown["cuts"]["payments"].clone())
    };
    assert_eq!(delayed("2h"), Ok(json!("2099-12-31T22:00:00Z")));
    assert_eq!(delayed("2x").expect_err("no duration")["code"], "E0905");
    assert_eq!(
        std::fs::read(folder.join("state/manifest")).expect("a manifest"),
        before,
        "nothing has changed"
    );
    // Another source of the program is none of this service.
    let more = format!(
        "{}{REFUNDS}",
        std::fs::read_to_string(folder.join("shop.feat")).expect("the program")
    );
    std::fs::write(folder.join("more.feat"), more).expect("a writable folder");
    let shown = format!("state show more.feat --state state --service cards --key card=a --at {at}");
    let shown = featc(folder, &shown).expect("it shows");
    let cuts: Vec<&String> = shown["cuts"].as_object().expect("cuts").keys().collect();
    assert_eq!(cuts, ["payments"]);
    let unknown = format!("state show shop.feat --state state --service risk --key card=a --at {at}");
    assert_eq!(featc(folder, &unknown).expect_err("a key is missing")["code"], "E0905");
}

#[test]
fn damage_is_told_by_file_and_a_running_server_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop(folder);
    served(folder);
    let server = Server::of(&program, &folder.join("state"));
    let refused = featc(folder, "state verify --state state").expect_err("it is served");
    assert_eq!(refused["code"], "E0923");
    assert!(server.end(), "it ends in order");
    // The places lie in both slots of the mark, and anywhere in the others; of Parquet the end is missing.
    for (file, places, cut) in [
        ("checkpoint/00000001.snap", [20, 40], 0),
        ("pushed/payments/00000001.parquet", [0, 0], 9),
        ("mark", [20, 532], 0),
        ("manifest", [20, 21], 0),
    ] {
        let path = folder.join("state").join(file);
        let before = std::fs::read(&path).expect("a file");
        let mut broken = before.clone();
        places.iter().for_each(|place: &usize| broken[*place] ^= 1);
        broken.truncate(before.len() - cut);
        std::fs::write(&path, broken).expect("writable");
        let said = featc(folder, "state verify --state state").expect_err(file);
        assert_eq!(said["code"], "E0811", "{said}");
        let names_it = |message: &str| message.contains(file);
        assert!(said["message"].as_str().is_some_and(names_it), "{said}");
        std::fs::write(&path, before).expect("writable");
    }
    // Another format is no damage, for who verifies and for who goes on.
    let path = folder.join("state/checkpoint/00000001.snap");
    let before = std::fs::read(&path).expect("a file");
    let mut newer = before.clone();
    newer[8] += 1;
    let sum = newer.len() - 16;
    let seal = xxhash_rust::xxh3::xxh3_128(&newer[..sum]).to_le_bytes();
    newer[sum..].copy_from_slice(&seal);
    std::fs::write(&path, newer).expect("writable");
    for command in ["state verify --state state", "state list shop.feat --state state"] {
        let said = featc(folder, command).expect_err("of another release");
        assert_eq!(said["code"], "E0812", "{said}");
        let is_told = |message: &str| message.contains("format version");
        assert!(said["message"].as_str().is_some_and(is_told), "{said}");
    }
    std::fs::write(&path, before).expect("writable");
    // Of what has no sums: read as something else, or refused by name; the library's panics are nobody's to see.
    let path = folder.join("state/pushed/payments/00000001.parquet");
    let before = std::fs::read(&path).expect("a file");
    let mut refused = 0;
    for place in (0..before.len()).step_by(before.len() / 48) {
        let mut broken = before.clone();
        broken[place] ^= 0x55;
        std::fs::write(&path, broken).expect("writable");
        if let Err(said) = featc(folder, "state verify --state state") {
            assert_eq!(said["code"], "E0811", "{place}: {said}");
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused}");
    std::fs::write(&path, before).expect("writable");
    featc(folder, "state verify --state state").expect("put back as it was");
}

#[test]
fn a_dry_run_tells_what_would_become_of_a_state() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop(folder);
    let dry = |folder: &Path| featc(folder, "serve shop.feat --state state --dry-run");
    assert_eq!(dry(folder).expect("nothing is there")["begins"], true);
    assert!(!folder.join("state").exists());
    served(folder);
    assert!(Server::of(&program, &folder.join("state")).end(), "it ends in order");
    let manifest = || std::fs::read(folder.join("state/manifest")).expect("a manifest");
    let before = manifest();
    let (card, sales) = (
        "the events of `payments` by (card)",
        "the events of `payments` by (shop)",
    );
    let said = dry(folder).expect("the same program");
    assert_eq!(
        (&said["kept"], &said["gone"]),
        (&json!([card, sales]), &json!([])),
        "{said}"
    );
    let text = std::fs::read_to_string(&program).expect("a program");
    std::fs::write(&program, text.replace("  sales.*\n", "")).expect("writable");
    let refused = dry(folder).expect_err("events would go");
    assert_eq!(refused["code"], "E0812", "{refused}");
    let message = refused["message"].as_str().unwrap_or_default();
    assert!(message.ends_with(&format!("would lose: {sales}")), "{refused}");
    let start = "serve shop.feat --state state --listen 127.0.0.1:0";
    assert_eq!(featc(folder, start).expect_err("events would go")["message"], message);
    assert_eq!(manifest(), before, "nothing has changed");
    let said = featc(folder, "serve shop.feat --state state --dry-run --allow-removed").expect("less is asked");
    assert_eq!(
        (&said["kept"], &said["gone"]),
        (&json!([card]), &json!([sales])),
        "{said}"
    );
    std::fs::write(&program, text.replace("lateness 400d", "lateness 300d")).expect("writable");
    let refused = dry(folder).expect_err("other rows are accepted");
    assert_eq!(refused["code"], "E0812", "{refused}");
    // What is needed and is not there is not gone as well.
    let said = printed(folder, "serve shop.feat --state state --dry-run");
    assert_eq!((&said["kept"], &said["gone"]), (&json!([]), &json!([])), "{said}");
    assert_eq!(said["refused"].as_array().map(Vec::len), Some(2), "{said}");
    assert_eq!(manifest(), before, "nothing has changed");
    // It can be filled with the rows that were pushed.
    let said = featc(folder, "serve shop.feat --state state --dry-run --fill").expect("they are there");
    let filled = said["filled"].as_array().expect("what is filled");
    let is_told = |line: &Value| {
        line.as_str()
            .is_some_and(|line| line.ends_with("; from 5 rows pushed here"))
    };
    assert!(filled.len() == 2 && filled.iter().all(is_told), "{said}");
    assert_eq!(
        (&said["refused"], &said["gone"], manifest()),
        (&json!([]), &json!([]), before)
    );
    let state = folder.join("state");
    let server = Server::start(&program, &state, &["--history", "20000d", "--fill"]).expect("it is filled");
    assert_eq!(server.said["filled"], said["filled"]);
    let question = json!({ "service": "risk", "entity": { "card": "a", "shop": 1 } });
    let total = |server: &Server| server.answer(&question)["answers"][0]["values"]["spend__total_1h"].clone();
    assert_eq!(total(&server), json!(5.3));
    let busy = featc(folder, "state compact --state state").expect_err("it is served");
    assert_eq!(busy["code"], "E0923", "{busy}");
    assert!(server.end(), "it ends in order");
    // It is there for good, also in fewer files.
    let done = featc(folder, "state compact --state state").expect("nobody serves it");
    let joined: Vec<&Value> = done["joined"].as_array().expect("files").iter().collect();
    assert!(joined.iter().all(|one| one["parts"] == 2), "{done}");
    let server = Server::of(&program, &state);
    assert_eq!((total(&server), &server.said["filled"]), (json!(5.3), &json!([])));
    // Files that are not there are told before anything is touched.
    assert!(server.end(), "it ends in order");
    std::fs::write(&program, text.replace("lateness 400d", "lateness 200d")).expect("writable");
    let words = "serve shop.feat --state state --dry-run --fill-from payments=none.parquet";
    assert_eq!(featc(folder, words).expect_err("no such file")["code"], "E0901");
    // Nothing is filled with files of which no row can be used.
    std::fs::write(folder.join("other.jsonl"), "{\"id\": \"a\"}\n{\"id\": \"b\"}\n").expect("writable");
    let words = "serve shop.feat --state state --dry-run --fill-from payments=other.jsonl";
    let refused = featc(folder, words).expect_err("no row of use");
    let message = refused["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("none of the 2 rows of its files can be used"),
        "{refused}"
    );
}

/// A machine that is lost: another one goes on from the backup, and its answers are those of the last checkpoint.
#[test]
fn another_machine_goes_on_from_the_backup() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let program = shop(folder);
    let backup = folder.join("backup").display().to_string();
    let start = |state: &str| {
        let options = ["--history", "20000d", "--backup", &backup];
        Server::start(&program, &folder.join(state), &options)
    };
    let at = minutes_ago(10);
    let push = |server: &Server, id: i64| {
        let row = json!({ "id": id, "card": "a", "shop": 1, "amount": 0.5, "at": at });
        server.push(&row.to_string())["accepted"].clone()
    };
    let total = |server: &Server| {
        let answer = server.answer(&json!({ "service": "risk", "entity": { "card": "a", "shop": 1 } }));
        answer["answers"][0]["values"]["spend__total_1h"].clone()
    };
    let first = start("first").expect("a new state");
    assert_eq!(first.said["restored_from"], Value::Null);
    (1..=3).for_each(|id| assert_eq!(push(&first, id), 1));
    assert_eq!(total(&first), json!(1.5));
    assert!(first.end(), "it ends with a checkpoint");
    let first = start("first").expect("its own backup");
    assert_eq!(push(&first, 4), 1);
    assert_eq!(total(&first), json!(2.0));
    let second = start("second").expect("it is restored");
    assert_eq!(second.said["restored_from"], json!(backup));
    assert_eq!(total(&second), json!(1.5));
    // The first one finds out, and acknowledges nothing more.
    let begun = std::time::Instant::now();
    loop {
        let row = json!({ "id": 5, "card": "b", "shop": 1, "amount": 0.5, "at": at });
        let reply = first.request("POST /v1/push/payments", row.to_string().as_bytes());
        if reply.status == 503 {
            assert!(reply.body.contains("taken over"), "{}", reply.body);
            break;
        }
        assert!(begun.elapsed().as_secs() < 60, "{reply:?}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    first.kill();
    let refused = start("first").err().expect("it is not the last one");
    assert!(
        refused.contains("E0812") && refused.contains("backup of another state"),
        "{refused}"
    );
    // What the machine took with it is pushed again.
    assert_eq!(push(&second, 4), 1);
    assert_eq!(push(&second, 1), 1);
    assert_eq!(total(&second), json!(2.0));
    second.kill();
    let second = start("second").expect("it goes on");
    assert_eq!(
        (&second.said["restored_from"], total(&second)),
        (&Value::Null, json!(2.0))
    );
    let verified = featc(folder, "state verify --state first").expect("it is whole");
    assert_eq!(verified["damaged"], json!([]));
}
