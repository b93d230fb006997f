//! A schema registry on loopback: what it has, what it asks for, and what it was asked.
//!
//! It is compiled into the tests of `featr-kafka`, into those of the binary and into those of all engines.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// It ends each connection.
    Gone,
    /// It says this status to everything.
    Broken(u16),
}

#[derive(Debug)]
struct State {
    mood: Mood,
    /// By path.
    answers: BTreeMap<String, Value>,
    /// What `Authorization` has to say.
    wanted: Option<String>,
    asked: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Registry {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Registry {
    pub fn start() -> Registry {
        Registry::start_over("http", Ok)
    }

    /// One whose connections are wrapped, for addresses of this scheme.
    pub fn start_over<C: Read + Write>(
        scheme: &str,
        wrap: impl Fn(TcpStream) -> std::io::Result<C> + Send + 'static,
    ) -> Registry {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State {
            mood: Mood::Well,
            answers: BTreeMap::new(),
            wanted: None,
            asked: Vec::new(),
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let _gone = wrap(connection).and_then(|connection| answer(connection, &shared));
            }
        });
        Registry { url, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// Asks for `Authorization: Basic …` of this text in base64 from now on.
    pub fn wants(&self, packed: &str) {
        self.state().wanted = Some(format!("Basic {packed}"));
    }

    /// A schema with this number.
    pub fn has(&self, id: u32, schema: &str) {
        let answer = json!({"schema": schema});
        self.state().answers.insert(format!("/schemas/ids/{id}"), answer);
    }

    /// Any answer.
    pub fn says(&self, path: &str, answer: Value) {
        self.state().answers.insert(path.to_owned(), answer);
    }

    /// The paths that it was asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }
}

fn answer(mut connection: impl Read + Write, state: &Mutex<State>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let header = |line: &str| {
        Some(
            line.split_once(": ")
                .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))?
                .1
                .to_owned(),
        )
    };
    let said = head.lines().find_map(header);
    let (status, body) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked.push(path.clone());
        match (state.mood, state.answers.get(&path)) {
            (Mood::Gone, _) => return Ok(()),
            (Mood::Broken(status), _) => (status, json!({"error_code": 50001, "message": "broken"})),
            _ if state.wanted.is_some() && state.wanted != said => {
                (401, json!({"error_code": 401, "message": "Unauthorized"}))
            }
            (Mood::Well, Some(answer)) => (200, answer.clone()),
            (Mood::Well, None) => (404, json!({"error_code": 40403, "message": "Schema not found"})),
        }
    };
    let body = body.to_string();
    write!(
        connection,
        "HTTP/1.1 {status} Said\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )?;
    connection.flush()
}
