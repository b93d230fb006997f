//! What a feature is, clause by clause: what a comparison of two programs shows.

use super::program::slot_text;
use super::{duration, expression, instant, literal, within};
use crate::expr::{Expr, ExprKind, Table};
use crate::id::{ColumnId, FeatureId};
use crate::program::{Arrival, FeatureKind, Lateness, Program, Source, Step, Transform, View};
use crate::table::note;
use std::collections::BTreeSet;

/// A clause and its text, in the words of the language: `window`, `over 7d`. A clause that is not written is not there.
pub type Clause = (String, String);

/// Everything that a feature's fingerprint stands on but the versions of the kernels: its own clauses, then those of its
/// view, of the steps that it reads, and of the source. Clauses of features that it is derived from are not among them.
pub fn clauses(program: &Program, view: &View, id: FeatureId) -> Vec<Clause> {
    let transform = program.transform(view.transform);
    let mut found = Clauses::default();
    let mut read: BTreeSet<ColumnId> = view.key.iter().copied().collect();
    of_feature(&mut found, transform, view, id, &mut read);
    of_view(&mut found, program, transform, view);
    of_steps(&mut found, program, transform, read);
    of_source(&mut found, program.source(transform.source));
    found.0
}

#[derive(Default)]
struct Clauses(Vec<Clause>);

impl Clauses {
    fn add(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.0.push((name.into(), text.into()));
    }

    fn add_some(&mut self, name: &str, text: Option<String>) {
        if let Some(text) = text {
            self.add(name, text);
        }
    }
}

fn of_feature(found: &mut Clauses, transform: &Transform, view: &View, id: FeatureId, read: &mut BTreeSet<ColumnId>) {
    let feature = view.feature(id);
    let column = |id: ColumnId| transform.columns[id.index()].name.clone();
    match &feature.kind {
        FeatureKind::Aggregate { slots, expr } => {
            let lift = |id: crate::LiftId| expression(view.lift(id), &column);
            let text = |id: ColumnId| slot_text(view.slot(slots[id.index()]), &lift);
            found.add("value", expression(expr, &text));
            found.add("window", view.window(view.slot(slots[0]).window).to_string());
            for slot in slots.iter().map(|slot| view.slot(*slot)) {
                slot.lifts().for_each(|lift| columns_of(view.lift(lift), read));
            }
        }
        FeatureKind::Derived { inputs, expr } => {
            let text = |id: ColumnId| view.feature(inputs[id.index()]).name.clone();
            found.add("value", expression(expr, &text));
        }
    }
    found.add("type", feature.ty.to_string());
    found.add_some(
        "default",
        feature.default.as_ref().map(|default| literal(default, feature.ty)),
    );
}

fn of_view(found: &mut Clauses, program: &Program, transform: &Transform, view: &View) {
    let entity = program.entity(view.entity);
    let keys = entity.keys.iter().map(|key| format!("{}: {}", key.name, key.ty));
    let keys: Vec<String> = keys.collect();
    found.add("entity", format!("{} ({})", entity.name, keys.join(", ")));
    let columns = view.key.iter().map(|id| transform.columns[id.index()].name.clone());
    let columns: Vec<String> = columns.collect();
    found.add("by", format!("({})", columns.join(", ")));
    found.add_some("ttl", view.ttl_us.map(duration));
}

