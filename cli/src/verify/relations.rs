//! `--metamorphic`: changes of rows, questions and settings that must not change a bit of any answer.

mod entities;
mod outside;
mod shift;

use super::answers::{Answers, Outcome, compare};
use super::case::{Case, Events};
use super::engines::{Evaluators, Ground, Setting};
use super::sample::edges;
use featr::{Error, Random, Value};
use featr_model::Model;

/// A change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Questions,
    EntitiesRemoved,
    EntitiesAdded,
    Shifted,
    Outside,
    Split,
    Memory,
    Threads,
    Delivery,
}

/// A case as it is changed.
pub struct Changed {
    pub case: Case,
    pub setting: Setting,
    /// The questions of the unchanged case that the first questions of this one are.
    pub rows: Vec<u32>,
    /// Per feature: why it is not compared.
    pub excluded: Vec<Option<String>>,
    /// What was done, in words.
    pub what: String,
}

/// What came out of a relation.
pub struct Related {
    pub what: String,
    /// Values and statuses.
    pub compared: u64,
    pub excluded: Vec<Option<String>>,
    /// Who was asked, before and after the change; and where the answers differ.
    pub found: Vec<(&'static str, Outcome, Answers, Answers)>,
    pub rows: Vec<u32>,
}

/// The answers of both engines to the unchanged case.
pub struct Base {
    pub batch: Answers,
    pub stream: Answers,
}

const MEMORY_BYTES: usize = 32 << 20;
const THREADS: usize = 3;
const FILES: usize = 3;
const CHUNK: usize = 7;
/// Rows of a source that are made from its own.
const ROWS_MADE: usize = 200;

impl Relation {
    pub const ALL: [Relation; 9] = [
        Relation::Questions,
        Relation::EntitiesRemoved,
        Relation::EntitiesAdded,
        Relation::Shifted,
        Relation::Outside,
        Relation::Split,
        Relation::Memory,
        Relation::Threads,
        Relation::Delivery,
    ];

    /// As lines and reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Relation::Questions => "other questions",
            Relation::EntitiesRemoved => "other entities removed",
            Relation::EntitiesAdded => "other entities added",
            Relation::Shifted => "shifted instants",
            Relation::Outside => "events outside all windows",
            Relation::Split => "split files",
            Relation::Memory => "memory limit",
            Relation::Threads => "threads",
            Relation::Delivery => "delivery",
        }
    }

    /// Changes a case: a function of the case and the seed. What cannot be changed so says why.
    pub fn apply(self, ground: &Ground<'_>, case: &Case, setting: &Setting) -> Result<Changed, String> {
        let mut changed = Changed {
            case: case.clone(),
            setting: setting.clone(),
            rows: (0..case.asked.len() as u32).collect(),
            excluded: vec![None; ground.fields.names.len()],
            what: String::new(),
        };
        if case.asked.len() == 0 {
            return Err("nothing is asked".to_owned());
        }
        let setting = &mut changed.setting;
        match self {
            Relation::Questions => more_questions(ground, &mut changed)?,
            Relation::EntitiesRemoved => entities::remove(ground, &mut changed)?,
            Relation::EntitiesAdded => entities::add(ground, &mut changed)?,
            Relation::Shifted => shift::shift(ground, &mut changed)?,
            Relation::Outside => outside::add(ground, &mut changed)?,
            Relation::Split => {
                setting.files = FILES;
                changed.what = format!("each source in {FILES} files, cut by identity");
            }
            Relation::Memory => {
                setting.memory_bytes = Some(MEMORY_BYTES);
                changed.what = format!("{} MiB", MEMORY_BYTES >> 20);
            }
            Relation::Threads => {
                let before = setting.threads;
                setting.threads = if before == 1 { THREADS } else { 1 };
                changed.what = format!("{} instead of {}", setting.threads, words(before));
            }
            Relation::Delivery => {
                setting.chunk = CHUNK;
                setting.shuffle = Some(ground.seed.wrapping_add(1));
                setting.restart_every = Some((case.events() as u64 / 3).max(1));
                changed.what = format!("disordered, {CHUNK} events at a time, with restarts");
            }
        }
        Ok(changed)
    }

    /// Applies the change and compares; `base` has the answers to the unchanged case, if they are known.
    pub fn check(
        self,
        ground: &Ground<'_>,
        evaluators: &Evaluators<'_>,
        case: &Case,
        setting: &Setting,
        base: Option<&Base>,
    ) -> Result<Result<Related, String>, Error> {
        let changed = match self.apply(ground, case, setting) {
            Ok(changed) => changed,
            Err(why) => return Ok(Err(why)),
        };
        let skipped: Vec<bool> = changed.excluded.iter().map(Option::is_some).collect();
        let engines: [(&'static str, bool, _, _); 2] = [
            (
                "batch",
                self != Relation::Delivery,
                &evaluators.batch,
                base.map(|base| &base.batch),
            ),
            (
                "stream",
                !matches!(self, Relation::Threads | Relation::Memory | Relation::Split),
                &evaluators.stream,
                base.map(|base| &base.stream),
            ),
        ];
        let mut related = Related {
            what: changed.what.clone(),
            compared: 0,
            excluded: changed.excluded.clone(),
            found: Vec::new(),
            rows: changed.rows.clone(),
        };
        let features = skipped.iter().filter(|skipped| !**skipped).count() as u64;
        let first: Vec<u32> = (0..changed.rows.len() as u32).collect();
        for (name, is_asked, evaluate, known) in engines {
            if !is_asked || features == 0 {
                continue;
            }
            let before = match known {
                Some(known) => known.take(&changed.rows)?,
                None => evaluate(case, setting)?.take(&changed.rows)?,
            };
            let after = evaluate(&changed.case, &changed.setting)?.take(&first)?;
            let outcome = compare(&before, &after, &skipped)?;
            related.compared += changed.rows.len() as u64 * features;
            related.found.push((name, outcome, before, after));
        }
        Ok(Ok(related))
    }
}

fn words(threads: usize) -> String {
    match threads {
        0 => "all".to_owned(),
        threads => threads.to_string(),
    }
}

/// Appends questions at edges, and questions of the case at other instants.
fn more_questions(ground: &Ground<'_>, changed: &mut Changed) -> Result<(), String> {
    let asked = &mut changed.case.asked;
    let count = asked.len().clamp(10, 1_000);
    let keys: Vec<_> = asked.columns.iter().map(|(key, _)| key.clone()).collect();
    let mut random = Random::new(ground.seed);
    let rows: Vec<u32> = (0..count).map(|_| random.below(asked.len()) as u32).collect();
    let mut again = asked.take(&rows);
    for time in &mut again.times {
        *time = time.saturating_add(random.below(7_200_000_001) as i64 - 3_600_000_000);
    }
    let rows = changed.case.model_rows(ground.ir, None);
    let at_edges = edges(ground, &Model::new(ground.ir, &rows), &keys, count);
    let asked = &mut changed.case.asked;
    asked.append(&again);
    asked.append(&at_edges);
    changed.what = format!("{} added", again.len() + at_edges.len());
    Ok(())
}

/// Rows of a source to make others from, drawn by seed.
fn drawn_rows(ground: &Ground<'_>, events: &Events) -> Vec<Vec<Value>> {
    let rows = crate::random::draw(ground.seed, ROWS_MADE as u64, events.rows.rows as u64);
    rows.into_iter().map(|row| events.rows.row(row as usize)).collect()
}
