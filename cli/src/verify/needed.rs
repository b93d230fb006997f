//! The rows that the model needs to answer some questions: it is slow, and holds every row as values.
//!
//! No answer depends on rows of a key that is not asked about, not even by copies: a copy of an event has all of its columns
//! but the arrival. So the files are read piece by piece and only rows of those keys are kept. Where these are still more than
//! the model can hold, keys with the most rows go, with the questions about them, until the others fit.

use super::told;
use crate::report::{Refused, Reporter, counted};
use crate::run::Prepared;
use featc_ir::{ColumnId, Key, Program, Service, SourceId, View};
use featr::{Batch, Side, Value};
use featr_model::{Question, SourceRows};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// So many rows the model is given at most.
const ROWS_MAX: usize = 1_000_000;

/// The rows, and for each question whether they answer it.
pub fn rows(
    prepared: &Prepared,
    questions: &[Question],
    reporter: &Reporter,
) -> Result<(SourceRows, Vec<bool>), Refused> {
    at_most(ROWS_MAX, prepared, questions, reporter)
}

/// [`rows`], of which there are at most so many.
pub(super) fn at_most(
    most: usize,
    prepared: &Prepared,
    questions: &[Question],
    reporter: &Reporter,
) -> Result<(SourceRows, Vec<bool>), Refused> {
    let Some(service) = prepared.ir.service(&prepared.service) else {
        return Ok((SourceRows::default(), vec![false; questions.len()]));
    };
    let mut needed = Needed::of(&prepared.ir, service, questions, most);
    let keep = |source: &featc_ir::Source, batch: Batch| needed.add(&source.name, batch);
    told(
        prepared.program.each_piece(&prepared.service, Side::Batch, keep),
        reporter,
    )?;
    let answered = needed.answered.clone();
    Ok((needed.into_rows(), answered))
}

/// What a result says about questions that the model did not answer; nothing where it answered all.
pub fn left_out_words(questions: usize) -> String {
    match questions {
        0 => String::new(),
        _ => format!(
            "\n  {} not asked of the model: the rows that they need are more than the {ROWS_MAX} that it holds",
            counted(questions as u64, "question")
        ),
    }
}

/// What is kept of the sources of a program, in its order.
struct Needed {
    sources: Vec<OfSource>,
    /// By question, whether it is answered.
    answered: Vec<bool>,
    most: usize,
}

/// What is kept of a source.
struct OfSource {
    name: String,
    /// The views that are asked about; `None` where the key of one is computed, so that every row is needed.
    views: Option<Vec<OfView>>,
    kept: Vec<Batch>,
}

/// The keys that are asked about.
struct OfView {
    columns: Vec<ColumnId>,
    /// By question.
    asked: Vec<Vec<Value>>,
    /// How many rows each has that a question which is answered asks about; no event has a key with a null.
    rows: BTreeMap<Vec<Value>, usize>,
}

impl Needed {
    fn of(ir: &Program, service: &Service, questions: &[Question], most: usize) -> Needed {
        // A view may be asked in several roles, by other names.
        let used: BTreeMap<_, _> = service
            .reads()
            .into_iter()
            .map(|read| ((read.view, read.role), service.keys_of(ir, read)))
            .collect();
        let sources = ir.sources.iter().enumerate().map(|(place, source)| {
            let views = used.iter().map(|((view, _), keys)| (ir.view(*view), *keys));
            let of_source = views.filter(|(view, _)| ir.transform(view.transform).source == SourceId::from(place));
            let is_own = |view: &View| view.key.iter().all(|id| id.index() < source.columns.len());
            OfSource {
                name: source.name.clone(),
                views: of_source
                    .map(|(view, keys)| is_own(view).then(|| OfView::of(view, keys, questions)))
                    .collect(),
                kept: Vec::new(),
            }
        });
        Needed {
            sources: sources.collect(),
            answered: vec![true; questions.len()],
            most,
        }
    }

