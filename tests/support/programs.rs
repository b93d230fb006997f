//! Random typed programs, as text: they go through the whole front end.
//!
//! A program has one to three sources of one schema (names end in the number of the source), transforms on them, entities
//! with keys of every key type, views, and a service `s` with all features. Expressions are drawn towards a type. A
//! program compiles, unless one of its event times lies out of its bounds in every row (E0310, E0312).

mod expressions;
mod features;
mod operations;
mod tables;

pub use tables::{CHANGING, contents, rows_of_table};

use crate::pools::{Style, Times};
use crate::rng::Rng;
use expressions::Scope;
use featc_ir::Type;
use std::fmt::Write as _;
use tables::Declared;

pub const SHORT: Type = Type::Decimal {
    precision: 10,
    scale: 2,
};
pub const LONG: Type = Type::Decimal {
    precision: 20,
    scale: 5,
};
const PRICE: Type = Type::Decimal { precision: 8, scale: 2 };

/// The keys that entities are made of: name and type. In every source but the first, the names end in the number of the source.
pub const KEYS: [(&str, Type); 6] = [
    ("kb", Type::Bool),
    ("ki", Type::Int64),
    ("kd", PRICE),
    ("ks", Type::String),
    ("kt", Type::Timestamp),
    ("ky", Type::Date),
];

/// What stands before the name of a key in the column that brings it in a role.
pub const OTHER: &str = "other_";

/// The number among them: some sources call their identity so.
const KEY_NAME: &str = "ki";

/// Columns that expressions read, by name without the number of the source.
const VALUES: [(&str, Type, bool); 14] = [
    ("n", Type::Int64, true),
    ("i", Type::Int64, true),
    ("j", Type::Int64, false),
    ("f", Type::Float64, true),
    ("g", Type::Float64, false),
    ("d", SHORT, true),
    ("m", LONG, true),
    ("s", Type::String, true),
    ("u", Type::String, true),
    ("b", Type::Bool, true),
    ("day", Type::Date, true),
    ("span", Type::Duration, true),
    ("tau", Type::Timestamp, true),
    ("other", Type::Timestamp, true),
];

/// The fields of the request of a program, by name.
pub const FIELDS: [(&str, Type); 5] = [
    ("asked_n", Type::Int64),
    ("asked_f", Type::Float64),
    ("asked_d", PRICE),
    ("asked_s", Type::String),
    ("asked_t", Type::Timestamp),
];

/// What a log of a source must know beside the program.
#[derive(Debug, Clone)]
pub struct Shape {
    pub style: Style,
    /// The type that the texts of column `u` are values of.
    pub texts: Type,
    /// What the source calls its identity.
    pub id: String,
}

/// The text of a program, and the style of its sources. A source more is a table that a view reads.
#[derive(Debug, Clone)]
pub struct Generated {
    pub text: String,
    pub shapes: Vec<Shape>,
}

/// Rows that a view may read.
struct Rows {
    name: String,
    source: usize,
    /// Whether the source says `begins`: an `at` then needs a bound.
    begins: bool,
    /// The instants of its style.
    times: Times,
    columns: Vec<(String, Type)>,
}

/// The name of a column of a source.
pub fn column(name: &str, source: usize) -> String {
    let is_shared = source == 0 && KEYS.iter().any(|(key, _)| *key == name);
    if is_shared {
        name.to_owned()
    } else {
        format!("{name}{source}")
    }
}

/// Draws a program.
pub fn program(rng: &mut Rng) -> Generated {
    drawn(rng, (false, false))
}

/// Draws a program of the language that the theory of `proofs/` knows.
pub fn program_of_theory(rng: &mut Rng) -> Generated {
    drawn(rng, (false, true))
}

/// Draws a program that may look into tables.
pub fn program_with_tables(rng: &mut Rng) -> Generated {
    // A copy, so that programs without tables are those of `program`.
    let mut chooses = rng.clone();
    chooses.below(7);
    let has_tables = chooses.one_in(3);
    drawn(rng, (has_tables, false))
}

