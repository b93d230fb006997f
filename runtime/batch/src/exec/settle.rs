//! Events as they come from shelves, brought into the order that the merge reads.
//!
//! They are dealt to their entities by number (counting sort), each entity's by τ (they mostly are already), ties by
//! `(id, digest)`; copies of an event become one, with the least arrival.

use crate::codec::{Wire, bytes};
use crate::error::{BatchError, bug};
use crate::merge::Run;
use crate::schema::EventLayout;
use arrow::array::{ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch};
use arrow::datatypes::{Int64Type, UInt8Type, UInt32Type};
use datafusion::error::Result;
use featr_kernels::events::Events;
use featr_kernels::{Column, Data, StrData, identity};
use std::cmp::Ordering;

/// Columns of events as they come from the shelves.
pub(super) struct Arrived<'a> {
    pub entities: &'a [u32],
    pub times: &'a [i64],
    ids: &'a ArrayRef,
    digests: Option<&'a FixedSizeBinaryArray>,
    pub arrivals: Option<&'a [i64]>,
    /// Poison and lifts.
    rest: &'a [ArrayRef],
}

/// The final order of events, without copies.
pub(super) struct Order {
    pub rows: Vec<u32>,
    /// Where each entity's begin; one more than there are entities.
    pub starts: Vec<u32>,
    /// How many were copies.
    pub copies: u64,
}

/// Refuses more events than 32 bits can number and count.
pub(super) fn countable(rows: usize) -> Result<()> {
    match u32::try_from(rows) {
        Ok(_) => Ok(()),
        Err(_) => Err(BatchError::Resources {
            why: "more than 2^32 events on one shelf".into(),
        }
        .into()),
    }
}