/// The filters, the event time, and each `let` that a feature reads, by way of others or not.
fn of_steps(found: &mut Clauses, program: &Program, transform: &Transform, mut read: BTreeSet<ColumnId>) {
    let name = |id: ColumnId| transform.columns[id.index()].name.clone();
    let own = program.source(transform.source).columns.len();
    columns_of(&transform.time, &mut read);
    let mut lets = Vec::new();
    let mut filters = Vec::new();
    let mut tables = Vec::new();
    let looks = |expr: &Expr, tables: &mut Vec<Table>| expr.lookups(&mut |lookup| note(&lookup.table, tables));
    looks(&transform.time, &mut tables);
    for step in &transform.steps {
        match step {
            Step::Where(predicate) => {
                columns_of(predicate, &mut read);
                looks(predicate, &mut tables);
                filters.push(expression(predicate, &name));
            }
            Step::Let(value) => lets.push(value),
        }
    }
    // What a `let` reads stands before it.
    let mut texts = Vec::new();
    for (place, value) in lets.iter().enumerate().rev() {
        let id = ColumnId::from(own + place);
        if read.contains(&id) {
            columns_of(value, &mut read);
            looks(value, &mut tables);
            texts.push((
                format!("let {}", name(id)),
                format!("{}: {}", expression(value, &name), value.ty),
            ));
        }
    }
    texts.reverse();
    found.0.extend(texts);
    filters.sort_unstable();
    filters.dedup();
    for filter in filters {
        found.add("where", filter);
    }
    found.add(
        "at",
        format!("{}{}", expression(&transform.time, &name), within(transform.at)),
    );
    tables.sort_by(|left, right| left.name.cmp(&right.name));
    for table in &tables {
        found.add(format!("table {}", table.name), table_text(table));
    }
}

/// What a table says, but for its files.
fn table_text(table: &Table) -> String {
    let name = |id: ColumnId| table.columns[id.index()].name.as_str();
    let columns = table.columns.iter().map(|column| {
        let mark = if column.nullable { "?" } else { "" };
        format!("{}: {}{mark}{}", column.name, column.ty, column.form)
    });
    let columns: Vec<String> = columns.collect();
    let key: Vec<&str> = table.key.iter().map(|id| name(*id)).collect();
    let mut text = format!("({}) key ({})", columns.join(", "), key.join(", "));
    match table.versions {
        None => text += " static",
        Some(versions) => {
            text += &format!(" valid from {}", name(versions.valid_from));
            if let Some(to) = versions.valid_to {
                text += &format!(" valid to {}", name(to));
            }
            text += &format!(" arrival {}", name(versions.arrival));
        }
    }
    if let Some(zone) = &table.zone {
        text += &format!(" zone {zone:?}");
    }
    if table.keep_nan {
        text += " keep nan";
    }
    text
}

fn of_source(found: &mut Clauses, source: &Source) {
    let name = |id: ColumnId| source.columns[id.index()].name.clone();
    found.add("source", source.name.clone());
    let mut columns: Vec<Clause> = source
        .columns
        .iter()
        .map(|column| {
            let mark = if column.nullable { "?" } else { "" };
            (
                format!("column {}", column.name),
                format!("{}{mark}{}", column.ty, column.form),
            )
        })
        .collect();
    columns.sort_unstable();
    found.0.extend(columns);
    let unique: Vec<String> = source.unique.iter().map(|id| name(*id)).collect();
    found.add("unique", format!("({})", unique.join(", ")));
    found.add("time", name(source.time));
    let arrival = source.arrival.map(|arrival| match arrival {
        Arrival::Column(id) => name(id),
        Arrival::AfterTime { offset_us } => format!("time + {}", duration(offset_us)),
        Arrival::Static => "static".to_owned(),
    });
    found.add_some("arrival", arrival);
    found.add_some("delay", (source.delay_us > 0).then(|| duration(source.delay_us)));
    if let Lateness::Within { bound_us } = source.lateness {
        found.add("lateness", duration(bound_us));
        found.add("skew", duration(source.skew_us));
    }
    found.add_some("begins", source.begins_us.map(|begins| format!("@{}", instant(begins))));
    found.add_some("zone", source.zone.as_ref().map(|zone| format!("{zone:?}")));
    found.add_some("keep", source.keep_nan.then(|| "nan".to_owned()));
}

/// Adds the columns that an expression looks at.
fn columns_of(expr: &Expr, found: &mut BTreeSet<ColumnId>) {
    if let ExprKind::Column(id) = expr.kind {
        found.insert(id);
    }
    expr.children().into_iter().for_each(|child| columns_of(child, found));
}
