//! What a scan reads: parts of files, columns, rows that can matter.

use super::Outcome;
use super::part::{Part, check};
use super::pipeline::Pipeline;
use super::scan::{ROWS_MANY, Scan};
use crate::error::BatchError;
use crate::report::SourceReport;
use featc_ir::{ColumnId, DEFAULT_SKEW_US, FileFormat, FileSet, ReadAs, Source, SourceColumn, Type};
use featr_decode::{Bound, Piece, PieceOptions, pieces};
use featr_kernels::{Batch, Column};
use std::sync::Arc;

/// What rows have in the columns of their source, per column.
#[derive(Default)]
pub(super) struct Seen {
    /// Of those of a JSONL file that may be null, whether any row has a value: a key that no line has is null in all of them, as
    /// it is where it is misspelt. Of other files the header says which columns there are.
    has_value: Vec<bool>,
    /// Of those that count time since 1970, whether any instant lies in that year, and whether any does not.
    in_1970: Vec<bool>,
    elsewhere: Vec<bool>,
    /// Whether any row arrives before its event time, and whether any does not. Of batches with rows that do not, only that.
    arrives_before: bool,
    arrives_later: bool,
}

impl Seen {
    pub fn of(source: &Source, batch: &Batch) -> Seen {
        let is_jsonl = |files: &FileSet| files.format == FileFormat::Jsonl;
        let columns = source.columns.iter().zip(&batch.columns);
        let asked = columns.clone().filter(|_| source.batch.as_ref().is_some_and(is_jsonl));
        let has_value = |(declared, column): (&SourceColumn, &Column)| {
            !declared.nullable || (0..batch.rows).any(|row| column.is_valid(row))
        };
        let any = |is_wanted: bool| {
            let of = |(declared, column): (&SourceColumn, &Column)| {
                let read_as = declared.form.read_as.as_ref();
                let counts = read_as.filter(|read_as| matches!(read_as, ReadAs::Epoch(_)));
                counts.is_some_and(|read_as| {
                    let mut rows = column
                        .i64s()
                        .iter()
                        .enumerate()
                        .filter(|(row, _)| column.is_valid(*row));
                    rows.any(|(_, us)| read_as.is_of_1970(*us) == is_wanted)
                })
            };
            columns.clone().map(of).collect()
        };
        let slack = slack(source);
        let arrives_later = arrives(source, batch, |time, arrival| time.saturating_sub(slack) <= arrival);
        Seen {
            has_value: asked.map(has_value).collect(),
            in_1970: any(true),
            elsewhere: any(false),
            arrives_before: !arrives_later && arrives(source, batch, |_, _| true),
            arrives_later,
        }
    }

    /// What all batches have.
    pub fn all<'a>(batches: impl Iterator<Item = &'a Seen>) -> Seen {
        let add = |all: &mut Vec<bool>, one: &[bool]| {
            all.resize(one.len().max(all.len()), false);
            all.iter_mut().zip(one).for_each(|(all, one)| *all |= one);
        };
        batches.fold(Seen::default(), |mut all, one| {
            add(&mut all.has_value, &one.has_value);
            add(&mut all.in_1970, &one.in_1970);
            add(&mut all.elsewhere, &one.elsewhere);
            all.arrives_before |= one.arrives_before;
            all.arrives_later |= one.arrives_later;
            all
        })
    }
}

/// By how much an arrival may lie before the event time for its form alone: it may be a whole second, or a day. Rows of a
/// `delay` are known so much later.
fn slack(source: &Source) -> i64 {
    let arrival = source.arrival_column().map(|id| &source.columns[id.index()]);
    let read_as = arrival.and_then(|column| column.form.read_as.as_ref());
    let form_us = match read_as {
        Some(ReadAs::Date { .. } | ReadAs::Format { .. }) => 86_400_000_000,
        Some(ReadAs::Epoch(_)) | None => 1_000_000,
    };
    i64::try_from(source.delay_us).unwrap_or(i64::MAX).max(form_us)
}

/// Whether event time and arrival of any row are so. A source that says its own skew has rows that are ahead.
fn arrives(source: &Source, batch: &Batch, is_so: impl Fn(i64, i64) -> bool) -> bool {
    let Some(arrival) = source.arrival_column().filter(|_| source.skew_us == DEFAULT_SKEW_US) else {
        return false;
    };
    let (time, arrival) = (&batch.columns[source.time.index()], &batch.columns[arrival.index()]);
    let mut instants = time.i64s().iter().zip(arrival.i64s()).enumerate();
    instants.any(|(row, (at, known))| time.is_valid(row) && arrival.is_valid(row) && is_so(*at, *known))
}

