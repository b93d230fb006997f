//! Truth `as_served` by the streaming engine, whose questions bring no cuts: each has an engine of its own.

use super::stream::{Delivery, arrival, stream};
use super::{Answers, Asked, Case};
use featc_driver::Plans;
use featc_ir::plan::StreamGraph;
use featc_ir::{Contents, Cut, Literal, Source, Status, TableRows, Truth, Type};
use featc_tests::rng::Rng;
use featr_kernels::{Batch, Column, Value};
use featr_stream::{Cuts, Engine, Questions};

/// Of each source of a program the cut that a question brings: `None` where it has none.
fn cuts(case: &Case, asked: &Asked) -> Vec<Option<Value>> {
    let of_source = |source: &featc_ir::Source| {
        let name = source.cut_key().name;
        let found = asked.values.iter().find(|(known, _)| *known == name);
        (source.cut_under(Truth::AsServed) == Cut::Given).then(|| found.map_or(Value::Null, |(_, value)| value.clone()))
    };
    case.program.sources.iter().map(of_source).collect()
}

/// The delays that are the cuts of a question, as of arrival; `None` where a cut is null, or later than the instant.
fn delays(case: &Case, asked: &Asked) -> Option<Vec<u64>> {
    let delay = |cut: Option<Value>| match cut {
        None => Some(0),
        Some(Value::Timestamp(cut_us)) => u64::try_from(i128::from(asked.at_us) - i128::from(cut_us)).ok(),
        Some(_) => None,
    };
    cuts(case, asked).into_iter().map(delay).collect()
}

/// Whether [`stream_served`] can answer: where a cut is null or later than the instant, no view may have a `ttl`, for what is
/// fed to an engine says nothing of the time at which it came.
pub fn streams(case: &Case) -> bool {
    let has_ttl = case.program.views.iter().any(|view| view.ttl_us.is_some());
    !has_ttl || case.questions.iter().all(|asked| delays(case, asked).is_some())
}

/// As of arrival with the delays that are the cuts; else in truth `complete`, fed what has arrived by then. Where rows look into
/// tables with versions, or somebody shuffles, by an engine that is told the cuts.
pub fn stream_served(case: &Case, plans: &Plans, delivery: Delivery) -> Answers {
    let awaits = case.program.tables().iter().any(|table| table.versions.is_some());
    if awaits || delivery.shuffle.is_some() || !streams(case) {
        return case.questions.iter().map(|asked| told(case, asked, delivery)).collect();
    }
    let answer = |asked: &Asked| {
        let mut one = Case {
            questions: vec![asked.clone()],
            ..case.clone()
        };
        let answers = match delays(case, asked) {
            Some(delays) => {
                for (source, delay_us) in one.program.sources.iter_mut().zip(delays) {
                    source.delay_us = delay_us;
                }
                one.truth = Truth::AsOfArrival { delay_us: None };
                stream(&one, &featc_driver::lower(&one.program), delivery)
            }
            None => {
                for (source, cut) in cuts(case, asked).into_iter().enumerate() {
                    let Some(cut) = cut else { continue };
                    let has_arrived = |row: &usize| match cut {
                        Value::Timestamp(cut_us) => arrival(case, source, *row) <= cut_us,
                        _ => false,
                    };
                    let rows = (0..case.rows[source].len()).filter(has_arrived);
                    one.rows[source] = rows.map(|row| case.rows[source][row].clone()).collect();
                }
                one.truth = Truth::Complete;
                stream(&one, plans, delivery)
            }
        };
        answers.into_iter().next().expect("an answer to the question")
    };
    case.questions.iter().map(answer).collect()
}

/// What comes to an engine: rows of a source or a table, each with its arrival.
struct Input {
    name: String,
    ty: Vec<Type>,
    rows: Vec<(i64, Vec<Value>)>,
}

impl Input {
    fn batch(&self, rows: &[usize]) -> Batch {
        let column = |(place, ty): (usize, &Type)| {
            let values: Vec<Value> = rows.iter().map(|row| self.rows[*row].1[place].clone()).collect();
            Column::from_values(*ty, &values)
        };
        let columns = self.ty.iter().enumerate().map(column).collect();
        Batch {
            rows: rows.len(),
            columns,
        }
    }
}

