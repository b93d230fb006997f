//! What is told of a test that failed.

use crate::verify::case::Events;
use featc_driver::diag::printable;
use featc_ir::display::instant;
use featc_ir::testing::Test;
use featc_ir::{Program, Type};
use featr::{LookupReport, Value};
use featr_model::source::{Rejected, accept};
use featr_model::{Absent, Model, SourceRows};
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A value, with its status, and who says it.
pub struct Said {
    pub who: &'static str,
    pub value: String,
    /// Of what is expected empty where any will do.
    pub status: String,
}

/// A feature that is not as it is expected.
pub struct Failure {
    pub line: u32,
    /// `spend.total`
    pub feature: String,
    pub question: String,
    pub wanted: Said,
    pub said: Vec<Said>,
    /// How many events contribute.
    pub events: usize,
    /// Which events contribute, and which rows are none.
    pub reasons: String,
}

impl Failure {
    /// In one line.
    pub fn headline(&self) -> String {
        let said = self.said.iter().map(|said| format!("{} {}", said.value, said.status));
        let mut said: Vec<String> = said.collect();
        said.dedup();
        let wanted = format!("{} {}", self.wanted.value, self.wanted.status);
        format!(
            "line {}: {}: expected {}, found {}",
            self.line,
            self.feature,
            wanted.trim_end(),
            said.join(" and ")
        )
    }

    /// With expected and actual side by side, and the events behind them.
    pub fn text(&self) -> String {
        let mut text = format!("  line {}: {} {}\n", self.line, self.feature, self.question);
        let all = || std::iter::once(&self.wanted).chain(&self.said);
        let width = all().map(|said| said.value.chars().count()).max().unwrap_or(0);
        for said in all() {
            let line = format!("    {:8}  {:width$}  {}", said.who, said.value, said.status);
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text + &self.reasons
    }

    pub fn json(&self) -> serde_json::Value {
        let said = |said: &Said| json!({ "who": said.who, "value": said.value, "status": said.status });
        json!({
            "line": self.line,
            "feature": self.feature,
            "question": self.question,
            "expected": { "value": self.wanted.value, "status": self.wanted.status },
            "found": self.said.iter().map(said).collect::<serde_json::Value>(),
            "events": self.events,
            "text": self.text(),
        })
    }
}

/// A value as a test would have it.
pub fn shown(value: &Value, ty: Type) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => format!("{:?}", printable(text)),
        value => printable(&value.render(ty)).into_owned(),
    }
}

/// The rows that are in no window of a feature, a line each, with why; those of other entities where no other row is any better.
pub fn absent(test: &Test, absent: &[(usize, Absent)], none_contributes: bool) -> String {
    const ROWS_MAX: usize = 10;
    let is_told = |(_, why): &&(usize, Absent)| none_contributes || *why != Absent::OtherEntity;
    let rows: Vec<_> = absent.iter().filter(is_told).collect();
    let mut text = String::new();
    for (place, why) in rows.iter().take(ROWS_MAX) {
        if let Some(row) = test.rows.get(*place) {
            let _ = writeln!(text, "  line {} does not count: {}", row.line, why_absent(*why));
        }
    }
    match rows.len().saturating_sub(ROWS_MAX) {
        0 => {}
        more => {
            let _ = writeln!(text, "  nor do {more} more");
        }
    }
    text
}

fn why_absent(why: Absent) -> String {
    let said = match why {
        Absent::Copy => "it is a copy of another, equal but for its arrival",
        Absent::LeftOut => "a `where` of the transform is not true of it, or its time or its key is null",
        Absent::OtherEntity => "its key is another",
        Absent::NotArrived(Some(us)) => return format!("it had not arrived: it arrives at {}", instant(us)),
        Absent::NotArrived(None) => "it was not known",
        Absent::Later(us) => return format!("it happens after the question, at {}", instant(us)),
        Absent::OnLeftEdge => "it lies on the left edge of the window, which is out",
        Absent::Excluded => "the window excludes it",
        Absent::Outside => "it lies outside of the window",
    };
    said.to_owned()
}

/// The tables that the view's transform looks into and the test does not give, a line each.
pub fn tables_not_given(ir: &Program, test: &Test) -> String {
    let transform = ir.transform(ir.view(test.view).transform);
    let mut tables: BTreeSet<&str> = BTreeSet::new();
    featc_ir::table::lookups(&transform.steps, &transform.time, &mut |lookup| {
        tables.insert(&lookup.table.name);
    });
    let missing = tables.into_iter().filter(|table| !test.tables.contains_key(*table));
    let line = |table: &str| format!("  table {table} is not given: lookups into it find nothing\n");
    missing.map(line).collect()
}

/// The lookups of the rows that find nothing in tables that the test gives, a line each.
///
/// # Errors
/// Tables that cannot be read.
pub fn unfound(program: &featr::Program, service: &str, given: &[Events], test: &Test) -> Result<String, featr::Error> {
    let mut text = String::new();
    for events in given {
        let looked_up = program.looked_up(service, &events.source.name, &events.rows)?;
        let is_told = |lookup: &&LookupReport| lookup.missing() > 0 && test.tables.contains_key(&lookup.table);
        for lookup in looked_up.iter().filter(is_told) {
            let why = program.stray(service, lookup)?;
            let why = why.map_or(String::new(), |why| format!(": {why}"));
            let (missing, asked) = (lookup.missing(), lookup.asked);
            let _ = writeln!(
                text,
                "  lookup {}: {missing} of {asked} find no row{why}",
                lookup.lookup
            );
        }
    }
    Ok(text)
}

/// The rows that are no events of the view, a line each.
pub fn rejected(ir: &Program, test: &Test, rows: &SourceRows) -> String {
    let mut text = String::new();
    let model = Model::new(ir, rows);
    let of_view = &model.view_events(test.view).rejected;
    for (place, row) in test.rows.iter().enumerate() {
        let values: Vec<Value> = row.values.iter().map(super::ask::value).collect();
        let by_view = || {
            of_view
                .iter()
                .find(|(rejected, _)| *rejected == place)
                .map(|(_, why)| *why)
        };
        if let Some(why) = accept(ir.source(row.source), &values).err().or_else(by_view) {
            let _ = writeln!(text, "  line {} is rejected: {}", row.line, reason(why));
        }
    }
    text
}

fn reason(why: Rejected) -> &'static str {
    match why {
        Rejected::NullTime => "null_time",
        Rejected::NullArrival => "null_arrival",
        Rejected::Late => "late",
        Rejected::Ahead => "ahead",
        Rejected::AtBeforeTime => "at_before_time",
        Rejected::AtTooFar => "at_too_far",
        Rejected::KeyError => "key_error",
    }
}
