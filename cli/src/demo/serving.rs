//! The last stop of the tour: a server of this binary, rows and questions over HTTP, a kill, a restart.

use crate::args::{self, Cli};
use crate::report::{Refused, Reporter};
use crate::{errors, train};
use arrow::array::RecordBatch;
use arrow::ipc::writer::StreamWriter;
use clap::Parser as _;
use featc_ir::Type;
use featr::{Program, Recorded, Side};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Rows of one push.
const ROWS_PER_PUSH: usize = 10_000;

/// What goes wrong here is told as what broke.
type Broken = Box<dyn std::error::Error>;

/// The folder of the tour, and the words that start this command line.
pub type Place<'a> = (&'a Path, &'a [OsString]);

/// A server, killed when it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start((folder, itself): Place<'_>) -> Result<Server, Broken> {
        let (program, words) = itself
            .split_first()
            .ok_or("nobody knows what the command line is called")?;
        let mut command = Command::new(program);
        command.args(words);
        // Its flights are of 2013: state is kept as far back.
        command.args([
            "--json",
            "serve",
            "flights.feat",
            "--state",
            "state",
            "--listen",
            "127.0.0.1:0",
            "--history",
            "20000d",
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.current_dir(folder).spawn()?;
        let mut line = String::new();
        let said = child.stdout.take().ok_or("no pipe")?;
        BufReader::new(said).read_line(&mut line)?;
        let Ok(said) = serde_json::from_str::<Value>(&line) else {
            return Err(String::from_utf8_lossy(&child.wait_with_output()?.stderr).into());
        };
        let address = said["listening"].as_str().ok_or("no address")?.to_owned();
        Ok(Server { child, address })
    }

    fn post(&self, path: &str, media: &str, body: &[u8]) -> Result<Value, Broken> {
        let mut stream = TcpStream::connect(&self.address)?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        match head.contains(" 200 ") {
            true => Ok(serde_json::from_str(body)?),
            false => Err(body.into()),
        }
    }

    fn kill(mut self) -> Result<(), Broken> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Server {
    /// Ends it in order: what it answered is in the served log then.
    fn end(mut self) -> Result<(), Broken> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Rows as Arrow IPC streams, some thousands each.
fn streams(recorded: &Recorded) -> Result<Vec<Vec<u8>>, Broken> {
    let columns = recorded.source.columns.iter().zip(&recorded.rows.columns);
    let columns = columns.map(|(column, values)| (column.name.clone(), featr::to_arrow(values), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
    let starts = (0..batch.num_rows()).step_by(ROWS_PER_PUSH);
    let stream = |from: usize| -> Result<Vec<u8>, Broken> {
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
        writer.write(&batch.slice(from, ROWS_PER_PUSH.min(batch.num_rows() - from)))?;
        Ok(writer.into_inner()?)
    };
    starts.map(stream).collect()
}

/// Serves the program in the folder, pushes its history, asks, kills, starts again, and asks again.
pub fn stop(place: Place<'_>, (program, service): (&Program, &str), reporter: &Reporter) -> Result<(), Refused> {
    let refuse = |broken: Broken| reporter.refuse::<()>(errors::bug(&format!("the tour's server: {broken}")));
    let at_hand = program;
    let folder = place.0;
    let served = match tour(place, (program, service), reporter) {
        Ok(served) => served,
        Err(broken) => return refuse(broken),
    };
    let log = format!("state/served/{service}");
    if !reporter.json {
        let command =
            format!("\n$ featc train flights.feat --service {service} --served-log {log} --out as-served.jsonl");
        reporter.result(&command, &Value::Null);
    }
    let path = |name: &str| folder.join(name).display().to_string();
    let (program, log, out) = (path("flights.feat"), path(&log), path("as-served.jsonl"));
    let words = [
        "featc",
        "train",
        &program,
        "--service",
        service,
        "--served-log",
        &log,
        "--out",
        &out,
    ];
    match Cli::try_parse_from(words).map(|cli| cli.command) {
        Ok(args::Command::Train(args)) => train::run(&args, reporter)?,
        _ => return refuse("the command of its training set is none".into()),
    }
    let fields = at_hand.fields(service);
    compare(Path::new(&out), (&served, &fields), reporter).or_else(refuse)
}

/// Compares what was served with what training makes of it; durations have another form in answers than in files.
fn compare(out: &Path, (served, fields): (&Value, &[(String, Type)]), reporter: &Reporter) -> Result<(), Broken> {
    let text = std::fs::read_to_string(out)?;
    let row: Value = serde_json::from_str(text.lines().last().ok_or("no answer was logged")?)?;
    let compared: Vec<&str> = fields
        .iter()
        .filter(|(_, ty)| *ty != Type::Duration)
        .map(|(name, _)| name.as_str())
        .collect();
    let differ = compared
        .iter()
        .filter(|name| row.get(**name).is_none() || row.get(**name) != served.get(**name))
        .count();
    let compared = compared.len();
    let text =
        format!("as served: {compared} values (all but durations) compared with the training set: {differ} differ");
    reporter.result(&text, &json!({ "compared": compared, "differ": differ }));
    match differ {
        0 => Ok(()),
        _ => Err(format!("{served} was served, and {row} is computed").into()),
    }
}

/// Returns the values that were served.
fn tour(place: Place<'_>, (program, service): (&Program, &str), reporter: &Reporter) -> Result<Value, Broken> {
    let say = |text: &str, value: Value| reporter.result(text, &value);
    let recorded = program.record(service, Side::Batch, None)?;
    let departures = recorded.first().ok_or("no source")?;
    if !reporter.json {
        say(
            "\n$ featc serve flights.feat --state state --history 20000d &",
            Value::Null,
        );
    }
    let server = Server::start(place)?;
    let mut accepted = 0;
    for stream in streams(departures)? {
        let path = format!("/v1/push/{}", departures.source.name);
        let pushed = server.post(&path, "application/vnd.apache.arrow.stream", &stream)?;
        accepted += pushed["accepted"].as_u64().unwrap_or(0);
    }
    let question = json!({
        "service": service, "at": "2013-03-01T12:00:00Z",
        "entity": { "carrier": "AA", "origin": "JFK", "tailnum": "N338AA", "flight_id": null },
    });
    let ask = |server: &Server| server.post("/v1/answer", "application/json", question.to_string().as_bytes());
    let first = ask(&server)?;
    say(
        &format!(
            "POST /v1/push/{}: {accepted} rows on disk\nPOST /v1/answer {question}",
            departures.source.name
        ),
        json!({ "pushed": accepted }),
    );
    server.kill()?;
    let server = Server::start(place)?;
    let second = ask(&server)?;
    server.end()?;
    let values = first["answers"][0]["values"]
        .as_object()
        .map_or(0, serde_json::Map::len);
    let same = first["answers"] == second["answers"];
    let differ = if same { "the same" } else { "DIFFERENT" };
    say(
        &format!("kill -9, and the same line again: {values} values, {differ} as before"),
        json!({ "values": values, "same": same }),
    );
    match same && values > 0 {
        true => Ok(second["answers"][0]["values"].clone()),
        false => Err(format!("{first} before, {second} after").into()),
    }
}
