//! Memory, clients that do not read, a port that is taken, an end that fails, and what is told of it.

use crate::client::{Server, command, shop};
use crate::requests::{lines, row};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Sixteen million rows that cannot be used, and what is kept of them.
#[test]
fn a_body_of_nothing_usable_takes_bounded_memory() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let server = Server::of(&program, &folder.path().join("state"));
    let first = format!("x\n{}", lines(&[row(1, "a", 1)]));
    server.push(&first);
    let before = server.peak_kib();
    let body = b"x\n".repeat(16 << 20);
    let refused = server.request("POST /v1/push/payments", &body);
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (413, &json!("E0803"))
    );
    let said = refused.json()["error"]["message"].to_string();
    assert!(
        said.contains("more than 10000 rows cannot be used; the first is 1: not JSON"),
        "{said}"
    );
    let taken = server.peak_kib() - before;
    assert!(taken < 100 << 10, "{taken} KiB");
    let aside = std::fs::metadata(folder.path().join("state/aside/rejected-000001.jsonl")).expect("kept");
    assert!(
        aside.len() < 1_000,
        "what was refused is not kept: {} bytes",
        aside.len()
    );
    // Compressed Arrow is bounded by what it becomes.
    let column = std::sync::Arc::new(arrow::array::Int64Array::from(vec![7; 8 << 20])) as arrow::array::ArrayRef;
    let batch = arrow::array::RecordBatch::try_from_iter([("id", column)]).expect("a column");
    let options = arrow::ipc::writer::IpcWriteOptions::default();
    let options = options
        .try_with_compression(Some(arrow::ipc::CompressionType::ZSTD))
        .expect("compression");
    let mut writer = arrow::ipc::writer::StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options);
    let writer = writer.as_mut().expect("a writer");
    writer.write(&batch).expect("written");
    writer.finish().expect("written");
    let bytes = writer.get_ref().clone();
    assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    is_refused_by_what_it_becomes(&server, "payments", &bytes);
}

/// An Arrow stream that is small, and would become large.
fn is_refused_by_what_it_becomes(server: &Server, source: &str, bytes: &[u8]) {
    let head = format!("POST /v1/push/{source}\nContent-Type: application/vnd.apache.arrow.stream");
    let before = server.peak_kib();
    let refused = server.request(&head, bytes);
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (413, &json!("E0803")),
        "{}",
        refused.body
    );
    assert!(server.peak_kib() - before < 100 << 10);
}

/// Also who sends all of it before he reads anything is told, and the connection is not reset under the answer.
#[test]
fn who_sends_too_much_reads_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let server = Server::start(&program, &folder.path().join("state"), &["--max-body", "1"]).expect("it starts");
    let body = vec![b'x'; 24 << 20];
    let length = format!("Content-Length: {}", body.len());
    let chunked = "Transfer-Encoding: chunked";
    for head in [length.as_str(), chunked] {
        let mut stream = TcpStream::connect(&server.address).expect("it listens");
        let lines = format!("POST /v1/push/payments HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n");
        stream.write_all(lines.as_bytes()).expect("it reads");
        if head == chunked {
            stream
                .write_all(format!("{:x}\r\n", body.len()).as_bytes())
                .expect("it reads");
        }
        stream.write_all(&body).expect("it reads all of it");
        if head == chunked {
            stream.write_all(b"\r\n0\r\n\r\n").expect("it reads all of it");
        }
        let mut answer = vec![0; 4_096];
        let read = stream.read(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 413"), "{head}: {answer}");
        assert!(answer.contains("E0803"), "{head}: {answer}");
    }
}

/// Who asks and asks and does not read holds his connection for as long as his patience is, and no longer.
#[test]
fn clients_that_do_not_read_are_let_go() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let server = Server::start(&program, &folder.path().join("state"), &["--max-seconds", "1"]).expect("it starts");
    let one = server.get("/openapi.json").body.len();
    let mut stream = TcpStream::connect(&server.address).expect("it listens");
    stream
        .set_write_timeout(Some(Duration::from_millis(300)))
        .expect("a timeout");
    // As many as it takes, until neither side takes any more.
    let request = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000);
    let mut asked = 0;
    while asked < 200_000 && stream.write_all(&request).is_ok() {
        asked += 1_000;
    }
    assert!(asked < 200_000, "it stops reading where nobody reads its answers");
    std::thread::sleep(Duration::from_secs(3));
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout");
    let mut bytes = vec![0; 1 << 20];
    let mut read = 0;
    let ended = loop {
        match stream.read(&mut bytes) {
            Ok(0) => break true,
            Ok(more) => read += more,
            Err(error) => break error.kind() != std::io::ErrorKind::WouldBlock,
        }
        // Who answers on has not let go.
        if read > asked * one {
            break false;
        }
    };
    assert!(ended, "{read} bytes of {asked} answers of {one}");
    assert_eq!(server.get("/v1/services").status, 200);
}