impl Scan<'_> {
    /// Reports the columns that are read and have no value in any row, those that count time since 1970 and never leave that
    /// year, by their names, and whether all rows arrive before they happen.
    pub(super) fn tell_columns(&self, seen: &Seen, pipelines: &[Arc<Pipeline>], report: &mut SourceReport) {
        let read = self.columns(pipelines);
        let columns = || self.source.columns.iter().enumerate();
        let is_read = |index: usize| read.iter().any(|id| id.index() == index);
        let null = columns().zip(&seen.has_value);
        let null = null.filter(|((index, _), has_value)| !**has_value && is_read(*index));
        report.null_columns = null.map(|((_, column), _)| column.name.clone()).collect();
        let early = columns().zip(seen.in_1970.iter().zip(&seen.elsewhere));
        let early = early.filter(|(_, (is_in, is_out))| **is_in && !**is_out);
        report.arrives_before = seen.arrives_before && !seen.arrives_later;
        report.columns_of_1970 = early.map(|((_, column), _)| column.name.clone()).collect();
    }

    /// What is to be read; for digests all columns of it.
    pub(super) fn parts(&self, pipelines: &[Arc<Pipeline>], digests: bool) -> Outcome<Vec<Part>> {
        if let Some(batches) = self.resources.events.get(&self.source.name) {
            let mut first = 1;
            let mut parts = vec![];
            for batch in batches {
                check(&self.source, batch)?;
                parts.push(Part::Memory {
                    first,
                    batch: batch.clone(),
                });
                first += batch.rows as u64;
            }
            return Ok(parts);
        }
        let files = self.source.batch.as_ref().ok_or_else(|| BatchError::NoInput {
            source: self.source.name.clone(),
        })?;
        let mut options = PieceOptions {
            store: self.resources.store.clone(),
            columns: (!digests).then(|| self.columns(pipelines)),
            undeclared: digests,
            coded: if digests { vec![] } else { self.coded(pipelines) },
            prune: self.bound(pipelines)?.into_iter().collect(),
            rows_per_batch: Some(if self.small_memory { 1 << 14 } else { 1 << 16 }),
            threads: self.threads,
            ..PieceOptions::default()
        };
        let mut found = pieces(&self.source, files, &self.resources.base, &options)?;
        let rows: u64 = found.iter().filter_map(Piece::rows).sum();
        if rows > ROWS_MANY && !self.small_memory {
            options.rows_per_batch = Some(1 << 18);
            found = pieces(&self.source, files, &self.resources.base, &options)?;
        }
        Ok(found.into_iter().map(Part::File).collect())
    }

    /// The columns that somebody reads.
    fn columns(&self, pipelines: &[Arc<Pipeline>]) -> Vec<ColumnId> {
        pipelines.iter().flat_map(|pipeline| &pipeline.read).copied().collect()
    }

    /// The columns of text that are keys and nothing else.
    fn coded(&self, pipelines: &[Arc<Pipeline>]) -> Vec<ColumnId> {
        let mut columns = self.columns(pipelines);
        let is_own = |id: &ColumnId| self.source.unique.contains(id) || Some(*id) == self.source.arrival_column();
        columns.retain(|id| {
            self.source.columns[id.index()].ty == Type::String
                && !is_own(id)
                && pipelines.iter().all(|pipeline| pipeline.is_key_only(*id))
        });
        columns
    }

    /// Outside of which nobody needs a row: row groups that hold no other rows are not even counted. Where every row that
    /// cannot be used is to be told, all are read.
    fn bound(&self, pipelines: &[Arc<Pipeline>]) -> Outcome<Option<Bound>> {
        if !self.resources.prune || self.rejects.wanted() {
            return Ok(None);
        }
        let declared = self.source.columns.len();
        let mut all: Option<Bound> = None;
        for pipeline in pipelines {
            let Some(bound) = pipeline.bound(declared)? else {
                return Ok(None);
            };
            all = match all {
                None => Some(bound),
                Some(all) if all.column == bound.column => Some(Bound {
                    column: all.column,
                    least: all.least.min(bound.least),
                    greatest: all.greatest.max(bound.greatest),
                }),
                Some(_) => return Ok(None),
            };
        }
        Ok(all)
    }
}
