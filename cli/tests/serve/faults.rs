//! Kills, broken files, two owners, slow and many clients.

use crate::client::{Server, shop};
use crate::requests::{lines, question, row};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

const CARDS: [&str; 3] = ["a", "b", "c"];

fn answers(server: &Server) -> Vec<Value> {
    CARDS
        .iter()
        .map(|card| server.answer(&question(card))["answers"].clone())
        .collect()
}

/// Batches of payments; every third comes twice.
fn batches() -> Vec<String> {
    let batch = |number: u32| {
        let ids = number * 7..number * 7 + 7;
        let rows: Vec<Value> = ids
            .map(|id| row(id, CARDS[id as usize % 3], 200 + (id * 13) % 519))
            .collect();
        lines(&rows)
    };
    let mut all: Vec<String> = (0..60).map(batch).collect();
    (0..20).for_each(|place| all.push(all[place * 3].clone()));
    all
}

/// Killed at any instant and started again: what was acknowledged is there, and pushed again, what was not.
#[test]
fn twenty_kills_leave_no_trace() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let undisturbed = Server::of(&program, &folder.path().join("undisturbed"));
    let batches = batches();
    batches.iter().for_each(|rows| drop(undisturbed.push(rows)));
    let expected = answers(&undisturbed);

    let state = folder.path().join("killed");
    let mut server = Server::of(&program, &state);
    let (mut kills, mut replayed) = (0, 0);
    for (place, rows) in batches.iter().enumerate() {
        if place % 4 == 3 {
            // While a push is on its way.
            kills += 1;
            let mut stream = TcpStream::connect(&server.address).expect("it listens");
            let head = format!(
                "POST /v1/push/payments HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
                rows.len()
            );
            stream.write_all(format!("{head}{rows}").as_bytes()).expect("it reads");
            std::thread::sleep(Duration::from_micros(137 * (place as u64 % 23)));
            server.kill();
            server = Server::of(&program, &state);
            replayed += server.said["replayed"].as_u64().expect("a number");
        }
        assert_eq!(server.push(rows)["rejected"], json!({}), "it is sent again");
        if place % 16 == 9 {
            assert!(server.end(), "it ends in order");
            server = Server::of(&program, &state);
            assert_eq!(server.said["replayed"], 0, "what a checkpoint holds is not read again");
        }
    }
    assert_eq!(answers(&server), expected);
    assert!(kills == 20 && replayed > 0, "{kills} kills, {replayed} rows");
    assert_eq!(server.said["epoch"], 26);
}

fn refused(program: &Path, state: &Path) -> Value {
    let said = Server::start(program, state, &["--history", "20000d"])
        .err()
        .expect("it refuses");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// A state with a checkpoint, and a log after it that was acknowledged.
fn made(program: &Path, state: &Path) {
    let server = Server::of(program, state);
    server.push(&batches()[0]);
    assert!(server.end());
    let server = Server::of(program, state);
    server.push(&batches()[1]);
    server.kill();
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

#[test]
fn damaged_files_are_refused_by_name_and_never_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let state = folder.path().join("state");
    made(&program, &state);
    let mut checked = 0;
    for path in files(&state) {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        // What was served and pushed is read by nobody here.
        if path
            .components()
            .any(|part| part.as_os_str() == "served" || part.as_os_str() == "pushed")
        {
            continue;
        }
        let whole = std::fs::read(&path).expect("readable");
        let mut flipped = whole.clone();
        // Of the mark both slots, which say the same or nearly so.
        for place in [whole.len() / 2, whole.len() / 3, 10, 522] {
            if let Some(byte) = flipped.get_mut(place) {
                *byte ^= 4;
            }
        }
        for broken in [flipped, whole[..whole.len() / 2].to_vec(), Vec::new()] {
            if name == "mark" && broken.len() == whole.len() / 2 {
                // One slot of two is enough.
                continue;
            }
            std::fs::write(&path, &broken).expect("writable");
            let said = refused(&program, &state);
            assert_eq!(said["code"], "E0811", "{said}");
            assert!(
                said["message"].as_str().expect("text").contains(&name),
                "{name}: {said}"
            );
            assert!(said["help"]["text"].as_str().expect("text").contains("copy"), "{said}");
            checked += 1;
        }
        std::fs::remove_file(&path).expect("removable");
        assert_eq!(refused(&program, &state)["code"], "E0811", "{name} is missing");
        std::fs::write(&path, &whole).expect("writable");
    }
    assert!(checked >= 11, "{checked}");
    // Put back as it was, it goes on.
    drop(Server::of(&program, &state));
}

/// What was never acknowledged may be torn.
#[test]
fn a_torn_end_that_nobody_was_told_of_is_dropped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let state = folder.path().join("state");
    made(&program, &state);
    let server = Server::of(&program, &state);
    let expected = answers(&server);
    server.kill();
    let logs = files(&state.join("log"));
    let log = logs.last().expect("a log");
    for torn in [&b"\x10"[..], &[0; 700], &[255; 40]] {
        let whole = std::fs::read(log).expect("readable");
        let longer = [&whole[..], torn].concat();
        std::fs::write(log, &longer).expect("writable");
        let server = Server::of(&program, &state);
        assert_eq!(answers(&server), expected);
        server.kill();
    }
}

#[test]
fn a_folder_has_one_owner_and_holds_nothing_else() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let state = folder.path().join("state");
    let server = Server::of(&program, &state);
    assert_eq!(refused(&program, &state)["code"], "E0923");
    server.kill();
    drop(Server::of(&program, &state));
    let foreign = folder.path().join("foreign");
    std::fs::create_dir(&foreign).expect("a writable folder");
    std::fs::write(foreign.join("letters.txt"), "mine").expect("a writable folder");
    assert_eq!(refused(&program, &foreign)["code"], "E0812");
    assert_eq!(files(&foreign).len(), 1);

    // Another program that needs what the state does not have.
    let server = Server::of(&program, &state);
    server.push(&batches()[0]);
    assert!(server.end());
    let text = include_str!("shop.feat").replace("sum(amount)", "sum(amount * 2.0)");
    std::fs::write(&program, text).expect("writable");
    assert_eq!(refused(&program, &state)["code"], "E0812");
}

#[test]
fn slow_clients_and_many_requests_are_refused_and_others_are_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let options = ["--max-seconds", "1", "--max-requests", "2", "--history", "20000d"];
    let server = Server::start(&program, &folder.path().join("state"), &options).expect("it starts");
    let (mut first, second) = (server.slow(), server.slow());
    std::thread::sleep(Duration::from_millis(300));
    let busy = server.get("/v1/services");
    assert_eq!(
        (busy.status, busy.json()["error"]["code"].clone()),
        (429, json!("E0806"))
    );
    assert_eq!(server.get("/health").status, 200);
    let mut said = String::new();
    let _ = first.read_to_string(&mut said);
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("E0807"), "{said}");
    drop(second);
    // A head that never ends holds no room.
    let mut silent = TcpStream::connect(&server.address).expect("it listens");
    silent.write_all(b"GET /v1/ser").expect("it reads");
    let mut nothing = Vec::new();
    silent
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout");
    let _ = silent.read_to_end(&mut nothing);
    assert!(server.get("/v1/services").status == 200);
}
