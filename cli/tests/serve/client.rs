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

pub fn command(program: &Path, state: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_featc"));
    command
        .args(["--json", "serve"])
        .arg(program)
        .arg("--state")
        .arg(state)
        .args(options)
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if !options.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
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

    /// As [`Server::start`], of a command.
    pub fn run(mut command: Command) -> Result<Server, String> {
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
    pub fn end(self) -> bool {
        self.end_saying().0
    }

    /// As [`Server::end`], with what it said on standard error.
    pub fn end_saying(mut self) -> (bool, String) {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("a child") {
                let mut said = String::new();
                let mut pipe = self.child.stderr.take().expect("a pipe");
                pipe.read_to_string(&mut said).expect("a readable pipe");
                return (status.success(), said);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        (false, String::new())
    }

    /// The most memory that it ever had, in KiB.
    pub fn peak_kib(&self) -> u64 {
        let about = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = about.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("a number")
    }

    pub fn request(&self, head: &str, body: &[u8]) -> Reply {
        self.try_request(head, body).expect("the server answers")
    }

    pub fn try_request(&self, head: &str, body: &[u8]) -> std::io::Result<Reply> {
        let (status, body) = self.try_bytes(head, body)?;
        Ok(Reply {
            status,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// The status, and the bytes of what is answered.
    pub fn bytes(&self, head: &str, body: &[u8]) -> (u16, Vec<u8>) {
        self.try_bytes(head, body).expect("the server answers")
    }

    /// A request; `head` is its first line without the version, and headers.
    fn try_bytes(&self, head: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let (first, headers) = head.split_once('\n').unwrap_or((head, ""));
        let headers: String = headers.lines().map(|line| format!("{line}\r\n")).collect();
        let length = match headers.to_lowercase().contains("content-length") {
            true => String::new(),
            false => format!("Content-Length: {}\r\n", body.len()),
        };
        let host = match headers.to_lowercase().contains("host:") {
            true => String::new(),
            false => format!("Host: {}\r\n", self.address),
        };
        let head = format!("{first} HTTP/1.1\r\n{host}Connection: close\r\n{length}{headers}\r\n");
        stream.write_all(head.as_bytes())?;
        // A server may refuse before it has read everything.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else {
            read?;
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        };
        let text = String::from_utf8_lossy(&answer[..head]).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.expect("a status"), answer.split_off(head + 4)))
    }

    /// A request that begins and does not go on.
    pub fn slow(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let head = "POST /v1/push/payments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{";
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
