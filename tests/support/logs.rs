//! Random event logs and questions for the sources of [`crate::programs`].

use crate::pools::{self, DAY_US, MINUTE_US, Times};
use crate::programs::{KEYS, OTHER, Shape, column};
use crate::rng::Rng;
use featc_ir::{Key, Lateness, Program, Source, Type, View};
use featr_kernels::Value;

/// 2024-01-01T00:00:00Z in microseconds, from where pages and fixed cases count.
pub const PAGES_START_US: i64 = 1_704_067_200_000_000;

/// A question: its instant, and the columns that it brings.
#[derive(Debug, Clone)]
pub struct Asked {
    pub at_us: i64,
    pub values: Vec<(String, Value)>,
}

/// A value for each of [`KEYS`].
pub type Keys = Vec<Value>;

/// Keys that events share, a few of them.
pub fn keys(rng: &mut Rng, shape: &Shape, count: usize) -> Vec<Keys> {
    let mut draw = || KEYS.iter().map(|(_, ty)| pools::value(rng, *ty, shape.style)).collect();
    (0..count).map(|_| draw()).collect()
}

/// The column's name in [`KEYS`] and in the drawn sources, without the number of the source.
fn base(name: &str, place: usize) -> &str {
    name.strip_suffix(&place.to_string()).unwrap_or(name)
}

/// The rows of a source, in no order, some of them copies of others.
pub fn events(
    rng: &mut Rng,
    (source, place): (&Source, usize),
    shape: &Shape,
    keys: &[Keys],
    count: usize,
) -> Vec<Vec<Value>> {
    let at = |name: &str| {
        let found = source
            .columns
            .iter()
            .position(|known| known.name == column(name, place));
        found.expect("a column of every source")
    };
    let (tau, seen, other, changed) = (at("tau"), at("seen"), at("other"), at("i"));
    let mut rows: Vec<Vec<Value>> = Vec::new();
    // In some logs many events share few instants: more than a page holds.
    let crowds = rng.one_in(6);
    for _ in 0..count {
        if !rows.is_empty() && rng.one_in(6) {
            let mut copy = rng.pick(&rows).clone();
            match rng.below(4) {
                0 => {}                                                                     // a copy in every respect
                1 => copy[seen] = Value::Timestamp(pools::instant(rng, shape.style.times)), // one that came at another time
                2 => copy[other] = Value::Null, // another row under the same id
                _ => copy[changed] = pools::value(rng, Type::Int64, shape.style),
            }
            rows.push(copy);
        } else {
            let mut drawn = row(rng, (source, place), shape, keys, count);
            if crowds && !rows.is_empty() && !rng.one_in(3) {
                let other = rng.pick(&rows);
                drawn[tau].clone_from(&other[tau]);
                drawn[seen].clone_from(&other[seen]);
            }
            rows.push(drawn);
        }
    }
    rows
}

fn row(rng: &mut Rng, (source, place): (&Source, usize), shape: &Shape, keys: &[Keys], count: usize) -> Vec<Value> {
    let own = rng.pick(keys).clone();
    let strays = rng.one_in(8);
    let tau = pools::instant(rng, shape.style.times);
    let lag = match rng.below(6) {
        0 | 2 | 3 => 0,
        1 => (rng.below(400) as i64 - 100) * MINUTE_US,
        _ => rng.below(30) as i64 * MINUTE_US / 2,
    };
    let columns = source.columns.iter().map(|declared| {
        let base = match declared.name == shape.id {
            true => "id",
            false => base(&declared.name, place),
        };
        let rare = base == "tau" || KEYS.iter().any(|(name, _)| *name == base);
        let is_null = declared.nullable && rng.one_in(if rare { 25 } else { 8 });
        let key = KEYS.iter().position(|(name, _)| *name == base);
        let drawn = match (base, key) {
            (_, Some(key)) if !strays => own[key].clone(),
            ("id", _) => {
                let number = rng.below(5 + count * 2 / 3) as i64;
                match declared.ty {
                    Type::String => Value::String(format!("x{number}")),
                    _ => Value::Int64(number),
                }
            }
            ("n", _) => Value::Int64(rng.below(3) as i64),
            ("tau", _) => Value::Timestamp(tau),
            ("seen", _) => Value::Timestamp(tau.saturating_add(lag)),
            ("u", _) if rng.one_in(12) => Value::String("?".to_owned()),
            ("u", _) => Value::String(pools::text_of(rng, shape.texts, shape.style)),
            ("f", _) if source.keep_nan && rng.one_in(50) => Value::float(f64::NAN),
            _ => pools::value(rng, declared.ty, shape.style),
        };
        match drawn {
            _ if is_null => Value::Null,
            // As the decoder has it.
            Value::Float64(value) if value.is_nan() && !source.keep_nan => {
                if declared.nullable {
                    Value::Null
                } else {
                    Value::Float64(0.5)
                }
            }
            Value::List(items) if !source.keep_nan => {
                let is_nan = |item: &Value| matches!(item, Value::Float64(value) if value.is_nan());
                let items = items.into_iter();
                Value::List(
                    items
                        .map(|item| if is_nan(&item) { Value::Null } else { item })
                        .collect(),
                )
            }
            drawn => drawn,
        }
    });
    columns.collect()
}

