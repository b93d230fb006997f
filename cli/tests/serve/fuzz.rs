//! Requests drawn at random, most of them broken in some way: each gets one answer in order, or (less than 2 % of them) a
//! connection that ends without one; none is a fault of the server, and it is alive and correct afterwards.
//! `FEATC_FUZZ_REQUESTS` draws more of them.

use crate::client::{Server, shop};
use crate::requests::{lines, row};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

const THREADS: u64 = 4;
const REQUESTS: u64 = 400;

/// What a thread draws by its seed.
struct Random(featr::Random);

impl Random {
    fn next(&mut self) -> u64 {
        self.0.number()
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    fn one_in(&mut self, most: usize) -> bool {
        self.below(most) == 0
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PÖST"];
const PATHS: [&str; 16] = [
    "/v1/push/payments",
    "/v1/push/payments",
    "/v1/push/payments",
    "/v1/answer",
    "/v1/answer",
    "/v1/answer",
    "/get-online-features",
    "/get-online-features",
    "/v1/push/nothing",
    "/v1/push/%ff%00",
    "/v1/services",
    "/openapi.json",
    "/health",
    "/ready",
    "/metrics",
    "/v1/../etc/passwd",
];
const HEADERS: [&str; 16] = [
    "Content-Type: application/jsonl",
    "Content-Type: application/vnd.apache.arrow.stream",
    "Content-Type: text/html; charset=utf-16",
    "Accept: application/vnd.apache.arrow.stream",
    "Accept: image/png, application/vnd.apache.arrow.stream;q=0.1, */*",
    "X-Request-Id: r-1",
    "X-Request-Id: \u{e9}\u{7f}",
    "Origin: https://example.com",
    "Sec-Fetch-Site: cross-site",
    "Authorization: Bearer 0123456789abcdef",
    "Expect: 100-continue",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Content-Length: 3",
    "Content-Encoding: gzip",
    "Upgrade: h2c",
];
const PIECES: [&str; 18] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "NaN",
    "-1e999",
    "\\ud800",
    "\u{0}",
    "\u{feff}",
    "\n",
    "9223372036854775808",
    "\"entities\"",
    "\"at\"",
    "{\"card\":",
];

/// Rows, questions and a stream of Arrow as they should be.
fn bodies() -> Vec<Vec<u8>> {
    let rows = lines(&[row(1, "f", 700), row(2, "g", 710)]);
    let many: Vec<Value> = (0..40).map(|card| json!({ "card": format!("{card}") })).collect();
    let column =
        |values: Vec<i64>| std::sync::Arc::new(arrow::array::Int64Array::from(values)) as arrow::array::ArrayRef;
    let batch = arrow::array::RecordBatch::try_from_iter([("id", column(vec![1, 2])), ("shop", column(vec![3, 4]))]);
    let batch = batch.expect("columns of one length");
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
    writer.write(&batch).expect("written");
    vec![
        rows.into_bytes(),
        json!({ "service": "cards", "entity": { "card": "f" } })
            .to_string()
            .into_bytes(),
        json!({ "service": "cards", "entities": many, "request_id": "f" })
            .to_string()
            .into_bytes(),
        json!({ "service": "risk", "entity": { "card": "f", "shop": 1 }, "at": "2024-03-01T12:00:00Z" })
            .to_string()
            .into_bytes(),
        json!({ "feature_service": "risk", "entities": { "card": ["f", null], "shop": [1, 2] }, "full_feature_names": true })
            .to_string()
            .into_bytes(),
        json!({ "features": ["spend:last_1d", "spend:total_1h"], "entities": { "card": ["f", "g"] } })
            .to_string()
            .into_bytes(),
        writer.into_inner().expect("finished"),
        Vec::new(),
    ]
}

fn mutated(body: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.below(4) {
        let at = random.below(body.len() + 1);
        match random.below(5) {
            0 if at < body.len() => body[at] ^= 1 << random.below(8),
            1 => body.truncate(at),
            2 => {
                let piece = random.of(&PIECES).as_bytes().to_vec();
                body.splice(at..at, piece);
            }
            3 => {
                let (from, to) = (random.below(at + 1), at);
                let part = body[from..to].to_vec();
                body.extend_from_slice(&part);
            }
            _ => body.splice(at..at, random.next().to_le_bytes()).for_each(drop),
        }
    }
}

/// The bytes of a request.
fn request(random: &mut Random, bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut method = "POST";
    let mut path = random.of(&PATHS).to_owned();
    if !["/v1/push", "/v1/answer", "/get"]
        .iter()
        .any(|known| path.starts_with(known))
    {
        method = "GET";
    }
    if random.one_in(12) {
        method = random.of(&METHODS);
    }
    if random.one_in(20) {
        let letter = char::from_u32(0x20 + random.below(0x60) as u32).expect("a character");
        path.push(letter);
    }
    let mut body = bodies[random.below(bodies.len())].clone();
    mutated(&mut body, random);
    let host = if random.one_in(25) { "example.com" } else { "localhost" };
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    // A length that is too long is waited for, which takes a second.
    let length = match random.below(60) {
        0 => body.len() + 1,
        1 => body.len() / 2,
        _ => body.len(),
    };
    head += &format!("Content-Length: {length}\r\n");
    for _ in 0..random.below(3) {
        head += &format!("{}\r\n", random.of(&HEADERS));
    }
    let mut bytes = head.into_bytes();
    if random.one_in(40) {
        mutated(&mut bytes, random);
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes
}

/// What came back: the status, and the code of a refusal.
fn reply(address: &str, bytes: &[u8]) -> (u16, String) {
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a timeout");
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut part = [0; 8192];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&part[..read]),
            // What was not read of a refused body resets the connection.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}: {}", shown()),
        }
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let answer = answer.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
    let Some(ends) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        assert!(text.is_empty(), "{text}");
        return (0, String::new());
    };
    let (head, body) = (String::from_utf8_lossy(&answer[..ends]), &answer[ends + 4..]);
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    // Where it was not asked to close, what follows a short body is a request of its own. Of HEAD there is no body.
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let (body, next) = body.split_at(length.unwrap_or(body.len()).min(body.len()));
    assert!(next.is_empty() || next.starts_with(b"HTTP/1.1 "), "{text}");
    let body = String::from_utf8_lossy(body);
    assert!(status < 500 || !body.is_empty(), "{text}\nof {}", shown());
    if status < 400 || body.is_empty() {
        return (status, String::new());
    }
    let refusal: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {text}\nof {}", shown()));
    let code = refusal["error"]["code"].as_str().expect("a code").to_owned();
    assert!(featr_serve::CODES.contains(&code.as_str()), "{refusal}");
    assert!(
        refusal["error"]["help"].as_str().is_some_and(|help| !help.is_empty()),
        "{refusal}"
    );
    assert!(status < 500, "{refusal}\nof {}", shown());
    (status, code)
}

