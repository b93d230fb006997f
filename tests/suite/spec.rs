//! `tests/spec/<topic>.md`: the semantics in prose, with examples that model, batch and stream must all answer.
//!
//! A page holds blocks. `feat` is a program (later blocks use the last one). `events SOURCE` is a table of rows, of a source
//! or a table:
//! comma-separated, with a header; an empty cell is null, `""` the empty string. `expect SERVICE [TRUTH [DELAY]]` is a
//! table of questions and answers: `at` is the instant, columns named like keys (or `excluding self` columns, or cuts) belong to
//! the question, the others are fields of the service; `field?` is the field's status. Events stay until the next `feat`.
//! Instants are clock times of 2024-01-01 (`10:00`, `10:00:00.000001`), or of a later day (`+2d 10:00`).

use crate::evaluators::{Answers, Asked, Case, Delivery, Setting, batch, model, stream};
use featc_ir::{Contents, Program, Truth, Type};
use featc_tests::logs::PAGES_START_US;
use featc_tests::{files, read, root};
use featr_kernels::{Batch, Column, Value, tables};
use featr_stream::Paging;
use std::collections::BTreeMap;

/// The last program of a page, with the events told so far.
struct Scene {
    program: Program,
    plans: featc_driver::Plans,
    rows: Vec<Vec<Vec<Value>>>,
    /// By name.
    tables: BTreeMap<String, Vec<Vec<Value>>>,
}

impl Scene {
    /// What its tables hold; one of which no rows are told holds none.
    fn contents(&self) -> Contents {
        let tables = self.program.tables().into_iter();
        let held = tables.map(|table| {
            let rows = self.tables.get(&table.name).cloned().unwrap_or_default();
            let columns = table.columns.iter().enumerate().map(|(place, column)| {
                let values: Vec<Value> = rows.iter().map(|row| row[place].clone()).collect();
                Column::from_values(column.ty, &values)
            });
            let rows = Batch::from_columns(columns.collect());
            let held = tables::table_rows(&table, &[rows]).expect("a row per key");
            (table.name, held)
        });
        held.collect()
    }
}

fn scene(page: &str, text: &str) -> Scene {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add(page, text);
    let outcome = featc_driver::compile(&sources, &[file]);
    let said = featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false);
    let Some(program) = outcome.value else {
        panic!("{page}: a program does not compile\n{said}")
    };
    let rows = vec![Vec::new(); program.sources.len()];
    Scene {
        plans: featc_driver::lower(&program),
        program,
        rows,
        tables: BTreeMap::new(),
    }
}

fn clock(text: &str) -> i64 {
    if text.contains('T') {
        let written = featr_kernels::calendar::parse_written(text);
        let instant = written.and_then(|written| Some(written.local_us - written.offset_us?));
        return instant.unwrap_or_else(|| panic!("no instant: {text}"));
    }
    let (days, time) = match text.strip_prefix('+') {
        Some(rest) => rest.split_once("d ").expect("+Nd HH:MM"),
        None => ("0", text),
    };
    let mut parts = time.split(':');
    let mut number = || {
        parts.next().map_or(0.0, |part| {
            part.parse::<f64>().unwrap_or_else(|_| panic!("no instant: {text}"))
        })
    };
    let (hours, minutes, seconds) = (number(), number(), number());
    let us = (hours * 3600.0 + minutes * 60.0) as i64 * 1_000_000 + (seconds * 1e6).round() as i64;
    PAGES_START_US + days.parse::<i64>().expect("a number of days") * 86_400_000_000 + us
}

fn duration(text: &str) -> i64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        other => panic!("no unit: {other}"),
    };
    digits.parse::<i64>().expect("a number") * unit
}

fn value(text: &str, ty: Type) -> Value {
    if text.is_empty() || text == "null" {
        return Value::Null;
    }
    let bad = || -> ! { panic!("`{text}` is no {ty}") };
    match ty {
        Type::Bool => Value::Bool(text == "true"),
        Type::Int64 => Value::Int64(text.parse().unwrap_or_else(|_| bad())),
        Type::Float64 => Value::Float64(featr_kernels::value::canonical(text.parse().unwrap_or_else(|_| bad()))),
        Type::Decimal { scale, .. } => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let digits = format!("{whole}{fraction:0<width$}", width = usize::from(scale));
            Value::Decimal(digits.parse().unwrap_or_else(|_| bad()))
        }
        Type::String => Value::String(if text == "\"\"" { String::new() } else { text.to_owned() }),
        Type::Timestamp => Value::Timestamp(clock(text)),
        Type::Date => {
            let day: i32 = text
                .strip_prefix("2024-01-")
                .and_then(|day| day.parse().ok())
                .unwrap_or_else(|| bad());
            Value::Date(19_722 + day)
        }
        Type::Duration => Value::Duration(duration(text)),
        // The commas of a table divide its cells.
        Type::List(of) => {
            let items = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
            let items = items.unwrap_or_else(|| bad()).split_whitespace();
            Value::List(items.map(|item| value(item, *of)).collect())
        }
    }
}

fn table(text: &str) -> (Vec<&str>, Vec<Vec<&str>>) {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let header: Vec<&str> = lines.next().expect("a header").split(',').map(str::trim).collect();
    (
        header,
        lines.map(|line| line.split(',').map(str::trim).collect()).collect(),
    )
}