impl<'a> Arrived<'a> {
    pub fn of(layout: &EventLayout, digests: bool, batch: &'a RecordBatch) -> Result<Arrived<'a>> {
        countable(batch.num_rows())?;
        let mut arrays = batch.columns().iter();
        let mut next = || arrays.next().ok_or_else(|| bug("a column of the events is missing"));
        Ok(Arrived {
            entities: next()?.as_primitive::<UInt32Type>().values(),
            times: next()?.as_primitive::<Int64Type>().values(),
            ids: next()?,
            digests: if digests {
                Some(next()?.as_fixed_size_binary())
            } else {
                None
            },
            arrivals: if layout.arrival {
                Some(next()?.as_primitive::<Int64Type>().values())
            } else {
                None
            },
            rest: arrays.as_slice(),
        })
    }

    /// Sorts; `numbers` are the entities counted from 0, `count` of them.
    pub fn order(&self, numbers: &[u32], count: usize) -> Order {
        let (order, starts) = crate::shelves::by_shelf(numbers, count);
        let mut sorted: Vec<(i64, u32)> = order.iter().map(|row| (self.times[*row as usize], *row)).collect();
        let mut copies = vec![];
        for ends in starts.windows(2) {
            let first = ends[0] as usize;
            let rows = &mut sorted[first..ends[1] as usize];
            let mut steady = true;
            let mut ties = false;
            for pair in rows.windows(2) {
                steady &= pair[0].0 <= pair[1].0;
                ties |= pair[0].0 == pair[1].0;
            }
            if !steady {
                rows.sort_unstable_by_key(|(time, _)| *time);
                ties = rows.windows(2).any(|pair| pair[0].0 == pair[1].0);
            }
            if ties {
                self.settle_ties(rows, first, &mut copies);
            }
        }
        let rows = sorted.iter().map(|(_, row)| *row);
        if copies.is_empty() {
            return Order {
                rows: rows.collect(),
                starts,
                copies: 0,
            };
        }
        without(rows, starts, &copies)
    }

    // Law: visible_by_a_copy (proofs/theory/Truth.v)
    /// Sorts events of equal τ by `(id, digest, arrival)` and notes the places of copies, counted from `first`.
    fn settle_ties(&self, rows: &mut [(i64, u32)], first: usize, copies: &mut Vec<usize>) {
        let mut place = first;
        for tied in rows.chunk_by_mut(|left, right| left.0 == right.0) {
            if tied.len() > 1 {
                // The copy that arrived first comes first; of several such all are alike.
                tied.sort_by(|left, right| {
                    let arrival = |row: u32| self.arrivals.map(|arrivals| arrivals[row as usize]);
                    self.key_order(left.1, right.1)
                        .then_with(|| arrival(left.1).cmp(&arrival(right.1)))
                });
                let pairs = tied.windows(2).enumerate();
                let same = pairs.filter(|(_, pair)| self.key_order(pair[0].1, pair[1].1) == Ordering::Equal);
                copies.extend(same.map(|(at, _)| place + at + 1));
            }
            place += tied.len();
        }
    }

    /// By id and digest. Without digests all ids differ.
    fn key_order(&self, left: u32, right: u32) -> Ordering {
        let (left, right) = (left as usize, right as usize);
        let ids = match self.ids.as_primitive_opt::<Int64Type>() {
            Some(words) => words.value(left).cmp(&words.value(right)),
            None => {
                let keys = self.ids.as_binary::<i32>();
                keys.value(left).cmp(keys.value(right))
            }
        };
        ids.then_with(|| match self.digests {
            Some(digests) => digests.value(left).cmp(digests.value(right)),
            None => Ordering::Equal,
        })
    }

    /// The chosen rows in their order, as the merge reads them; with their ids only where they are wanted.
    pub fn run(&self, layout: &EventLayout, order: &[u32], with_ids: bool) -> Result<Run> {
        let mut arrays = self.rest.iter();
        let poison = if layout.poison {
            let tags = arrays
                .next()
                .ok_or_else(|| bug("a column of the events is missing"))?
                .as_primitive::<UInt8Type>()
                .values();
            Some(order.iter().map(|row| tags[*row as usize]).collect())
        } else {
            None
        };
        let lifts = layout.lifts.iter();
        let lifts = lifts
            .map(|wire| Wire::gather(*wire, &mut arrays, order))
            .collect::<Result<_>>()?;
        let gather = |values: &[i64]| order.iter().map(|row| values[*row as usize]).collect::<Vec<i64>>();
        let ids = if with_ids { self.keys(order) } else { StrData::new() };
        Ok(Run {
            events: Events {
                times: gather(self.times),
                ids,
                digests: vec![],
                poison,
                lifts,
            },
            arrivals: self.arrivals.map(gather),
            packs: vec![],
        })
    }

    /// Ids as order keys.
    pub fn keys(&self, order: &[u32]) -> StrData {
        match self.ids.as_primitive_opt::<Int64Type>() {
            Some(words) => {
                let words = order.iter().map(|row| words.value(*row as usize)).collect();
                let column = Column::with_tags(featc_ir::Type::Int64, Data::I64(words), None);
                identity::keys_of_columns(&[&column], order.len())
            }
            None => bytes(self.ids.as_binary::<i32>()).take(order),
        }
    }
}

/// Leaves out the places of copies, which ascend.
fn without(order: impl ExactSizeIterator<Item = u32>, starts: Vec<u32>, copies: &[usize]) -> Order {
    let mut kept = Vec::with_capacity(order.len() - copies.len());
    let mut dropped = copies.iter().copied().peekable();
    let mut ends = starts.iter().copied().peekable();
    let mut new_starts = Vec::with_capacity(starts.len());
    for (place, row) in order.enumerate() {
        while ends.next_if(|start| *start as usize <= place).is_some() {
            new_starts.push(kept.len() as u32);
        }
        if dropped.next_if(|copy| *copy == place).is_none() {
            kept.push(row);
        }
    }
    new_starts.resize(starts.len(), kept.len() as u32);
    Order {
        rows: kept,
        starts: new_starts,
        copies: copies.len() as u64,
    }
}