    /// Keeps what is needed of a piece of a source's rows. Where it is too much, a fourth is made free at once: each time all
    /// that is kept is looked through.
    fn add(&mut self, source: &str, batch: Batch) {
        let Some(source) = self.sources.iter_mut().find(|known| known.name == source) else {
            return;
        };
        source.add(batch);
        // Rows that other keys ask about as well stay, so once may not be enough.
        loop {
            let held = self.sources.iter().map(OfSource::held).sum::<usize>();
            if held <= self.most {
                return;
            }
            self.leave_out(held - self.most / 4 * 3);
        }
    }

    /// Leaves out the questions about the keys with the most rows, so many rows together; all questions where keys do not have
    /// as many.
    fn leave_out(&mut self, rows: usize) {
        let mut keys: Vec<(usize, &OfView, &Vec<Value>)> = Vec::new();
        for view in self.sources.iter().filter_map(|source| source.views.as_ref()).flatten() {
            keys.extend(view.rows.iter().map(|(key, rows)| (*rows, view, key)));
        }
        keys.sort_by_key(|(rows, ..)| Reverse(*rows));
        let mut left = rows;
        for (rows, view, key) in keys {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(rows);
            for (answered, asked) in self.answered.iter_mut().zip(&view.asked) {
                *answered &= asked != key;
            }
        }
        if left > 0 {
            self.answered.fill(false);
        }
        let answered = &self.answered;
        self.sources.iter_mut().for_each(|source| source.keep_only(answered));
    }

    fn into_rows(self) -> SourceRows {
        SourceRows {
            sources: self.sources.into_iter().map(|source| source.kept).collect(),
        }
    }
}

impl OfSource {
    fn held(&self) -> usize {
        self.kept.iter().map(|batch| batch.rows).sum()
    }

    fn add(&mut self, batch: Batch) {
        let Some(views) = &mut self.views else {
            return self.kept.push(batch);
        };
        let mut kept = Vec::new();
        for row in 0..batch.rows as u32 {
            let mut is_asked = false;
            for view in views.iter_mut() {
                if let Some(rows) = view.rows.get_mut(&key(&view.columns, &batch, row)) {
                    *rows += 1;
                    is_asked = true;
                }
            }
            if is_asked {
                kept.push(row);
            }
        }
        if !kept.is_empty() {
            self.kept.push(batch.take(&kept));
        }
    }

    /// Keeps the rows of keys that questions which are answered ask about.
    fn keep_only(&mut self, answered: &[bool]) {
        if !answered.contains(&true) {
            self.views = Some(Vec::new());
        }
        let Some(views) = &mut self.views else { return };
        for view in views.iter_mut() {
            let asked = view.asked.iter().zip(answered).filter(|(_, answered)| **answered);
            let asked: BTreeSet<&Vec<Value>> = asked.map(|(key, _)| key).collect();
            view.rows.retain(|key, _| asked.contains(key));
        }
        for batch in &mut self.kept {
            let is_asked = |row: &u32| {
                views
                    .iter()
                    .any(|view| view.rows.contains_key(&key(&view.columns, batch, *row)))
            };
            let kept: Vec<u32> = (0..batch.rows as u32).filter(is_asked).collect();
            *batch = batch.take(&kept);
        }
    }
}

impl OfView {
    fn of(view: &View, keys: &[Key], questions: &[Question]) -> OfView {
        // Null where a question does not say it.
        let value = |question: &Question, key: &Key| {
            let found = question.keys.iter().find(|(name, _)| *name == key.name);
            found.map_or(Value::Null, |(_, value)| value.clone())
        };
        let asked = questions
            .iter()
            .map(|question| keys.iter().map(|key| value(question, key)).collect());
        let asked: Vec<Vec<Value>> = asked.collect();
        OfView {
            columns: view.key.clone(),
            rows: asked
                .iter()
                .filter(|key| !key.contains(&Value::Null))
                .map(|key| (key.clone(), 0))
                .collect(),
            asked,
        }
    }
}

/// The key of a row.
fn key(columns: &[ColumnId], batch: &Batch, row: u32) -> Vec<Value> {
    let columns = columns.iter().map(|id| &batch.columns[id.index()]);
    columns.map(|column| column.value(row as usize)).collect()
}
