//! Tables of drawn programs, and what they hold.

use super::expressions::Scope;
use super::{KEYS, SHORT, features};
use crate::pools::{self, Style};
use crate::rng::Rng;
use featc_ir::{Contents, Program, Source, SourceColumn, Table, Type};
use featr_kernels::{Batch, Column, Value, tables};
use std::fmt::Write as _;

/// What is looked up, by name.
const VALUES: [(&str, Type); 4] = [
    ("v_n", Type::Int64),
    ("v_f", Type::Float64),
    ("v_d", SHORT),
    ("v_s", Type::String),
];

/// The table with versions.
pub const CHANGING: &str = "changing";

/// A table that lookups may be drawn into.
#[derive(Debug, Clone)]
pub struct Declared {
    name: String,
    key: Vec<Type>,
    has_versions: bool,
}

/// Writes a static table and one of versions.
pub fn write(rng: &mut Rng, text: &mut String) -> Vec<Declared> {
    let mut declare = |name: &str, has_versions: bool| {
        let key: Vec<Type> = (0..*rng.pick(&[1, 1, 2])).map(|_| rng.pick(&KEYS).1).collect();
        let _ = writeln!(text, "\ntable {name} {{\n  columns (");
        for (place, ty) in key.iter().enumerate() {
            let _ = writeln!(text, "    k{place}: {ty},");
        }
        for (value, ty) in VALUES {
            let _ = writeln!(text, "    {value}: {ty}?,");
        }
        if has_versions {
            *text += "    since: timestamp,\n    until: timestamp?,\n    known: timestamp,\n";
        }
        let keys: Vec<String> = (0..key.len()).map(|place| format!("k{place}")).collect();
        let _ = writeln!(text, "  )\n  key ({})", keys.join(", "));
        *text += match (has_versions, rng.one_in(4)) {
            (false, _) => "  static\n",
            (true, true) => "  valid from since\n  arrival known\n",
            (true, false) => "  valid from since\n  valid to until\n  arrival known\n",
        };
        *text += "}\n";
        Declared {
            name: name.to_owned(),
            key,
            has_versions,
        }
    };
    vec![declare("fixed", false), declare(CHANGING, true)]
}

/// Writes a `let` of a lookup; gives its type.
pub fn write_lookup(scope: &mut Scope<'_>, steps: &mut String, name: &str, tables: &[Declared]) -> Type {
    let table = scope.rng.pick(tables).clone();
    let (value, ty) = *scope.rng.pick(&VALUES);
    let keys = table.key.iter().map(|ty| match scope.rng.one_in(4) {
        true => scope.expr(*ty, 1),
        false => scope.name_of(*ty),
    });
    let keys: Vec<String> = keys.collect();
    let within = match table.has_versions {
        true => *scope.rng.pick(&[
            "",
            " within 1m",
            " within 10m",
            " within 10m",
            " within 1h",
            " within 7d",
        ]),
        false => "",
    };
    let _ = writeln!(
        steps,
        "  let {name} = lookup {}({}).{value}{within}",
        table.name,
        keys.join(", ")
    );
    ty
}

/// The view of a table.
pub const VIEW: &str = "vt";

/// Writes a view of the table of versions, by its key, or none; gives its features.
pub fn write_view(rng: &mut Rng, text: &mut String, tables: &[Declared], style: Style) -> Option<Vec<(String, Type)>> {
    let table = tables.iter().find(|table| table.has_versions)?;
    if rng.one_in(2) {
        return None;
    }
    let keys: Vec<(String, Type)> = (0..).map(|place| format!("k{place}")).zip(table.key.clone()).collect();
    let mut columns: Vec<(String, Type)> = VALUES.iter().map(|(name, ty)| ((*name).to_owned(), *ty)).collect();
    columns.extend(["since", "until"].map(|name| (name.to_owned(), Type::Timestamp)));
    columns.extend(keys.iter().cloned());
    let mut from = table.name.clone();
    if rng.one_in(3) {
        let mut scope = Scope::new(rng, columns.clone(), style);
        let (predicate, ty) = (scope.predicate(1), scope.any_type());
        let value = scope.expr(ty, 2);
        let _ = writeln!(
            text,
            "\ntransform changed from {from} {{\n  where {predicate}\n  let x_changed = {value}\n}}"
        );
        columns.push(("x_changed".to_owned(), ty));
        "changed".clone_into(&mut from);
    }
    let declared: Vec<String> = keys.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
    let _ = writeln!(text, "\nentity of_{} ({})", table.name, declared.join(", "));
    let _ = writeln!(
        text,
        "\nview {VIEW} of of_{} from {from} {{\n  owner \"nobody\"",
        table.name
    );
    *text += *rng.pick(&["", "", "  ttl 1h\n"]);
    let named = features::write(rng, text, columns, style);
    *text += "}\n";
    Some(
        named
            .into_iter()
            .map(|(name, ty)| (format!("{VIEW}.{name}"), ty))
            .collect(),
    )
}

