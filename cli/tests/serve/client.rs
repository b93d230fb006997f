//! A server of the binary, and requests to it.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; killed when it is dropped.
pub struct Server {
    pub address: String,
    pub said: Value,
    child: Child,
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }
}

pub fn shop(folder: &Path) -> PathBuf {
    let path = folder.join("shop.feat");
    std::fs::write(&path, include_str!("shop.feat")).expect("a writable folder");
    path
}

fn command(program: &Path, state: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_featc"));
    command
        .args(["--json", "serve"])
        .arg(program)
        .arg("--state")
        .arg(state)
        .args(["--listen", "127.0.0.1:0"])
        .args(options)
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Server {
    /// Starts one, and waits until it listens; what it said if it does not.
    pub fn start(program: &Path, state: &Path, options: &[&str]) -> Result<Server, String> {
        Server::run(command(program, state, options))
    }

    /// As [`Server::start`], with files of at most `blocks` times 1 024 bytes, as on a disk that is full.
    pub fn start_on_full_disk(program: &Path, state: &Path, blocks: &str) -> Result<Server, String> {
        let whole = command(program, state, &["--history", "20000d"]);
        let mut shell = Command::new("bash");
        let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        shell
            .args(["-c", &script])
            .arg(whole.get_program())
            .args(whole.get_args());
        shell.stdout(Stdio::piped()).stderr(Stdio::piped());
        Server::run(shell)
    }

    fn run(mut command: Command) -> Result<Server, String> {
        let mut child = command.spawn().expect("the binary runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a readable pipe");
        match serde_json::from_str::<Value>(&line) {
            Ok(said) => Ok(Server {
                address: said["listening"].as_str().expect("an address").to_owned(),
                said,
                child,
            }),
            Err(_) => {
                let output = child.wait_with_output().expect("it ends");
                Err(String::from_utf8_lossy(&output.stderr).into_owned())
            }
        }
    }

    pub fn of(program: &Path, state: &Path) -> Server {
        // Instants of the tests lie years back.
        Server::start(program, state, &["--history", "20000d"]).unwrap_or_else(|said| panic!("{said}"))
    }

    pub fn kill(mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it ends");
    }

    /// Ends it as an operator does; true if it ended in order.
    pub fn end(mut self) -> bool {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    pub fn request(&self, head: &str, body: &[u8]) -> Reply {
        self.try_request(head, body).expect("the server answers")
    }

    /// A request; `head` is its first line without the version, and headers.
    pub fn try_request(&self, head: &str, body: &[u8]) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let (first, headers) = head.split_once('\n').unwrap_or((head, ""));
        let headers: String = headers.lines().map(|line| format!("{line}\r\n")).collect();
        let length = match headers.to_lowercase().contains("content-length") {
            true => String::new(),
            false => format!("Content-Length: {}\r\n", body.len()),
        };
        let head = format!("{first} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{length}{headers}\r\n");
        stream.write_all(head.as_bytes())?;
        // A server may refuse before it has read everything.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            read?;
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        };
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Reply {
            status: status.expect("a status"),
            body: body.to_owned(),
        })
    }

    /// A request that begins and does not go on.
    pub fn slow(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let head = "POST /v1/push/payments HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{";
        stream.write_all(head.as_bytes()).expect("it reads");
        stream
    }

    pub fn push(&self, rows: &str) -> Value {
        self.request("POST /v1/push/payments", rows.as_bytes()).ok()
    }

    pub fn answer(&self, question: &Value) -> Value {
        self.request("POST /v1/answer", question.to_string().as_bytes()).ok()
    }

    pub fn get(&self, path: &str) -> Reply {
        self.request(&format!("GET {path}"), b"")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