fn drawn(rng: &mut Rng, (has_tables, of_theory): (bool, bool)) -> Generated {
    let mut text = "module drawn\n\n".to_owned();
    let entities: Vec<Vec<usize>> = (0..1 + rng.below(3)).map(|_| keys(rng)).collect();
    for (place, keys) in entities.iter().enumerate() {
        let keys: Vec<String> = keys
            .iter()
            .map(|key| format!("{}: {}", KEYS[*key].0, KEYS[*key].1))
            .collect();
        let _ = writeln!(text, "entity e{place} ({})", keys.join(", "));
    }
    let count = *rng.pick(&[1, 1, 2, 2, 3]);
    let mut style = Style::draw(rng);
    style.summarised |= of_theory;
    style.of_theory = of_theory;
    let shares_id = rng.one_in(3);
    let mut shapes = Vec::new();
    let mut rows = Vec::new();
    for source in 0..count {
        let style = Style {
            numbers: if rng.one_in(3) {
                Style::draw(rng).numbers
            } else {
                style.numbers
            },
            ..style
        };
        let texts = *rng.pick(&[
            Type::Int64,
            Type::Float64,
            SHORT,
            Type::Bool,
            Type::Timestamp,
            Type::Date,
        ]);
        // Of the first source, this is the name of the key's own column.
        let is_key = source > 0 && rng.one_in(3);
        let id = match (is_key, shares_id) {
            (true, _) => KEY_NAME.to_owned(),
            (false, true) => "id".to_owned(),
            (false, false) => column("id", source),
        };
        rows.push(write_source(rng, &mut text, (source, &id), style));
        shapes.push(Shape { style, texts, id });
    }
    let tables = match has_tables {
        true => tables::write(rng, &mut text),
        false => Vec::new(),
    };
    for source in 0..count {
        for number in 0..*rng.pick(&[0, 1, 1, 1, 2]) {
            let from = rng.below(rows.len());
            let from = if rows[from].source == source { from } else { source };
            let written = write_transform(
                rng,
                &mut text,
                format!("t{source}_{number}"),
                &rows[from],
                (&shapes, &tables),
            );
            rows.push(written);
        }
    }
    let views = 1 + rng.below(3);
    let mut features: Vec<(String, Type)> = Vec::new();
    let mut roles: Vec<Role> = Vec::new();
    for view in 0..views {
        // The last rows are those with most steps, and every source is to be read.
        let from = match view {
            0 => rows.len() - 1,
            1 => (0..rows.len()).rev().find(|at| rows[*at].source == 0).unwrap_or(0),
            _ => rng.below(rows.len()),
        };
        let entity = rng.below(entities.len());
        let style = shapes[rows[from].source].style;
        let named = write_view(rng, &mut text, view, (entity, &entities[entity]), &rows[from], style);
        roles.extend(role(rng, view, &entities[entity], &named));
        features.extend(named.into_iter().map(|(name, ty)| (format!("v{view}.{name}"), ty)));
    }
    let of_table = tables::write_view(rng, &mut text, &tables, style);
    if let Some(named) = &of_table {
        features.extend(named.iter().cloned());
    }
    let fields = FIELDS.map(|(name, ty)| format!("{name}: {ty}"));
    let _ = writeln!(text, "request asked ({})\n", fields.join(", "));
    text += "service s {\n";
    // A copy, so that what is drawn afterwards does not depend on the gates.
    let mut gates = rng.clone();
    for view in 0..views {
        let fallback = *gates.pick(&["", "", "", "", "", "", " fallback impute", " fallback gate"]);
        let _ = writeln!(text, "  v{view}.*{fallback}");
    }
    if of_table.is_some() {
        let _ = writeln!(text, "  {}.*", tables::VIEW);
    }
    for role in roles {
        text += &role.text;
        features.extend(role.features);
    }
    features::write_own(rng, &mut text, &features, style);
    text += "}\n";
    Generated { text, shapes }
}

/// A view in a role: its declaration and its entry, and the features that can be read.
struct Role {
    text: String,
    features: Vec<(String, Type)>,
}

/// A role of a view, of some views: at least one of its keys is brought by another column.
fn role(rng: &Rng, view: usize, keys: &[usize], named: &[(String, Type)]) -> Option<Role> {
    // A copy, so that what is drawn afterwards does not depend on it.
    let mut rng = rng.clone();
    if !rng.one_in(4) {
        return None;
    }
    let other = rng.below(keys.len());
    let by = keys
        .iter()
        .enumerate()
        .map(|(place, key)| match place == other || rng.one_in(2) {
            true => format!("{OTHER}{}", KEYS[*key].0),
            false => KEYS[*key].0.to_owned(),
        });
    let by = by.collect::<Vec<_>>().join(", ");
    let (one, _) = rng.pick(named);
    let entry = match rng.below(3) {
        0 => format!("  r{view}.{one} as alias{view}\n"),
        1 => format!("  r{view}.{one} fallback gate\n"),
        _ => format!("  r{view}.*\n"),
    };
    Some(Role {
        text: format!("  role r{view} = v{view} by ({by})\n{entry}"),
        features: named
            .iter()
            .map(|(name, ty)| (format!("r{view}.{name}"), *ty))
            .collect(),
    })
}

