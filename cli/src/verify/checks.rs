//! What was compared: a line, a part of the reports and, where it differs, something to shrink.

use super::answers::{Answers, Outcome, compare};
use super::case::{Case, Fields};
use super::engines::{Evaluators, Ground, Setting};
use super::relations::{Related, Relation};
use super::shrink::{Budget, Shrunk, shrink};
use featr::{Error, Side, Value};
use featr_model::source::accept;

/// Who is compared with whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Batch and stream.
    Stream,
    /// Batch and model.
    Model,
    /// An engine with itself, after a change.
    Relation(Relation),
}

/// A place where two evaluators differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Among the questions of the check.
    pub row: usize,
    pub field: usize,
    /// Evaluator, value in words and bits, status.
    pub said: Vec<(String, String)>,
}

/// What was compared and what came out.
#[derive(Debug)]
pub struct Check {
    pub kind: Kind,
    /// Whether the questions are those at edges, and not the spine's.
    pub at_edges: bool,
    /// What was done, in words; empty where the name says it.
    pub what: String,
    pub outcome: Result<Counted, String>,
}

/// Of a check that could be made.
#[derive(Debug)]
pub struct Counted {
    /// Values, each with its status.
    pub compared: u64,
    /// Per feature.
    pub differ: Vec<u64>,
    /// Per feature: the first.
    pub first: Vec<Option<Difference>>,
    /// Per feature: why it is not compared.
    pub excluded: Vec<Option<String>>,
}

impl Check {
    /// As lines and reports name it.
    pub fn name(&self) -> String {
        let name = match self.kind {
            Kind::Stream => "stream",
            Kind::Model => "model",
            Kind::Relation(relation) => relation.name(),
        };
        match self.at_edges {
            true => format!("{name} at edges"),
            false => name.to_owned(),
        }
    }

    pub fn compared(&self) -> u64 {
        self.outcome.as_ref().map_or(0, |counted| counted.compared)
    }

    pub fn differ(&self) -> u64 {
        self.outcome.as_ref().map_or(0, |counted| counted.differ.iter().sum())
    }

    /// The difference of the least question, there of the first feature.
    pub fn first(&self) -> Option<&Difference> {
        let counted = self.outcome.as_ref().ok()?;
        let found = counted.first.iter().flatten();
        found.min_by_key(|difference| (difference.row, difference.field))
    }
}

/// Batch against another evaluator, both asked about the same questions, which are `rows` of those of the check.
pub fn against(
    kind: Kind,
    at_edges: bool,
    (batch, other): (&Answers, &Answers),
    rows: &[u32],
    fields: &Fields,
) -> Result<Check, Error> {
    let name = match kind {
        Kind::Model => "model",
        Kind::Stream | Kind::Relation(_) => "stream",
    };
    let features = fields.names.len();
    let outcome = compare(batch, other, &[])?;
    let mut counted = Counted::nothing(vec![None; features]);
    counted.compared = rows.len() as u64 * features as u64;
    counted.add(&outcome, ("batch", batch), (name, other), rows, fields);
    Ok(Check {
        kind,
        at_edges,
        what: String::new(),
        outcome: Ok(counted),
    })
}

/// What came out of a relation.
pub fn related(relation: Relation, outcome: Result<Related, String>, fields: &Fields) -> Check {
    let kind = Kind::Relation(relation);
    let (what, outcome) = match outcome {
        Err(why) => (String::new(), Err(why)),
        Ok(related) => {
            let mut counted = Counted::nothing(related.excluded);
            counted.compared = related.compared;
            for (engine, outcome, before, after) in &related.found {
                let changed = format!("{engine}, changed");
                counted.add(outcome, (engine, before), (&changed, after), &related.rows, fields);
            }
            (related.what, Ok(counted))
        }
    };
    Check {
        kind,
        at_edges: false,
        what,
        outcome,
    }
}

impl Counted {
    fn nothing(excluded: Vec<Option<String>>) -> Counted {
        Counted {
            compared: 0,
            differ: vec![0; excluded.len()],
            first: vec![None; excluded.len()],
            excluded,
        }
    }

    fn add(
        &mut self,
        outcome: &Outcome,
        (left_name, left): (&str, &Answers),
        (right_name, right): (&str, &Answers),
        rows: &[u32],
        fields: &Fields,
    ) {
        for (field, differ) in outcome.differ.iter().enumerate() {
            self.differ[field] += differ;
            let Some(place) = outcome.first[field] else { continue };
            let row = rows[place] as usize;
            if self.first[field].as_ref().is_none_or(|known| row < known.row) {
                let said = |name: &str, answers: &Answers| (name.to_owned(), answers.said(place, field, fields));
                self.first[field] = Some(Difference {
                    row,
                    field,
                    said: vec![said(left_name, left), said(right_name, right)],
                });
            }
        }
    }
}

/// Whether a case shows a difference of this kind in this feature. One that cannot be run shows none.
pub fn differs(
    kind: Kind,
    field: usize,
    ground: &Ground<'_>,
    evaluators: &Evaluators<'_>,
    case: &Case,
    setting: &Setting,
) -> bool {
    let pair = |other: &dyn Fn(&Case, &Setting) -> Result<Answers, Error>| {
        let batch = (evaluators.batch)(case, setting)?;
        Ok(compare(&batch, &other(case, setting)?, &[])?.differ[field] > 0)
    };
    let found: Result<bool, Error> = match kind {
        Kind::Stream => pair(&*evaluators.stream),
        Kind::Model => pair(&*evaluators.model),
        Kind::Relation(relation) => relation
            .check(ground, evaluators, case, setting, None)
            .map(|outcome| outcome.is_ok_and(|related| related.found.iter().any(|found| found.1.differ[field] > 0))),
    };
    is_readable(case) && found.unwrap_or(false)
}

/// Whether no source has rows of which none is accepted: such data are refused.
fn is_readable(case: &Case) -> bool {
    case.sources.iter().all(|events| {
        let rows = events.side(Side::Batch);
        let is_accepted = |row: usize| {
            let values: Vec<Value> = rows.row(row);
            accept(&events.source, &values).is_ok()
        };
        rows.rows == 0 || (0..rows.rows).any(is_accepted)
    })
}

/// Shrinks the case of a difference; `None` where the rows at hand do not show it.
pub fn shrink_to(
    (kind, difference): (Kind, &Difference),
    ground: &Ground<'_>,
    evaluators: &Evaluators<'_>,
    case: &Case,
    setting: &Setting,
) -> Option<Shrunk> {
    let shows = |case: &Case| differs(kind, difference.field, ground, evaluators, case, setting);
    shrink(case, difference.row, Budget::USUAL, &shows)
}
