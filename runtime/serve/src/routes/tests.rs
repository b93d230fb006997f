//! Requests to a router, without connections: what does not wait for the engine, panics, who may ask.

use super::*;
use crate::log::Log;
use crate::shared::Limits;
use axum::body::Body;
use featr_online::{Clock, Folder, Options, Runtime};
use futures::StreamExt as _;
use serde_json::Value;
use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering as Order};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tower::ServiceExt as _;

/// A clock that stands still, stops who asks for the time, or breaks.
#[derive(Debug, Default)]
struct Moody(AtomicU8);

const GOES: u8 = 0;
const STOPS: u8 = 1;
const BREAKS: u8 = 2;

impl Clock for Moody {
    fn now_us(&self) -> i64 {
        let asks = std::thread::current().name() == Some("works");
        while asks && self.0.load(Order::SeqCst) == STOPS {
            std::thread::sleep(Duration::from_millis(1));
        }
        // The writer keeps its own time.
        let is_writer = std::thread::current().name() == Some("featr-writer");
        assert!(is_writer || self.0.load(Order::SeqCst) != BREAKS, "the clock broke");
        1_800_000_000_000_000
    }

    fn wait_until(&self, _: i64) {}
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn all(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

struct Served {
    server: Shared,
    clock: Arc<Moody>,
    lines: Lines,
    threads: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

impl Served {
    fn new(token: Option<&str>, limits: Limits) -> Served {
        let folder = tempfile::tempdir().unwrap();
        let disk = Folder::take(&folder.path().join("state")).unwrap().unwrap();
        let clock = Arc::new(Moody::default());
        let opened = Runtime::open(
            crate::testing::shop(),
            Arc::new(disk),
            clock.clone(),
            Options::default(),
        );
        let (lines, listen) = (Lines::default(), "127.0.0.1:7733".parse().unwrap());
        let log = Log::new(lines.clone());
        let server = Server::new(opened.unwrap().0, listen, (token.map(str::to_owned), None), limits, log);
        Served {
            server: Arc::new(server),
            clock,
            lines,
            // One thread: what waits on it stops everything.
            threads: tokio::runtime::Builder::new_current_thread()
                .thread_name("works")
                .enable_all()
                .build()
                .unwrap(),
            folder,
        }
    }

    fn ask(&self, request: http::Request<Body>) -> (u16, Value) {
        self.threads.block_on(ask(self.server.clone(), request))
    }
}

async fn ask(server: Shared, request: http::Request<Body>) -> (u16, Value) {
    let response = router(server).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let mut body = Vec::new();
    let mut chunks = response.into_body().into_data_stream();
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk.unwrap());
    }
    let text = String::from_utf8(body).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn get(path: &str) -> http::Request<Body> {
    http::Request::get(path)
        .header("host", "localhost:7733")
        .body(Body::empty())
        .unwrap()
}

fn question() -> http::Request<Body> {
    let body = json!({ "service": "risk", "entity": { "card": "a" } }).to_string();
    http::Request::post("/v1/answer")
        .header("host", "127.0.0.1")
        .body(Body::from(body))
        .unwrap()
}

#[test]
fn what_is_known_without_the_engine_does_not_wait_for_it() {
    let served = Served::new(None, Limits::default());
    assert_eq!(served.ask(question()).0, 200);
    served.clock.0.store(STOPS, Order::SeqCst);
    // Should anything wait after all, it goes on, and the test fails.
    let clock = served.clock.clone();
    let (waited, waits) = std::sync::mpsc::channel::<()>();
    let rescue = std::thread::spawn(move || {
        let in_time = waits
            .recv_timeout(Duration::from_secs(20))
            .is_err_and(|error| error != std::sync::mpsc::RecvTimeoutError::Timeout);
        clock.0.store(GOES, Order::SeqCst);
        in_time
    });
    let (asked, open) = served.threads.block_on(async {
        // The engine is held by a question that does not get its instant.
        let held = tokio::spawn(ask(served.server.clone(), question()));
        while !held.is_finished() && served.server.requests.available_permits() == served.server.limits.requests {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut all = Vec::new();
        for path in ["/health", "/ready", "/metrics", "/v1/services", "/openapi.json"] {
            all.push((path, ask(served.server.clone(), get(path)).await.0));
        }
        let open = !held.is_finished();
        drop(waited);
        (all, (open, held.await.unwrap().0))
    });
    assert!(rescue.join().unwrap(), "something waited for the engine");
    assert!(asked.iter().all(|(_, status)| *status == 200), "{asked:?}");
    assert_eq!(open, (true, 200), "the question waited, and was answered");
}

#[test]
fn a_panic_is_answered_and_told_and_its_state_is_not_used_again() {
    let served = Served::new(None, Limits::default());
    assert_eq!(served.ask(question()).0, 200);
    served.clock.0.store(BREAKS, Order::SeqCst);
    let (status, said) = served.ask(question());
    assert_eq!((status, &said["error"]["code"]), (500, &json!("E9999")), "{said}");
    let lines = served.lines.all();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        (&lines[0]["event"], &lines[0]["path"], &lines[0]["why"]),
        (&json!("panic"), &json!("/v1/answer"), &json!("the clock broke"))
    );
    served.clock.0.store(GOES, Order::SeqCst);
    let (status, said) = served.ask(question());
    assert_eq!((status, &said["error"]["code"]), (503, &json!("E0809")), "{said}");
    assert_eq!(served.ask(get("/ready")).0, 503);
    let (_, metrics) = served.ask(get("/metrics"));
    let metrics = metrics.as_str().unwrap();
    assert!(
        metrics.contains("featc_requests_refused_total{code=\"E9999\"} 1\n"),
        "{metrics}"
    );
}

/// Who asks a server without a token: a program of this machine, or a page somewhere.
#[test]
fn pages_and_other_names_are_refused_where_there_is_no_token() {
    let with = |token: Option<&str>| Served::new(token, Limits::default());
    let (open, closed) = (with(None), with(Some("0123456789abcdef")));
    for (name, value, is_page) in [
        ("origin", "https://example.com", true),
        ("origin", "null", true),
        ("sec-fetch-site", "cross-site", true),
        ("sec-fetch-site", "none", false),
        ("host", "example.com", true),
        ("host", "localhost.example.com:7733", true),
        ("host", "", true),
        ("host", "LOCALHOST", false),
        ("host", "[::1]:7733", false),
        ("host", "127.0.0.1:1", false),
        ("host", "127.1.2.3", false),
        ("host", "10.0.0.1:7733", true),
    ] {
        let request = || {
            let request = http::Request::get("/v1/services").header(name, value);
            request
                .header("authorization", "bearer 0123456789abcdef")
                .body(Body::empty())
                .unwrap()
        };
        let (status, said) = open.ask(request());
        let expected = if is_page {
            (403, json!("E0810"))
        } else {
            (200, Value::Null)
        };
        assert_eq!((status, said["error"]["code"].clone()), expected, "{name}: {value}");
        assert_eq!(
            closed.ask(request()).0,
            200,
            "with its token, in any case of its scheme: {name}: {value}"
        );
    }
    assert_eq!(closed.ask(get("/v1/services")).0, 401);
    assert_eq!(closed.ask(get("/health")).0, 200);
}

/// Bodies share their room, get it back, and those that are refused leave nothing.
#[test]
fn bodies_are_bounded_together() {
    let limits = Limits {
        memory_bytes: 100 << 10,
        ..Limits::default()
    };
    let served = Served::new(None, limits);
    let push = |bytes: usize| {
        let body = Body::from(vec![b' '; bytes]);
        http::Request::post("/v1/push/payments").body(body).unwrap()
    };
    assert_eq!(served.ask(push(60 << 10)).0, 200);
    let (status, said) = served.ask(push(101 << 10));
    assert_eq!((status, &said["error"]["code"]), (429, &json!("E0806")), "{said}");
    assert!(
        said["error"]["help"].as_str().unwrap().contains("--max-memory"),
        "{said}"
    );
    assert_eq!(
        served.server.memory.available_permits(),
        100,
        "all of it is there again"
    );
    // One that has begun, and another.
    let (status, again) = served.threads.block_on(async {
        let (mut more, chunks) = futures::channel::mpsc::unbounded();
        let slow = http::Request::post("/v1/push/payments")
            .body(Body::from_stream(chunks))
            .unwrap();
        let slow = tokio::spawn(ask(served.server.clone(), slow));
        let space = |bytes: usize| Ok::<_, std::io::Error>(vec![b' '; bytes]);
        more.unbounded_send(space(30 << 10)).unwrap();
        more.unbounded_send(space(30 << 10)).unwrap();
        let begun = Instant::now();
        while served.server.memory.available_permits() > 40 && begun.elapsed() < Duration::from_secs(20) {
            tokio::task::yield_now().await;
        }
        assert_eq!(served.server.memory.available_permits(), 40, "as much as has come");
        let other = ask(served.server.clone(), push(50 << 10)).await.0;
        more.disconnect();
        (other, slow.await.unwrap().0)
    });
    assert_eq!((status, again), (429, 200));
    assert_eq!(served.server.memory.available_permits(), 100);
}

#[test]
fn a_description_tells_every_address_in_its_forms() {
    let served = Served::new(Some("0123456789abcdef"), Limits::default());
    let described = about::openapi(&served.server);
    let paths = described["paths"].as_object().unwrap();
    assert_eq!(paths.len(), ENDPOINTS.len());
    for endpoint in &ENDPOINTS {
        let operation = &paths[endpoint.path][endpoint.method.as_str().to_lowercase()];
        let gives = operation["responses"]["200"]["content"].as_object().unwrap();
        assert_eq!(
            gives.keys().collect::<Vec<_>>().len(),
            endpoint.gives.len(),
            "{}",
            endpoint.path
        );
        assert!(endpoint.gives.iter().all(|media| gives.contains_key(*media)));
        let is_open = operation["security"] == json!([]);
        assert_eq!(is_open, endpoint.access == Access::Everybody, "{}", endpoint.path);
    }
    // Whatever is referred to is there, and whatever is there is referred to, or leads there.
    let text = described.to_string();
    for name in described["components"]["schemas"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name}");
    }
    let references = text.matches("\"#/components/schemas/").count();
    assert!(references >= 8, "{references}");
    for part in text.split("\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(described["components"]["schemas"][name].is_object(), "{name}");
    }
}

/// Whether a value is as a schema of a description says, in the words of JSON Schema that the description uses.
fn check(described: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let wrong = || Err(format!("{value} is not {schema}"));
    if let Some(name) = schema["$ref"].as_str() {
        let named = described.pointer(name.trim_start_matches('#'));
        return check(described, named.expect("it is there"), value);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return match any.iter().any(|one| check(described, one, value).is_ok()) {
            true => Ok(()),
            false => wrong(),
        };
    }
    let (one, types) = (std::slice::from_ref(&schema["type"]), schema["type"].as_array());
    let is = |ty: &Value| match ty.as_str().expect("a type") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    };
    if !types.map_or(one, Vec::as_slice).iter().any(is) {
        return wrong();
    }
    for item in value.as_array().into_iter().flatten() {
        check(described, &schema["items"], item)?;
    }
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.map(|name| name.as_str().expect("a name")) {
        value.get(name).ok_or(format!("{value} lacks `{name}`"))?;
    }
    for (name, entry) in value.as_object().into_iter().flatten() {
        let more = &schema["additionalProperties"];
        match schema["properties"].get(name) {
            Some(schema) => check(described, schema, entry)?,
            None if more.is_object() => check(described, more, entry)?,
            None if more.is_null() => {}
            None => return Err(format!("`{name}` of {value} is not described")),
        }
    }
    Ok(())
}