/// One to three different keys.
fn keys(rng: &mut Rng) -> Vec<usize> {
    let mut all: Vec<usize> = (0..KEYS.len()).collect();
    rng.shuffle(&mut all);
    all.truncate(*rng.pick(&[1, 1, 2, 3]));
    // A single text is what files have codes for.
    if all.len() == 1 && rng.one_in(3) {
        all[0] = 3;
    }
    all
}

fn write_source(rng: &mut Rng, text: &mut String, (source, id): (usize, &str), style: Style) -> Rows {
    let name = |base: &str| column(base, source);
    let id_type = match id {
        KEY_NAME => Type::Int64,
        _ => *rng.pick(&[Type::Int64, Type::Int64, Type::String]),
    };
    let mut declared = vec![(id.to_owned(), id_type, false)];
    declared.extend(KEYS.iter().map(|(base, ty)| (name(base), *ty, true)));
    declared.extend(VALUES.iter().map(|(base, ty, nullable)| (name(base), *ty, *nullable)));
    let has_lists = rng.one_in(2) && !style.of_theory;
    if has_lists {
        declared.push((name("words"), Type::List(&Type::String), true));
        let of = *rng.pick(&[
            Type::Int64,
            Type::Int64,
            Type::Float64,
            SHORT,
            Type::Date,
            Type::Bool,
            Type::Duration,
        ]);
        declared.push((name("several"), of.list().unwrap_or(of), rng.one_in(2)));
    }
    let _ = writeln!(text, "\nsource log{source} {{\n  columns (");
    for (column, ty, nullable) in &declared {
        let _ = writeln!(text, "    {column}: {ty}{},", if *nullable { "?" } else { "" });
    }
    let _ = writeln!(text, "    {}: timestamp,\n  )", name("seen"));
    let _ = match rng.below(6) {
        0 => writeln!(text, "  unique ({id}, {})", name("n")),
        1 => writeln!(text, "  unique ({}, {id})", name("s")),
        2 if !has_lists => writeln!(text, "  unique all"),
        _ => writeln!(text, "  unique {id}"),
    };
    let _ = writeln!(text, "  time {}", name("tau"));
    write_arrival(rng, text, &name("seen"));
    let begins = match style.times {
        Times::Near => *rng.pick(&[
            "",
            "",
            "  begins @2024-02-28T23:00:00Z\n",
            "  begins @2024-02-28T23:30:00Z\n",
        ]),
        Times::Years => *rng.pick(&["", "", "  begins @2023-06-01T00:00:00Z\n"]),
        Times::Ends => *rng.pick(&[
            "",
            "",
            "  begins @0001-01-01T00:00:00Z\n",
            "  begins @2024-02-28T22:30:00Z\n",
        ]),
    };
    *text += begins;
    *text += *rng.pick(&["", "", "  zone \"Asia/Tokyo\"\n", "  zone \"Etc/GMT+3\"\n"]);
    *text += *rng.pick(&["", "  keep nan\n"]);
    *text += "}\n";
    Rows {
        name: format!("log{source}"),
        source,
        begins: !begins.is_empty(),
        times: style.times,
        columns: declared.into_iter().map(|(name, ty, _)| (name, ty)).collect(),
    }
}

/// When rows come in; `seen` is the column that may say so.
fn write_arrival(rng: &mut Rng, text: &mut String, seen: &str) {
    match rng.below(12) {
        0 => *text += "  lateness unbounded\n",
        1 | 2 => {
            *text += "  static\n";
            *text += *rng.pick(&["", "  lateness unbounded\n"]);
        }
        _ => {
            let seen = format!("  arrival {seen}\n");
            *text += *rng.pick(&[
                seen.as_str(),
                &seen,
                &seen,
                "  arrival time + 7m\n",
                "  arrival time + 0s\n",
            ]);
            *text += *rng.pick(&["", "", "  delay 5s\n", "  delay 3m\n", "  delay 3m\n", "  delay 25m\n"]);
            *text += *rng.pick(&[
                "  lateness unbounded\n",
                "  lateness 10m\n",
                "  lateness 1h\n",
                "  lateness 1h\n",
            ]);
            *text += *rng.pick(&["", "  skew 1m\n", "  skew 0s\n"]);
        }
    }
}