/// The answer of an engine that takes in rows of sources and tables, in any order but for arrivals: what has arrived by a cut comes
/// before it.
fn told(case: &Case, asked: &Asked, delivery: Delivery) -> Vec<(Value, Status)> {
    let mut rng = Rng::new(delivery.shuffle.unwrap_or(1));
    let mut contents = Contents::new();
    let mut program = case.program.clone();
    program.lookups_mut(&mut |lookup| {
        if let Some(rows) = lookup.rows.take() {
            contents.insert(lookup.table.name.clone(), rows);
        }
    });
    let mut inputs: Vec<Input> = Vec::new();
    for (source, declared) in program.sources.iter().enumerate() {
        let rows = case.rows[source].iter().enumerate();
        inputs.push(Input {
            name: declared.name.clone(),
            ty: declared.columns.iter().map(|column| column.ty).collect(),
            rows: rows
                .map(|(row, values)| (arrival(case, source, row), values.clone()))
                .collect(),
        });
    }
    for table in program.tables() {
        let Some(versions) = table.versions else { continue };
        let rows = contents
            .remove(&table.name)
            .unwrap_or_else(|| TableRows::new(table.key.clone(), Vec::new()));
        let row = |row: &Vec<Literal>| {
            let known = match row[versions.arrival.index()] {
                Literal::Timestamp(us) => us,
                _ => unreachable!("an arrival is an instant"),
            };
            (known, row.iter().map(Value::from_literal).collect())
        };
        inputs.push(Input {
            name: table.name.clone(),
            ty: table.columns.iter().map(|column| column.ty).collect(),
            rows: rows.rows().iter().map(row).collect(),
        });
    }
    let mut graphs = featc_driver::lower(&program).stream;
    graphs.iter_mut().for_each(|graph| graph.hold(&contents));
    let mut last = Cuts::new();
    for (name, value) in &asked.values {
        if let (Some(input), Value::Timestamp(us)) = (name.strip_prefix(Source::CUT), value) {
            last.insert(input.to_owned(), *us);
        }
    }
    let is_input = |name: &String| inputs.iter().any(|input| input.name == *name);
    last.retain(|name, _| is_input(name));
    let mut engine = Engine::with_paging(graphs.clone(), Truth::AsServed, delivery.paging).expect("lowered graphs");
    let arrivals: Vec<i64> = inputs
        .iter()
        .flat_map(|input| input.rows.iter().map(|(us, _)| *us))
        .collect();
    let until: Vec<i64> = match arrivals.is_empty() {
        true => vec![i64::MAX],
        false => vec![*rng.pick(&arrivals), i64::MAX],
    };
    let mut after = None;
    let mut since_restart = 0;
    for until_us in until {
        let mut chunks: Vec<(usize, Vec<usize>)> = Vec::new();
        for (place, input) in inputs.iter().enumerate() {
            let comes = |row: &usize| {
                let us = input.rows[*row].0;
                us <= until_us && after.is_none_or(|after| us > after)
            };
            let mut rows: Vec<usize> = (0..input.rows.len()).filter(comes).collect();
            rng.shuffle(&mut rows);
            chunks.extend(rows.chunks(delivery.chunk.max(1)).map(|chunk| (place, chunk.to_vec())));
        }
        rng.shuffle(&mut chunks);
        for (place, rows) in chunks {
            engine.step(&inputs[place].name, &inputs[place].batch(&rows));
            since_restart += rows.len();
            if delivery.restart_every.is_some_and(|every| since_restart >= every) {
                since_restart = 0;
                engine = restarted(&engine, &graphs, delivery);
            }
        }
        let cuts: Cuts = last
            .iter()
            .map(|(name, us)| (name.clone(), until_us.min(*us)))
            .collect();
        engine.let_in(&cuts).expect("cuts go on");
        engine = match delivery.restart_every {
            Some(_) => restarted(&engine, &graphs, delivery),
            None => engine,
        };
        // What lies before the question may go at any time.
        if after.is_none() && rng.one_in(2) {
            engine
                .advance(asked.at_us.saturating_sub(rng.below(3) as i64))
                .expect("the first");
        }
        after = Some(until_us);
    }
    let _ = engine.advance(asked.at_us);
    let spine = engine.service(&case.service).expect("the case names a service");
    let one = Case {
        questions: vec![asked.clone()],
        ..case.clone()
    };
    let questions = Questions {
        times: vec![asked.at_us],
        keys: one.columns(&spine.keys, &[0]),
        self_columns: one.columns(&spine.self_columns, &[0]),
        request: one.columns(&spine.request, &[0]),
    };
    let read = engine.read(&case.service, &questions).expect("well-formed questions");
    let answer = read
        .into_iter()
        .map(|(column, statuses)| (column.value(0), statuses[0]));
    answer.collect()
}

fn restarted(engine: &Engine, graphs: &[StreamGraph], delivery: Delivery) -> Engine {
    let bytes = engine.snapshot();
    let restored = Engine::restore_with_paging(graphs.to_vec(), Truth::AsServed, &bytes, delivery.paging);
    let (restored, report) = restored.expect("an engine restores its own snapshot");
    assert!(report.is_whole(), "{report:?}");
    let is_same = restored.snapshot() == bytes;
    assert!(
        is_same,
        "a snapshot of what was restored: {:?}, {:?}",
        restored.stats(),
        engine.stats()
    );
    restored
}
