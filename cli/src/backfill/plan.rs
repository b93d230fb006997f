//! What a backfill asks, in one order whatever the chunks, and how that is cut into files.
//!
//! ```text
//! questions in the order (instant, key):  0 1 2 3 4 5 6 7 8 9 …
//! chunks of time:                        └─ --chunk ─┘└──────┘
//! parts, a file each:                    └─────┘└────┘└──────┘   (a chunk with too many questions is cut further)
//! ```
//!
//! Invariant SAME-ROWS: the parts, in the order of their names, hold the same rows in the same order for every chunk.

use arrow::datatypes::Schema;
use featc_ir::{Key, Type};
use featr::provenance::FileRecord;
use featr::{Column, Spine, Survey, Table};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// What a chunk may span when nobody says.
const SPANS_US: [i64; 6] = [HOUR_US, 6 * HOUR_US, DAY_US, 7 * DAY_US, 28 * DAY_US, 364 * DAY_US];

/// Rows of a part, at most: they are answered in memory.
pub const PART_ROWS: u64 = 1 << 20;

/// More chunks than this (or than parts are allowed) are a mistake: each is looked at.
const CHUNKS_MAX: u64 = 20_000;

/// When the entities are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At every multiple of this since 1970-01-01T00:00:00Z.
    Every { us: i64 },
    /// At the events.
    Events,
}

/// The questions, sorted by instant and then by key.
#[derive(Debug)]
pub struct Questions {
    pub when: When,
    /// Instants in microseconds; the end is out.
    pub range: Range<i64>,
    /// With `Every`: the entities. With `Events`: one row per question.
    known: Survey,
    /// The columns of the service that the survey lacks: asked as null, and not written.
    unasked: Vec<Key>,
}

/// A file of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub file: String,
    pub from_us: i64,
    pub to_us: i64,
    /// The first of its questions.
    pub first: u64,
    pub rows: u64,
}

/// How much a backfill is, counted without listing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub rows: u128,
    pub parts: u128,
}

/// Whether a file, by its place in the folder, has a name as parts have.
pub fn may_be_part(place: &Path) -> bool {
    let name = place.to_str().unwrap_or_default();
    name.starts_with("part-") && name.ends_with(".parquet") && !name.contains('/')
}

/// The least multiple of `step` that is not before `at`.
fn multiple_from(at: i64, step: i64) -> i64 {
    at.div_euclid(step) * step + if at.rem_euclid(step) == 0 { 0 } else { step }
}

impl Questions {
    /// The questions about what was surveyed; `self_columns` are those of the service.
    pub fn new(when: When, range: Range<i64>, known: Survey, self_columns: &[Key]) -> Questions {
        let is_unknown = |key: &&Key| !known.columns.iter().any(|(known, _)| known.name == key.name);
        let unasked = self_columns.iter().filter(is_unknown).cloned().collect();
        Questions {
            when,
            range,
            known,
            unasked,
        }
    }

    fn entities(&self) -> u64 {
        self.known.columns.first().map_or(0, |(_, column)| column.len()) as u64
    }

    /// Questions before an instant of the range. There may be more than 2^64.
    fn before(&self, at_us: i64) -> u128 {
        match self.when {
            When::Events => self.known.times.partition_point(|time| *time < at_us) as u128,
            When::Every { us } => {
                let first = multiple_from(self.range.start, us);
                let instants = (multiple_from(at_us, us) - first).max(0) / us;
                u128::from(instants.unsigned_abs()) * u128::from(self.entities())
            }
        }
    }

    /// All of them.
    pub fn len(&self) -> u128 {
        self.before(self.range.end)
    }