/// How often which status and code came, of requests with one seed.
fn drawn(address: &str, seed: u64, requests: u64) -> BTreeMap<(u16, String), u64> {
    let (mut random, bodies, mut counts) = (Random(featr::Random::new(seed)), bodies(), BTreeMap::new());
    for _ in 0..requests {
        let bytes = request(&mut random, &bodies);
        *counts.entry(reply(address, &bytes)).or_default() += 1;
    }
    counts
}

#[test]
fn whatever_is_sent_it_is_alive_and_correct_afterwards() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = shop(folder.path());
    let state = folder.path().join("state");
    let options = ["--max-seconds", "1", "--history", "20000d", "--max-body", "1"];
    let server = Server::start(&program, &state, &options).expect("it starts");
    let rows: Vec<Value> = (0..50)
        .map(|id| row(1_000_000 + id, "a card of reference", 650 + id))
        .collect();
    server.push(&lines(&rows));
    let asked =
        json!({ "service": "cards", "entity": { "card": "a card of reference" }, "at": "2024-03-01T12:00:00Z" });
    let expected = server.answer(&asked)["answers"].clone();

    let requests = std::env::var("FEATC_FUZZ_REQUESTS")
        .ok()
        .and_then(|text| text.parse().ok());
    let requests: u64 = requests.unwrap_or(REQUESTS);
    let mut counts: BTreeMap<(u16, String), u64> = BTreeMap::new();
    std::thread::scope(|scope| {
        let address = server.address.as_str();
        let threads = (0..THREADS).map(|seed| scope.spawn(move || drawn(address, seed, requests)));
        let threads: Vec<_> = threads.collect();
        for thread in threads {
            for (key, count) in thread.join().expect("every request is answered in order") {
                *counts.entry(key).or_default() += count;
            }
        }
    });
    let all: u64 = counts.values().sum();
    let done = counts
        .iter()
        .filter(|((status, _), _)| *status == 200)
        .map(|(_, count)| count);
    let done: u64 = done.sum();
    let silent = counts.get(&(0, String::new())).copied().unwrap_or(0);
    eprintln!("{all} requests: {counts:?}");
    assert_eq!(all, THREADS * requests);
    assert!(done > all / 10 && done < all, "{done} of {all} were done");
    assert!(silent < all / 50, "{silent} of {all} got no answer");
    let codes: std::collections::BTreeSet<&str> = counts.keys().map(|(_, code)| code.as_str()).collect();
    assert!(codes.len() >= 7, "{codes:?}");

    assert_eq!(server.answer(&asked)["answers"], expected);
    assert_eq!(server.get("/ready").status, 200);
    assert!(server.peak_kib() < 400 << 10, "{} KiB", server.peak_kib());
    server.kill();
    let server = Server::start(&program, &state, &options).expect("it starts again");
    assert_eq!(server.answer(&asked)["answers"], expected);
    let (in_order, said) = server.end_saying();
    assert!(in_order && !said.contains("panic"), "{said}");
}