/// Draws the rows of a table that a view reads, and no lookup.
pub fn rows_of_table(
    rng: &mut Rng,
    source: &Source,
    (program, rows): (&Program, &[Vec<Vec<Value>>]),
    style: Style,
) -> Vec<Vec<Value>> {
    let count = *rng.pick(&[0, 5, 20, 60]);
    (0..count)
        .map(|_| row(rng, &source.columns, (program, rows), style))
        .collect()
}

/// Draws what the tables of a program hold: keys and instants of the rows of its sources, and others.
pub fn contents(rng: &mut Rng, program: &Program, rows: &[Vec<Vec<Value>>], style: Style) -> Contents {
    let tables = program.tables().into_iter();
    let mut draw = |table: Table| {
        let count = *rng.pick(&[0, 5, 20, 60, 60]);
        let mut drawn: Vec<Vec<Value>> = (0..count)
            .map(|_| row(rng, &table.columns, (program, rows), style))
            .collect();
        if table.versions.is_none() {
            let key = |row: &Vec<Value>| -> Vec<Value> { table.key.iter().map(|id| row[id.index()].clone()).collect() };
            drawn.sort_by_key(&key);
            drawn.dedup_by_key(|row| key(row));
        }
        let columns = table.columns.iter().enumerate().map(|(place, column)| {
            let values: Vec<Value> = drawn.iter().map(|row| row[place].clone()).collect();
            Column::from_values(column.ty, &values)
        });
        let batch = Batch::from_columns(columns.collect());
        let held = tables::table_rows(&table, &[batch]).expect("a row per key");
        (table.name, held)
    };
    tables.map(&mut draw).collect()
}

fn row(
    rng: &mut Rng,
    columns: &[SourceColumn],
    (program, rows): (&Program, &[Vec<Vec<Value>>]),
    style: Style,
) -> Vec<Value> {
    let seen = |rng: &mut Rng, ty: Type| -> Option<Value> {
        let source = rng.below(rows.len());
        let columns = &program.sources[source].columns;
        let fitting: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].ty == ty).collect();
        if fitting.is_empty() || rows[source].is_empty() {
            return None;
        }
        let found = rng.pick(&rows[source])[*rng.pick(&fitting)].clone();
        found.is_valid().then_some(found)
    };
    let values = columns.iter().map(|column| {
        if column.nullable && rng.one_in(4) {
            return Value::Null;
        }
        let value = match rng.one_in(4) {
            true => None,
            false => seen(rng, column.ty),
        };
        match value.unwrap_or_else(|| pools::value(rng, column.ty, style)) {
            // Beside an instant of an event, too.
            Value::Timestamp(us) => Value::Timestamp(us.saturating_add(*rng.pick(&[0, 0, 0, 1, -1, -600_000_000]))),
            // As the decoder has it.
            Value::Float64(value) if value.is_nan() => Value::Null,
            value => value,
        }
    });
    let mut row: Vec<Value> = values.collect();
    let at = |name: &str| columns.iter().position(|column| column.name == name);
    // Half of the versions began some time before an event, and were known soon, or when it had passed.
    if let Some((since, known)) = at("since").zip(at("known"))
        && let Value::Timestamp(us) = row[since]
        && rng.one_in(2)
    {
        let before_us = *rng.pick(&[0, 30_000_000, 300_000_000, 1_800_000_000, 18_000_000_000]);
        let began_us = us.saturating_sub(before_us);
        row[since] = Value::Timestamp(began_us);
        row[known] =
            Value::Timestamp(began_us.saturating_add(*rng.pick(&[0, 0, 1, 1_000_000, 600_000_000, 7_200_000_000])));
    }
    // Some end soon after that.
    if let Some((since, until)) = at("since").zip(at("until"))
        && let Value::Timestamp(us) = row[since]
        && rng.one_in(2)
    {
        let lasts_us = *rng.pick(&[0, 1, 60_000_000, 600_000_000, 3_600_000_000]);
        row[until] = Value::Timestamp(us.saturating_add(lasts_us));
    }
    row
}