    /// The entities at the first and at the last instant of the grid; `None` where nothing is asked, or at events.
    pub fn ends(&self) -> Option<Spine> {
        let When::Every { us } = self.when else { return None };
        let entities = u32::try_from(self.entities()).ok()?;
        if self.len() == 0 {
            return None;
        }
        let ends = [
            multiple_from(self.range.start, us),
            (self.range.end - 1).div_euclid(us) * us,
        ];
        let places: Vec<u32> = (0..entities).chain(0..entities).collect();
        let columns = self.known.columns.iter();
        let times = ends
            .into_iter()
            .flat_map(|at| std::iter::repeat_n(at, entities as usize));
        Some(Spine {
            schema: Arc::new(Schema::empty()),
            batches: Vec::new(),
            times: times.collect::<Vec<i64>>().into(),
            columns: columns
                .map(|(key, column)| (key.clone(), column.take(&places)))
                .collect(),
        })
    }

    /// Why there is no question, if there is none.
    pub fn why_none(&self) -> String {
        let instant = featc_ir::display::instant;
        let range = format!(
            "from {} to before {}",
            instant(self.range.start),
            instant(self.range.end)
        );
        match self.when {
            _ if self.range.is_empty() => "`--from` and `--to` are one instant, and the last one is out".to_owned(),
            When::Events => format!("there is no event {range}"),
            When::Every { .. } if self.entities() == 0 => "no entity is known".to_owned(),
            When::Every { us } => {
                let span = featc_ir::window::format_duration(us);
                format!("no multiple of {span} since 1970 lies {range}")
            }
        }
    }

    /// The views in which none of the questions of the grid finds anything.
    pub fn unseen(&self) -> &[String] {
        &self.known.unseen
    }

    /// The columns that the questions bring, in the order of the output.
    pub fn keys(&self) -> Vec<Key> {
        self.known.columns.iter().map(|(key, _)| key.clone()).collect()
    }

    /// The span of a chunk when nobody says: the longest whose files have about [`PART_ROWS`] rows.
    pub fn usual_chunk_us(&self) -> i64 {
        let length = u128::from(self.range.end.abs_diff(self.range.start)).max(1);
        let fits =
            |span: &&i64| self.len().saturating_mul(u128::from(span.unsigned_abs())) <= u128::from(PART_ROWS) * length;
        SPANS_US.iter().rev().find(fits).copied().unwrap_or(HOUR_US)
    }