/// The event time of a transform, where it says one.
fn at(scope: &mut Scope<'_>, from: &Rows) -> String {
    let name = |base: &str| column(base, from.source);
    let (tau, other, span) = (name("tau"), name("other"), name("span"));
    let (written, has_bound) = match scope.rng.below(14) {
        0 => {
            let later = *scope.rng.pick(&["10m", "1h", "2d"]);
            (format!("{tau} + {later}"), true)
        }
        1 => (format!("least({tau} + abs({span}), {tau} + 1h)"), true),
        2 => (format!("least(greatest({tau}, {other}), {tau} + 2h)"), true),
        3 => (format!("truncate({tau}, 1h) + 1h"), true),
        4 => (format!("greatest({tau}, {other})"), false),
        5 => (other, false),
        6 => (format!("{tau} + {span}"), false),
        7 => (scope.expr(Type::Timestamp, 1), false),
        _ => return String::new(),
    };
    // Where a source begins somewhere, it must be known how far its events may move.
    let needs_bound = from.begins && !has_bound;
    let within: &[&str] = match from.times {
        Times::Near => &["10m", "1h", "2h", "1d"],
        Times::Years => &["1h", "7d", "365d"],
        Times::Ends => &["10m", "19723d"],
    };
    if needs_bound || scope.rng.one_in(2) {
        format!(" at {written} within {}", scope.rng.pick(within))
    } else {
        format!(" at {written}")
    }
}

fn write_transform(
    rng: &mut Rng,
    text: &mut String,
    name: String,
    from: &Rows,
    (shapes, tables): (&[Shape], &[Declared]),
) -> Rows {
    let source = from.source;
    let mut scope = Scope::new(rng, from.columns.clone(), shapes[source].style);
    scope.texts = Some((column("u", source), shapes[source].texts));
    let mut steps = String::new();
    if !tables.is_empty() {
        for number in 0..1 + scope.rng.below(2) {
            let column = format!("x_{name}_found{number}");
            let ty = tables::write_lookup(&mut scope, &mut steps, &column, tables);
            // Often, so that it is also read.
            scope.names.extend((0..4).map(|_| (column.clone(), ty)));
        }
    }
    let lets = scope.rng.below(4);
    for position in 0..lets {
        if scope.rng.one_in(5) {
            let predicate = scope.predicate(2);
            let _ = writeln!(steps, "  where {predicate}");
        }
        let ty = scope.any_type();
        let depth = 1 + scope.rng.below(3);
        let value = scope.expr(ty, depth);
        let column = format!("x_{name}_{position}");
        let _ = writeln!(steps, "  let {column} = {value}");
        // Twice, so that what is computed is also read.
        scope.names.push((column.clone(), ty));
        scope.names.push((column, ty));
    }
    // Texts that are values of a key's type, but for some: a key that is an error.
    let texts = shapes[source].texts;
    if KEYS.iter().any(|(_, ty)| *ty == texts) && scope.rng.one_in(2) {
        let column = format!("x_{name}_key");
        let _ = writeln!(steps, "  let {column} = cast({} as {texts})", self::column("u", source));
        scope.names.push((column, texts));
    }
    let at = at(&mut scope, from);
    let mut columns = Vec::new();
    for named in scope.names {
        if !columns.contains(&named) {
            columns.push(named);
        }
    }
    let _ = writeln!(text, "\ntransform {name} from {}{at} {{\n{steps}}}", from.name);
    Rows {
        name,
        source,
        begins: from.begins,
        times: from.times,
        columns,
    }
}

/// Gives the names and types of its features.
fn write_view(
    rng: &mut Rng,
    text: &mut String,
    view: usize,
    entity: (usize, &[usize]),
    from: &Rows,
    style: Style,
) -> Vec<(String, Type)> {
    let (number, keys) = entity;
    let mut by = Vec::new();
    for key in keys {
        let (name, ty) = KEYS[*key];
        let own = column(name, from.source);
        let made: Vec<&String> = from
            .columns
            .iter()
            .filter(|(name, known)| *known == ty && name.starts_with('x'))
            .map(|(name, _)| name)
            .collect();
        by.push(if !made.is_empty() && rng.one_in(4) {
            (*rng.pick(&made)).clone()
        } else {
            own
        });
    }
    let is_plain = by.iter().zip(keys).all(|(column, key)| column == KEYS[*key].0);
    let by = if is_plain && rng.one_in(2) {
        String::new()
    } else {
        format!(" by ({})", by.join(", "))
    };
    let _ = writeln!(
        text,
        "\nview v{view} of e{number} from {}{by} {{\n  owner \"nobody\"",
        from.name
    );
    *text += *rng.pick(&["", "", "  ttl 1m\n", "  ttl 1h\n"]);
    let named = features::write(rng, text, from.columns.clone(), style);
    *text += "}\n";
    named
}