fn add_events(scene: &mut Scene, source: &str, text: &str) {
    let tables = scene.program.tables();
    let position = scene.program.sources.iter().position(|known| known.name == source);
    let columns = match (position, tables.iter().find(|table| table.name == source)) {
        (Some(position), _) => &scene.program.sources[position].columns,
        (None, Some(table)) => &table.columns,
        (None, None) => panic!("no source or table {source}"),
    };
    let (header, rows) = table(text);
    for name in &header {
        assert!(
            columns.iter().any(|column| column.name == *name),
            "source {source} has no column {name}"
        );
    }
    for row in rows {
        let cell = |name: &str| {
            header
                .iter()
                .position(|known| *known == name)
                .map_or("", |place| row[place])
        };
        let values = columns
            .iter()
            .map(|column| value(cell(&column.name), column.ty))
            .collect();
        let values: Vec<Value> = values;
        // The versions of a table may be looked up, and be the rows of a view.
        if tables.iter().any(|table| table.name == source) {
            scene.tables.entry(source.to_owned()).or_default().push(values.clone());
        }
        if let Some(position) = position {
            scene.rows[position].push(values);
        }
    }
}

fn truth(words: &[&str]) -> Truth {
    match words {
        [] | ["complete"] => Truth::Complete,
        ["as-of-arrival"] => Truth::AsOfArrival { delay_us: None },
        ["as-of-arrival", delay] => Truth::AsOfArrival {
            delay_us: Some(duration(delay).unsigned_abs()),
        },
        ["as-served"] => Truth::AsServed,
        other => panic!("no truth: {other:?}"),
    }
}

/// Compares one table; returns what is wrong, and how many cells it compared.
fn expect(page: &str, scene: &Scene, words: &str, text: &str) -> (Vec<String>, usize) {
    let words: Vec<&str> = words.split_whitespace().collect();
    let service = scene
        .program
        .service(words[0])
        .unwrap_or_else(|| panic!("{page}: no service {}", words[0]));
    let (header, rows) = table(text);
    let asks = scene
        .program
        .service_keys(service)
        .into_iter()
        .chain(scene.program.service_self_columns(service))
        .chain(service.request())
        .chain(crate::evaluators::cut_keys(&scene.program));
    let asks: Vec<featc_ir::Key> = asks.collect();
    let question = |row: &Vec<&str>| {
        let place = |name: &str| header.iter().position(|known| *known == name);
        let values = asks
            .iter()
            .filter_map(|key| place(&key.name).map(|at| (key.name.clone(), value(row[at], key.ty))));
        Asked {
            at_us: clock(row[place("at").expect("a column `at`")]),
            values: values.collect(),
        }
    };
    let contents = scene.contents();
    let mut plans = scene.plans.clone();
    plans.batch.iter_mut().for_each(|plan| plan.hold(&contents));
    plans.stream.iter_mut().for_each(|graph| graph.hold(&contents));
    let mut program = scene.program.clone();
    program.hold(&contents);
    let case = Case {
        program,
        service: service.name.clone(),
        rows: scene.rows.clone(),
        questions: rows.iter().map(question).collect(),
        truth: truth(&words[1..]),
    };
    let plain = Delivery {
        shuffle: None,
        chunk: 1000,
        restart_every: None,
        branches: None,
        retracts: false,
        paging: Paging::default(),
    };
    let rough = Delivery {
        shuffle: Some(7),
        chunk: 1,
        restart_every: Some(2),
        branches: Some(9),
        retracts: true,
        ..plain
    };
    let answers: [(&str, Answers); 4] = [
        ("model", model(&case)),
        ("batch", batch(&case, &plans, Setting::PLAIN).answers()),
        ("stream", stream(&case, &plans, plain)),
        ("stream, shuffled and restarted", stream(&case, &plans, rough)),
    ];
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (place, name) in header.iter().enumerate() {
        let (field, status) = name.strip_suffix('?').map_or((*name, false), |field| (field, true));
        let columns: Vec<_> = service.columns(&scene.program).collect();
        let is_it = |known: &&(&str, Type)| known.0 == field || known.0.ends_with(&format!("__{field}"));
        let Some((field, ty)) = columns
            .iter()
            .position(|known| is_it(&known))
            .map(|at| (at, columns[at].1))
        else {
            assert!(
                *name == "at" || asks.iter().any(|key| key.name == *name),
                "{page}: no column {name}"
            );
            continue;
        };
        for (row, cells) in rows.iter().enumerate() {
            for (who, answer) in &answers {
                let (actual, actual_status) = &answer[row][field];
                compared += 1;
                let right = if status {
                    actual_status.to_string() == cells[place]
                } else {
                    *actual == value(cells[place], ty)
                };
                if !right {
                    let actual = if status {
                        actual_status.to_string()
                    } else {
                        actual.render(ty)
                    };
                    wrong.push(format!(
                        "{page}: row {} `{}`, {name}: {who} says {actual}",
                        row + 1,
                        cells.join(", ")
                    ));
                }
            }
        }
    }
    (wrong, compared)
}

#[test]
fn every_page_holds_on_every_engine() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for path in files(&root().join("tests/spec"), ".md") {
        let page = path.file_name().expect("a file").to_string_lossy().into_owned();
        let text = read(&path);
        let mut current: Option<Scene> = None;
        for block in text.split("\n```").skip(1).step_by(2) {
            let (head, body) = block.split_once('\n').unwrap_or((block, ""));
            let (kind, words) = head.split_once(' ').unwrap_or((head, ""));
            let told = || panic!("{page}: `{head}` before a program");
            match kind {
                "feat" => current = Some(scene(&page, body)),
                "events" => add_events(current.as_mut().unwrap_or_else(told), words, body),
                "expect" => {
                    let (problems, cells) = expect(
                        &page,
                        current
                            .as_ref()
                            .unwrap_or_else(|| panic!("{page}: `{head}` before a program")),
                        words,
                        body,
                    );
                    wrong.extend(problems);
                    compared += cells;
                }
                other => panic!("{page}: a block of kind `{other}`"),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 200, "only {compared} cells were compared");
}
