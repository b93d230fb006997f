//! The questions to one kind of entity: the build side of a point-in-time aggregation.

use super::spec::PointInTime;
use super::spine::wire;
use crate::entities::NOBODY;
use crate::error::bug;
use crate::spill::by_partition;
use arrow::array::AsArray;
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryReservation;
use featc_ir::Type;
use featr_kernels::Column;
use futures::StreamExt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// See the module. A question is a row of the spine.
#[derive(Debug)]
pub(super) struct Questions {
    times: Times,
    /// What `excluding self` compares with, over all questions.
    pub selves: Vec<Column>,
    /// The cuts of all questions, where they bring them: of the source, and of the tables that it waits for.
    cuts: Vec<Column>,
    /// Questions by entity, and where those of each entity start.
    order: Vec<u32>,
    starts: Vec<u32>,
    /// Questions without an entity: one of their keys is null.
    nobody: Vec<u32>,
    /// A bit per entity: was it answered?
    answered: Vec<AtomicU64>,
    /// Streams that still read events.
    reading: AtomicUsize,
    _memory: Option<MemoryReservation>,
}

/// The instants of all questions, as the batches of the spine have them: a million of them are 8 MB, in each copy.
#[derive(Debug, Default)]
struct Times {
    parts: Vec<ScalarBuffer<i64>>,
    /// Where the parts after the first one start.
    starts: Vec<u32>,
    rows: usize,
}

impl Times {
    fn push(&mut self, part: &ScalarBuffer<i64>) {
        if part.is_empty() {
            return;
        }
        if !self.parts.is_empty() {
            self.starts.push(self.rows as u32);
        }
        self.rows += part.len();
        self.parts.push(part.clone());
    }

    #[inline]
    fn at(&self, row: u32) -> i64 {
        let part = self.starts.partition_point(|start| *start <= row);
        let start = part.checked_sub(1).map_or(0, |before| self.starts[before]);
        self.parts[part][(row - start) as usize]
    }
}

impl Questions {
    /// Collects them; `streams` will read events.
    pub async fn collect(
        mut spine: SendableRecordBatchStream,
        spec: &PointInTime,
        streams: usize,
        memory: Option<MemoryReservation>,
    ) -> Result<Questions> {
        let (mut times, mut entities) = (Times::default(), vec![]);
        let mut selves: Vec<Column> = spec.selves.iter().map(|(_, ty)| Column::empty(*ty)).collect();
        let mut cuts: Vec<Column> = spec.cuts.iter().map(|_| Column::empty(Type::Timestamp)).collect();
        while let Some(batch) = spine.next().await {
            let batch = batch?;
            times.push(batch.column(spec.time).as_primitive::<Int64Type>().values());
            entities.extend_from_slice(batch.column(spec.entity).as_primitive::<UInt32Type>().values());
            let column = |place: usize, ty: Type| wire(ty).decode(&mut [batch.column(place).clone()].iter());
            for ((place, ty), all) in spec.selves.iter().zip(&mut selves) {
                all.append(&column(*place, *ty)?);
            }
            for (place, all) in spec.cuts.iter().zip(&mut cuts) {
                all.append(&column(*place, Type::Timestamp)?);
            }
        }
        let greatest = entities.iter().filter(|entity| **entity != NOBODY).max();
        let count = greatest.map_or(0, |entity| *entity as usize + 1);
        let (order, starts) = by_partition(&entities, count);
        let nobody = (0u32..).zip(&entities).filter(|(_, entity)| **entity == NOBODY);
        let questions = Questions {
            nobody: nobody.map(|(row, _)| row).collect(),
            times,
            selves,
            cuts,
            order,
            starts,
            answered: (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            reading: AtomicUsize::new(streams),
            _memory: memory,
        };
        if let Some(memory) = &questions._memory {
            memory.grow(questions.order.len() * 4 + questions.starts.len() * 5);
        }
        Ok(questions)
    }

    /// The instant of a question.
    #[inline]
    pub fn time(&self, question: u32) -> i64 {
        self.times.at(question)
    }

    /// The last arrival that a question sees, where it brings its cut; `None` if it sees none.
    #[inline]
    pub fn cut(&self, question: u32) -> Option<i64> {
        let row = question as usize;
        let cut = |cuts: &Column| cuts.is_valid(row).then(|| cuts.i64s()[row]);
        // None comes before every cut.
        self.cuts.iter().map(cut).min().flatten()
    }

    /// The questions about an entity, in the order of the spine.
    pub fn about(&self, entity: u32) -> &[u32] {
        match self.starts.get(entity as usize..) {
            Some([start, end, ..]) => &self.order[*start as usize..*end as usize],
            Some(_) | None => &[],
        }
    }

    /// Notes that an entity is answered.
    pub fn answer(&self, entity: u32) -> Result<()> {
        let word = self.answered.get(entity as usize / 64);
        let word = word.ok_or_else(|| bug("events of nobody"))?;
        let bit = 1 << (entity % 64);
        match word.fetch_or(bit, Ordering::Relaxed) & bit {
            0 => Ok(()),
            _ => Err(bug("the events of an entity come in two streams, or in no order")),
        }
    }

    /// A stream has read all of its events; whether it is the last one.
    pub fn end(&self) -> bool {
        self.reading.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Entities that no event is of, from a number on.
    pub fn without_events(&self, from: u32) -> impl Iterator<Item = u32> + '_ {
        let entities = from..self.starts.len().saturating_sub(1) as u32;
        entities.filter(|entity| {
            let known = self.answered[*entity as usize / 64].load(Ordering::Relaxed) >> (entity % 64) & 1 == 1;
            !known && !self.about(*entity).is_empty()
        })
    }

    /// Questions without an entity.
    pub fn of_nobody(&self) -> &[u32] {
        &self.nobody
    }

    /// Questions by instant, then by cut and by row. Instants are copied beside their rows: half of the time of a sort that
    /// looks each of them up.
    pub fn sorted(&self, rows: &[u32]) -> Vec<u32> {
        let mut timed: Vec<(i64, u32)> = rows.iter().map(|row| (self.time(*row), *row)).collect();
        let place = |row: u32| (self.cut(row), row);
        timed.sort_unstable_by(|left, right| left.0.cmp(&right.0).then_with(|| place(left.1).cmp(&place(right.1))));
        timed.into_iter().map(|(_, row)| row).collect()
    }
}
