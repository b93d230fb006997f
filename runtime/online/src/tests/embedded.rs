use super::fixture::{NOON, program};
use crate::{Answer, Clock, Folder, Options, Question, Runtime, SetClock};
use arrow::array::AsArray as _;
use arrow::datatypes::Float64Type;
use featr::{FileFormat, Program};
use std::path::Path;
use std::sync::Arc;

// The same lines stand in docs/embedding.md.
fn keep(program: Program, path: &Path, clock: Arc<dyn Clock>) -> Result<Answer, Box<dyn std::error::Error>> {
    // begin
    // The folder is locked while the runtime lives; `None`: another has it.
    let folder = Folder::take(path)?.ok_or("another process has the folder")?;
    let (runtime, opened) = Runtime::open(program, Arc::new(folder), clock, Options::default())?;
    println!("{} rows came from the log", opened.replayed);

    // Rows come as text; they are durable when this returns. A row whose arrival is null arrives now.
    let line = r#"{"id": 1, "card": "a", "amount": 9.5, "at": "2024-03-01T11:58:00Z", "seen": "2024-03-01T11:59:00Z"}"#;
    let rows = runtime.program().incoming("payments", FileFormat::Jsonl, line.into())?;
    let pushed = runtime.push_wait(rows)?;
    println!("{} of {} rows accepted", pushed.report.accepted, pushed.rows);

    let question = Question {
        service: "risk".to_owned(),
        rows: runtime.program().questions("risk", &[r#"{"card": "a"}"#])?,
        at_us: None, // now, by the clock
        request_id: None,
        is_whole: false,
    };
    let answer = runtime.answer_wait(&question)?;
    runtime.stop()?; // with a checkpoint; what was pushed is there without it, too
    // end
    Ok(answer)
}

#[test]
fn a_runtime_is_opened_pushed_to_and_asked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock = Arc::new(SetClock::at(NOON));
    let answer = keep(program(), &folder.path().join("state"), clock).expect("an answer");
    assert_eq!(answer.features.column(0).as_primitive::<Float64Type>().value(0), 9.5);
    assert_eq!(answer.features.column(1).as_string::<i32>().value(0), "ok");
}

#[test]
fn the_page_shows_what_is_compiled_here() {
    let page = include_str!("../../../../docs/embedding.md");
    let text = include_str!("embedded.rs");
    let shown = text
        .split("    // begin\n")
        .nth(1)
        .and_then(|rest| rest.split("    // end\n").next());
    let shown = shown.expect("the lines between the marks").replace("\n    ", "\n");
    assert!(page.contains(shown.trim()), "docs/embedding.md lacks:\n{shown}");
}