/// Distances from an event at which windows begin and end.
fn distance(rng: &mut Rng, times: Times) -> i64 {
    let hour = 60 * MINUTE_US;
    match times {
        Times::Near => *rng.pick(&[
            0,
            0,
            0,
            1,
            MINUTE_US,
            10 * MINUTE_US,
            10 * MINUTE_US,
            hour / 2,
            hour,
            hour,
            2 * hour,
            DAY_US,
        ]),
        Times::Years => *rng.pick(&[
            0,
            0,
            0,
            1,
            hour,
            DAY_US,
            DAY_US,
            7 * DAY_US,
            30 * DAY_US,
            365 * DAY_US,
            3650 * DAY_US,
        ]),
        Times::Ends => *rng.pick(&[0, 0, 1, MINUTE_US, 10 * MINUTE_US, 19_723 * DAY_US, i64::MAX]),
    }
}

/// Questions: at events, on both sides of the edges of windows, far away; to entities that are there and others.
pub fn questions(
    rng: &mut Rng,
    program: &Program,
    shapes: &[Shape],
    rows: &[Vec<Vec<Value>>],
    keys: &[Keys],
    count: usize,
) -> Vec<Asked> {
    (0..count).map(|_| question(rng, program, shapes, rows, keys)).collect()
}

fn question(rng: &mut Rng, program: &Program, shapes: &[Shape], rows: &[Vec<Vec<Value>>], keys: &[Keys]) -> Asked {
    // A row of every source, whose identity the question claims.
    let own: Vec<Vec<Value>> = (0..rows.len())
        .map(|place| match rows[place].is_empty() || rng.one_in(5) {
            true if place >= shapes.len() => vec![Value::Null; program.sources[place].columns.len()],
            true => row(rng, (&program.sources[place], place), &shapes[place], keys, 10),
            false => rng.pick(&rows[place]).clone(),
        })
        .collect();
    // A table that a view reads has columns of its own.
    let of_table = (rows.len() > shapes.len()).then_some(shapes.len());
    let from = rng.below(shapes.len());
    let times = shapes[from].style.times;
    let named = |name: &str| {
        let source = &program.sources[from];
        let found = source.columns.iter().position(|known| known.name == column(name, from));
        &own[from][found.expect("a column of every source")]
    };
    let version = of_table.filter(|_| rng.one_in(2));
    let version = version.map(|place| &own[place][program.sources[place].time.index()]);
    let base = match version.unwrap_or_else(|| named(if rng.one_in(8) { "other" } else { "tau" })) {
        Value::Timestamp(us) => *us,
        _ => pools::instant(rng, times),
    };
    let at_us = base
        .saturating_add(distance(rng, times))
        .saturating_add(rng.below(3) as i64 - 1);
    let mut values: Vec<(String, Value)> = Vec::new();
    let (kind, known) = (rng.below(16), rng.below(keys.len()));
    for (place, (name, ty)) in KEYS.iter().enumerate() {
        let value = match kind {
            0 => pools::value(rng, *ty, shapes[from].style),
            1 if rng.one_in(3) => Value::Null,
            1..=8 => named(name).clone(),
            _ => keys[known][place].clone(),
        };
        values.push(((*name).to_owned(), value));
    }
    let service = program.service("s").expect("the service of every drawn program");
    let asked = program.service_keys(service);
    for key in program.service_self_columns(service) {
        if asked.iter().any(|known| known.name == key.name) {
            continue;
        }
        // No key of the service: it is the identity.
        values.retain(|(known, _)| *known != key.name);
        let claimed = identities(program, &own, &key);
        values.push((key.name, rng.pick(&claimed).clone()));
    }
    // The keys of a table: of one of its versions, or anything.
    for (source, row) in program.sources.iter().zip(&own).skip(shapes.len()) {
        for (column, value) in source.columns.iter().zip(row) {
            if asked.iter().any(|key| key.name == column.name) {
                let value = match value.is_null() || rng.one_in(8) {
                    true => pools::value(rng, column.ty, shapes[from].style),
                    false => value.clone(),
                };
                values.push((column.name.clone(), value));
            }
        }
    }
    // What brings keys in roles: of another row, or anything.
    for key in &asked {
        let Some(of) = KEYS
            .iter()
            .position(|(name, _)| key.name.strip_prefix(OTHER) == Some(name))
        else {
            continue;
        };
        let value = match rng.below(8) {
            0 => pools::value(rng, key.ty, shapes[from].style),
            1 => Value::Null,
            2..=4 => named(KEYS[of].0).clone(),
            _ => rng.pick(keys)[of].clone(),
        };
        values.push((key.name.clone(), value));
    }
    for field in service.request() {
        let value = match rng.one_in(8) {
            true => Value::Null,
            false => pools::value(rng, field.ty, shapes[from].style),
        };
        values.push((field.name, value));
    }
    Asked { at_us, values }
}

