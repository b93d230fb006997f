//! What is told of a test that failed.

use featc_driver::diag::printable;
use featc_ir::testing::Test;
use featc_ir::{Program, Type};
use featr::Value;
use featr_model::source::{Rejected, accept};
use featr_model::{Model, SourceRows};
use serde_json::json;
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
