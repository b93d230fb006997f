//! A case from a seed: program, rows, questions, truth, and the engines that answer it.

use super::engine::{self, Engine};
use super::served::add_cuts;
use crate::evaluators::{Asked, Case};
use featc_driver::Plans;
use featc_driver::diag::{Code, Severity, SourceMap};
use featc_ir::{Literal, Program, TableRows, Truth};
use featc_tests::rng::Rng;
use featc_tests::{logs, programs};
use featr_kernels::Value;
use programs::Generated;

/// A case, and all that is done with it.
pub struct Drawn {
    pub text: String,
    pub case: Case,
    pub plans: Plans,
    pub engines: Vec<Engine>,
    /// For what is chosen later.
    pub rng: Rng,
}

/// The program of a text; `None` if an event time of it lies out of its bounds in every row.
pub fn compiled(seed: u64, text: &str) -> Option<Program> {
    let mut sources = SourceMap::new();
    let file = sources.add("drawn.feat", text);
    let outcome = featc_driver::compile(&sources, &[file]);
    let errors = outcome.diagnostics.iter().map(|said| said.code);
    let errors: Vec<Code> = errors.filter(|code| code.severity() == Severity::Error).collect();
    let is_moved = |code: &Code| matches!(code, Code::MovedBack | Code::MovedTooFar);
    if outcome.value.is_none() && (errors.is_empty() || !errors.iter().all(is_moved)) {
        let said = featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false);
        panic!("seed {seed}: a drawn program does not compile\n{text}\n{said}")
    }
    outcome.value
}

/// Seeds with this bit draw programs of the language that the theory of `proofs/` knows.
pub const OF_THEORY: u64 = 1 << 63;

/// A program, and how it is written.
fn program(seed: u64, rng: &mut Rng) -> (Generated, Program) {
    loop {
        let generated = match seed & OF_THEORY {
            0 => programs::program_with_tables(rng),
            _ => programs::program_of_theory(rng),
        };
        if let Some(program) = compiled(seed, &generated.text) {
            return (generated, program);
        }
    }
}

/// What a table holds, as rows.
pub fn rows_of(held: &TableRows) -> Vec<Vec<Value>> {
    let row = |row: &Vec<Literal>| row.iter().map(Value::from_literal).collect();
    held.rows().iter().map(row).collect()
}

/// Draws the case of a seed.
pub fn draw(seed: u64) -> Drawn {
    let mut rng = Rng::new(seed);
    let (generated, mut program) = program(seed, &mut rng);
    let shapes = &generated.shapes;
    // Some cases have very many events of one entity: more than pages and groups hold, and than are read row by row.
    let is_long = rng.one_in(40);
    let entities = if is_long { 1 } else { 1 + rng.below(3) };
    let keys = logs::keys(&mut rng, &shapes[0], entities);
    let mut rows = Vec::new();
    for (place, source) in program.sources.iter().enumerate().take(shapes.len()) {
        let count = match is_long && place == 0 {
            true => *rng.pick(&[300, 600, 2_000]),
            false => *rng.pick(&[0, 3, 12, 20, 20, 20, 20, 30, 30, 40, 40, 60]),
        };
        rows.push(logs::events(&mut rng, (source, place), &shapes[place], &keys, count));
    }
    let held = programs::contents(&mut rng.clone(), &program, &rows, shapes[0].style);
    for source in &program.sources[shapes.len()..] {
        rows.push(match held.get(&source.name) {
            Some(versions) => rows_of(versions),
            None => programs::rows_of_table(&mut rng, source, (&program, &rows), shapes[0].style),
        });
    }
    let asked = if is_long {
        3
    } else {
        *rng.pick(&[1, 1, 2, 5, 12, 12, 12, 40])
    };
    let mut questions = logs::questions(&mut rng, &program, shapes, &rows, &keys, asked);
    // Some cases ask where it is decided which parts of files can be left out.
    let has_edges = !is_long && rng.one_in(6);
    if has_edges {
        logs::add_edges(&mut rng, &program, shapes, &mut rows, &mut questions);
    }
    let has_arrivals = program.sources.iter().all(|source| source.arrival.is_some());
    let truth = match has_arrivals {
        true => *rng.pick(&[
            Truth::Complete,
            Truth::AsOfArrival { delay_us: None },
            Truth::AsOfArrival { delay_us: None },
            Truth::AsOfArrival { delay_us: Some(0) },
            Truth::AsOfArrival {
                delay_us: Some(600_000_000),
            },
            Truth::AsServed,
            Truth::AsServed,
        ]),
        false => Truth::Complete,
    };
    let total = rows.iter().map(Vec::len).sum();
    let mut engines = engine::draw(&mut rng, shapes, total, asked);
    if has_edges {
        engines.push(engine::pruned(&mut rng, shapes, total));
    }
    program.hold(&held);
    // With what the tables hold.
    let plans = featc_driver::lower(&program);
    let asked = |asked: logs::Asked| Asked {
        at_us: asked.at_us,
        values: asked.values,
    };
    let mut questions: Vec<Asked> = questions.into_iter().map(asked).collect();
    if truth == Truth::AsServed {
        add_cuts(&mut rng, &program, &rows, &mut questions);
    }
    let case = Case {
        program,
        service: "s".to_owned(),
        rows,
        questions,
        truth,
    };
    if truth == Truth::AsServed {
        engines.retain(|engine| !is_long || !matches!(engine, Engine::Stream(_)));
        for engine in &mut engines {
            if let Engine::Files(layout) = engine {
                layout.replay = None;
            }
        }
    }
    Drawn {
        text: generated.text,
        case,
        plans,
        engines,
        rng,
    }
}