    /// The chunks: they begin at multiples of `chunk_us` since 1970-01-01T00:00:00Z.
    fn chunks(&self, chunk_us: i64) -> impl Iterator<Item = Range<i64>> + '_ {
        let mut from_us = self.range.start;
        std::iter::from_fn(move || {
            let chunk = from_us
                ..(from_us.div_euclid(chunk_us) * chunk_us)
                    .saturating_add(chunk_us)
                    .min(self.range.end);
            from_us = chunk.end;
            (chunk.start < chunk.end).then_some(chunk)
        })
    }

    /// At most so many chunks there are.
    pub fn chunks_most(&self, chunk_us: i64) -> u64 {
        let whole = self.range.end.abs_diff(self.range.start) / chunk_us.unsigned_abs();
        whole.saturating_add(1)
    }

    /// How much [`Questions::parts`] would list. `None`: more chunks than 20 000 and than `parts_max`.
    pub fn size(&self, chunk_us: i64, parts_max: u64) -> Option<Size> {
        let chunks = self.range.end.abs_diff(self.range.start) / chunk_us.unsigned_abs();
        if chunks > CHUNKS_MAX.max(parts_max) {
            return None;
        }
        let pieces = |chunk: Range<i64>| {
            let rows = self.before(chunk.end) - self.before(chunk.start);
            rows.div_ceil(u128::from(PART_ROWS))
        };
        Some(Size {
            rows: self.len(),
            parts: self.chunks(chunk_us).map(pieces).sum(),
        })
    }

    /// The files of the result, of which [`Questions::size`] says how many. Without questions there is no file.
    pub fn parts(&self, chunk_us: i64) -> Vec<Part> {
        let Range { start, end } = self.range;
        let whole_seconds = [start, end, chunk_us].iter().all(|us| us % 1_000_000 == 0);
        // As many as a list may have are far from 2^64.
        let before = |at_us: i64| u64::try_from(self.before(at_us)).unwrap_or(u64::MAX);
        let mut parts = Vec::new();
        for Range {
            start: from_us,
            end: to_us,
        } in self.chunks(chunk_us)
        {
            let (first, last) = (before(from_us), before(to_us));
            let pieces = (last - first).div_ceil(PART_ROWS);
            for piece in 0..pieces {
                let span = format!("{}-{}", stamp(from_us, whole_seconds), stamp(to_us, whole_seconds));
                let number = if pieces > 1 {
                    format!("-{piece:05}")
                } else {
                    String::new()
                };
                let first = first + piece * PART_ROWS;
                parts.push(Part {
                    file: format!("part-{span}{number}.parquet"),
                    from_us,
                    to_us,
                    first,
                    rows: (last - first).min(PART_ROWS),
                });
            }
        }
        parts
    }

    /// The questions of a range of numbers, as a spine whose columns are the keys, then `at_column`, then what else is asked.
    pub fn spine(&self, rows: Range<u64>, at_column: &str) -> Result<Spine, String> {
        let (times, places) = self.rows(rows)?;
        let columns: Vec<(Key, Column)> = self
            .known
            .columns
            .iter()
            .map(|(key, column)| (key.clone(), column.take(&places)))
            .collect();
        let instants = Column {
            ty: Type::Timestamp,
            data: featr::Data::I64(times.clone()),
            tags: None,
        };
        let mut named: Vec<(&str, &Column)> = columns
            .iter()
            .map(|(key, column)| (key.name.as_str(), column))
            .collect();
        named.push((at_column, &instants));
        let arrays = named
            .into_iter()
            .map(|(name, column)| (name, featr::to_arrow(column), true));
        let batch =
            arrow::array::RecordBatch::try_from_iter_with_nullable(arrays).map_err(|error| error.to_string())?;
        let nulls = self.unasked.iter().map(|key| {
            let column = Column::repeat(key.ty, &featr::Value::Null, times.len());
            (key.clone(), column)
        });
        let nulls: Vec<(Key, Column)> = nulls.collect();
        Ok(Spine {
            schema: batch.schema(),
            batches: vec![batch],
            times: times.into(),
            columns: columns.into_iter().chain(nulls).collect(),
        })
    }

    /// A hash of the questions of a part: of all that a spine of [`Questions::spine`] has in its rows, and of their order.
    pub fn hash(spine: &Spine) -> Result<String, featr::Error> {
        let table = Table {
            schema: spine.schema.clone(),
            batches: spine.batches.clone(),
        };
        let record = FileRecord::in_memory(&Arc::new(table).into(), true)?;
        Ok(record.xxh3_128.unwrap_or_default())
    }

    /// Instant and row of the survey, per question.
    fn rows(&self, rows: Range<u64>) -> Result<(Vec<i64>, Vec<u32>), String> {
        let place = |row: u64| u32::try_from(row).map_err(|_| "more than 2^32 entities".to_owned());
        match self.when {
            When::Events => {
                let places = rows.map(place).collect::<Result<Vec<u32>, _>>()?;
                let times = places.iter().map(|row| self.known.times[*row as usize]).collect();
                Ok((times, places))
            }
            When::Every { us } => {
                let entities = self.entities();
                let first = multiple_from(self.range.start, us);
                let mut times = Vec::new();
                let mut places = Vec::new();
                for row in rows {
                    let instant = i64::try_from(row / entities).map_err(|error| error.to_string())?;
                    times.push(first + instant * us);
                    places.push(place(row % entities)?);
                }
                Ok((times, places))
            }
        }
    }
}

/// An instant for a file name: `20240131T000000Z`. With fractions all have six digits, so that names sort as instants do.
fn stamp(us: i64, whole_seconds: bool) -> String {
    let fraction = us.rem_euclid(1_000_000);
    let text = featc_ir::display::instant(us - fraction).replace(['-', ':'], "");
    if whole_seconds {
        text
    } else {
        format!("{}.{fraction:06}Z", text.trim_end_matches('Z'))
    }
}

#[cfg(test)]
mod tests;