#[test]
fn a_taken_port_is_told_before_the_state_is_opened() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let state = folder.path().join("state");
    let output = command(&program, &state, &["--listen", &address])
        .output()
        .expect("the binary runs");
    let said: Value = serde_json::from_slice(&output.stderr).expect("one message");
    assert_eq!(said["code"], "E0905", "{said}");
    assert!(
        said["message"].as_str().is_some_and(|text| text.contains("--listen")),
        "{said}"
    );
    assert!(!state.exists(), "nothing was made");
}

/// The lines of a server's log, and what it said besides.
fn told(said: &str) -> (Vec<Value>, Vec<Value>) {
    let all = said
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}")));
    all.partition(|line| line["event"].is_string())
}

#[test]
fn what_changes_is_told_in_lines() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let server = Server::of(&program, &folder.path().join("state"));
    let address = server.address.clone();
    server.push(&lines(&[row(1, "a", 700)]));
    let (in_order, said) = server.end_saying();
    assert!(in_order, "{said}");
    let (events, others) = told(&said);
    assert!(others.is_empty(), "{said}");
    let names: Vec<&str> = events.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(names, ["listening", "ending", "checkpoint", "ended"], "{said}");
    assert_eq!(events[0]["address"], json!(address));
    assert!(
        events
            .iter()
            .all(|line| line["time"].as_str().is_some_and(|time| time > "2026")),
        "{said}"
    );
}

/// A last checkpoint that cannot be written: told as such, and not as an address that cannot be had.
#[test]
fn a_last_checkpoint_that_fails_is_told_as_such() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let state = folder.path().join("state");
    let server = Server::of(&program, &state);
    server.push(&lines(&[row(1, "a", 700)]));
    // Something else stands where checkpoints go.
    let _ = std::fs::remove_dir_all(state.join("checkpoint"));
    std::fs::write(state.join("checkpoint"), "").expect("writable");
    let (in_order, said) = server.end_saying();
    assert!(!in_order, "{said}");
    let (events, others) = told(&said);
    assert!(events.iter().any(|line| line["event"] == "failed"), "{said}");
    assert_eq!(others.len(), 1, "{said}");
    assert_eq!(others[0]["code"], "E0903", "{said}");
    assert!(!said.contains("--listen"), "{said}");
}

/// Arrow in which a list of nulls has no bytes is bounded by what it becomes.
#[test]
fn a_push_that_becomes_gigabytes_is_refused() {
    use arrow::array::{ArrayRef, Int64Array, LargeListArray, NullArray, RecordBatch, StringArray};
    use std::sync::Arc;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("p.feat");
    let text = "module m\nentity card (card: string)\nsource p {\n  columns (id: int64, card: string, tags: list<string>?, at: timestamp, seen: timestamp)\n  \
                unique id\n  time at\n  arrival seen\n  lateness 400d\n}\nview v of card from p {\n  owner \"o\"\n  /// Rows.\n  feature n = count() over 1d\n}\n\
                service s { v.* }\n";
    std::fs::write(&program, text).expect("writable");
    let server = Server::of(&program, &folder.path().join("state"));
    let at = arrow::array::TimestampMicrosecondArray::from(vec![1_700_000_000_000_000]).with_timezone("UTC");
    let field = Arc::new(arrow::datatypes::Field::new_list_field(
        arrow::datatypes::DataType::Null,
        true,
    ));
    let ends = arrow::buffer::OffsetBuffer::new(vec![0i64, 400_000_000].into());
    let tags = LargeListArray::new(field, ends, Arc::new(NullArray::new(400_000_000)), None);
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(Int64Array::from(vec![1])) as ArrayRef, false),
        ("card", Arc::new(StringArray::from(vec!["a"])), false),
        ("tags", Arc::new(tags), true),
        ("at", Arc::new(at.clone()), false),
        ("seen", Arc::new(at), true),
    ])
    .expect("columns");
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &rows.schema()).expect("a writer");
    writer.write(&rows).expect("written");
    let bytes = writer.into_inner().expect("written");
    is_refused_by_what_it_becomes(&server, "p", &bytes);
}