/// Asks, and holds what is answered against the description.
fn as_described(served: &Served, request: http::Request<Body>, status: u16) -> Value {
    let described = about::openapi(&served.server);
    let method = request.method().as_str().to_lowercase();
    let path = match request.uri().path() {
        path if path.starts_with("/v1/push/") => "/v1/push/{source}",
        path => path,
    };
    let responses = described["paths"][path][method]["responses"].clone();
    let kind = if status == 200 { "200" } else { "default" };
    let schema = &responses[kind]["content"][head::JSON]["schema"];
    assert!(schema.is_object(), "{responses}");
    let (found, said) = served.ask(request);
    assert_eq!(found, status, "{said}");
    check(&described, schema, &said).unwrap_or_else(|why| panic!("{why}"));
    said
}

#[test]
fn what_is_answered_is_as_it_is_described() {
    let served = Served::new(None, Limits::default());
    as_described(&served, get("/health"), 200);
    let ready = as_described(&served, get("/ready"), 200);
    assert_eq!(ready, json!({ "status": "ready" }));
    let rows =
        "{\"id\": 1, \"card\": \"a\", \"amount\": 0.5, \"at\": \"2027-01-15T07:59:00Z\"}\nno json\n{\"id\": 2}\n";
    let push = |source: &str| {
        let request = http::Request::post(format!("/v1/push/{source}")).header("x-request-id", "r1");
        request.body(Body::from(rows)).unwrap()
    };
    let pushed = as_described(&served, push("payments"), 200);
    assert_eq!((&pushed["rows"], &pushed["accepted"]), (&json!(3), &json!(1)));
    assert_eq!(pushed["examples"].as_array().unwrap().len(), 2, "{pushed}");
    assert!(pushed["arrival"].is_string(), "{pushed}");
    as_described(&served, push("refunds"), 404);
    let answer = as_described(&served, question(), 200);
    assert_eq!(answer["answers"][0]["values"]["spend__total_1h"], 0.5, "{answer}");
    let no_question = http::Request::post("/v1/answer").body(Body::from("{}")).unwrap();
    as_described(&served, no_question, 400);
    let strict = |asked: &str| {
        let body = format!("{{\"service\": \"strict\", {asked}}}");
        http::Request::post("/v1/answer").body(Body::from(body)).unwrap()
    };
    let many = as_described(
        &served,
        strict("\"entities\": [{\"card\": \"b\"}, {\"card\": \"a\"}]"),
        200,
    );
    assert_eq!(
        many["answers"][0]["error"]["gated"],
        json!({ "spend__total_1h": "missing" })
    );
    assert_eq!(many["answers"][1]["values"]["spend__total_1h"], 0.5, "{many}");
    let one = as_described(&served, strict("\"entity\": {\"card\": \"b\"}"), 422);
    assert_eq!(one, many["answers"][0]);
    // No checkpoint can be written any more.
    let checkpoints = served.folder.path().join("state/checkpoint");
    let _ = std::fs::remove_dir_all(&checkpoints);
    std::fs::write(&checkpoints, "").unwrap();
    served.server.runtime.checkpoint_wait().unwrap_err();
    let ready = as_described(&served, get("/ready"), 200);
    assert!(ready["checkpoint_failed"].is_string(), "{ready}");
}

#[test]
fn an_id_comes_back_with_whatever_is_answered() {
    let served = Served::new(None, Limits::default());
    for path in ["/health", "/v1/services", "/nowhere"] {
        let request = http::Request::get(path)
            .header("x-request-id", "r 1")
            .body(Body::empty())
            .unwrap();
        let response = served
            .threads
            .block_on(router(served.server.clone()).oneshot(request))
            .unwrap();
        assert_eq!(response.headers()["x-request-id"], "r 1", "{path}");
    }
    let begun = Instant::now();
    let no_text = http::Request::post("/v1/push/%ff").body(Body::empty()).unwrap();
    let (status, said) = served.ask(no_text);
    assert_eq!(
        (status, &said["error"]["code"]),
        (400, &json!("E0801")),
        "{said} {:?}",
        begun.elapsed()
    );
}