/// Adds a question before all others and one after them, about entities of their own, and an event of theirs on
/// either side of the instants from which and up to which events of a source can matter: exactly there, a microsecond
/// beyond, or less than a minute inside.
pub fn add_edges(
    rng: &mut Rng,
    program: &Program,
    shapes: &[Shape],
    rows: &mut [Vec<Vec<Value>>],
    questions: &mut Vec<Asked>,
) {
    let mut times: Vec<i64> = questions.iter().map(|asked| asked.at_us).collect();
    times.sort_unstable();
    let (Some(least), Some(greatest)) = (times.first(), times.last()) else {
        return;
    };
    for (at_us, is_first) in [(least.saturating_sub(1), true), (greatest.saturating_add(1), false)] {
        let own = keys(rng, &shapes[0], 1);
        let mut asked = rng.pick(questions).clone();
        asked.at_us = at_us;
        for ((name, _), value) in KEYS.iter().zip(&own[0]) {
            if let Some((_, known)) = asked.values.iter_mut().find(|(known, _)| known == name) {
                known.clone_from(value);
            }
        }
        questions.push(asked);
        for (place, source) in program.sources.iter().enumerate().take(shapes.len()) {
            let bound = match is_first {
                true => reach_us(program, place).and_then(|reach| at_us.checked_sub(reach)),
                false => Some(at_us),
            };
            let Some(bound) = bound else { continue };
            let inside = rng.below(MINUTE_US as usize) as i64;
            // What is greater than the first bound matters, and what is not greater than the last.
            let tau = match (is_first, rng.below(4)) {
                (true, 0 | 1) | (false, 0) => bound.saturating_add(1),
                (true, 2) | (false, 1 | 2) => bound,
                (true, _) => bound.saturating_add(inside),
                (false, _) => bound.saturating_sub(inside),
            };
            let early = *rng.pick(&[0, 0, 5_000_000, 3 * MINUTE_US]);
            let mut drawn = row(rng, (source, place), &shapes[place], &own, 10);
            for (declared, value) in source.columns.iter().zip(&mut drawn) {
                match base(&declared.name, place) {
                    "tau" => *value = Value::Timestamp(tau),
                    "seen" => *value = Value::Timestamp(tau.saturating_sub(early)),
                    name => {
                        if let Some(key) = KEYS.iter().position(|(key, _)| *key == name) {
                            value.clone_from(&own[0][key]);
                        }
                    }
                }
            }
            rows[place].push(drawn);
        }
    }
}

/// How far questions look back in a source, in microseconds: the longest window, its lateness, and an hour; `None` where
/// they look back for ever.
pub fn reach_us(program: &Program, place: usize) -> Option<i64> {
    let late_us = match program.sources[place].lateness {
        Lateness::Within { bound_us } => i64::try_from(bound_us).ok()?,
        Lateness::Unbounded => 0,
    };
    let reads = |view: &&View| program.transform(view.transform).source.index() == place;
    let windows = program.views.iter().filter(reads).flat_map(|view| &view.windows);
    let lengths = windows.map(|window| i64::try_from(window.bounds().reach_us()?).ok());
    let longest = lengths.collect::<Option<Vec<i64>>>()?.into_iter().max()?;
    longest.checked_add(late_us)?.checked_add(60 * MINUTE_US)
}

/// What a column stands for in the rows of the sources that may be meant by it.
fn identities(program: &Program, rows: &[Vec<Value>], key: &Key) -> Vec<Value> {
    let mut found = Vec::new();
    for (source, row) in program.sources.iter().zip(rows) {
        for (position, column) in source.columns.iter().enumerate() {
            let is_named = column.name == key.name || source.qualified(&column.name) == key.name;
            if is_named && column.ty == key.ty {
                found.push(row[position].clone());
            }
        }
    }
    found
}
