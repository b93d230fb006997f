//! Which decoded rows are events, and when they arrived.

use crate::column::{Batch, Column, Tag};
use crate::eval;
use featc_ir::plan::RowSpec;
use featc_ir::{Arrival, Expr, Lateness, Source, Step};

/// Why a decoded row is not an event. The discriminants are the codes in [`Accepted::keep`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// The time column is null.
    NullTime = 1,
    /// The arrival column is null.
    NullArrival = 2,
    /// It arrived more than the source's `lateness` after its event time.
    Late = 3,
    /// Its event time lies more than the source's `skew` after its arrival.
    Ahead = 4,
}

impl Reason {
    /// All reasons, in the order of their codes.
    pub const ALL: [Reason; 4] = [Reason::NullTime, Reason::NullArrival, Reason::Late, Reason::Ahead];

    /// The word that run reports use.
    pub fn name(self) -> &'static str {
        match self {
            Reason::NullTime => "null_time",
            Reason::NullArrival => "null_arrival",
            Reason::Late => "late",
            Reason::Ahead => "ahead",
        }
    }

    /// The reason that a code in [`Accepted::keep`] stands for; `None` for 0, accepted.
    pub fn from_code(code: u8) -> Option<Reason> {
        Self::ALL.into_iter().find(|reason| *reason as u8 == code)
    }
}

/// The verdict on each row of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// One code per row: 0 accepted, else a [`Reason`].
    pub keep: Vec<u8>,
    /// Rows per code; `counts[0]` are the accepted ones.
    pub counts: [u64; Reason::ALL.len() + 1],
}

impl Accepted {
    /// The accepted rows, in order.
    pub fn rows(&self) -> Vec<u32> {
        (0u32..)
            .zip(&self.keep)
            .filter(|(_, code)| **code == 0)
            .map(|(row, _)| row)
            .collect()
    }

    /// Whether nothing was rejected.
    pub fn all(&self) -> bool {
        self.counts[1..].iter().all(|count| *count == 0)
    }

    /// Rows rejected for a reason.
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts[reason as usize]
    }
}

/// Decides which rows of a source are events. The first reason that applies counts, in the order of [`Reason::ALL`].
/// A source with `lateness unbounded` rejects on null time and null arrival only.
pub fn accept(source: &Source, batch: &Batch) -> Accepted {
    let time = &batch.columns[source.time.index()];
    let mut keep = match (source.lateness, source.arrival) {
        (Lateness::Unbounded, _) | (Lateness::Within { .. }, None | Some(Arrival::Static)) => vec![0; batch.rows],
        (Lateness::Within { bound_us }, Some(arrival)) => {
            let bounds = Bounds {
                late_us: bound_us,
                ahead_us: source.skew_us,
            };
            match arrival {
                Arrival::Column(column) => bounds.verdicts(time.i64s(), batch.columns[column.index()].i64s()),
                // Never ahead, and no later than this.
                Arrival::AfterTime { offset_us } if offset_us <= bound_us => vec![0; batch.rows],
                Arrival::AfterTime { .. } | Arrival::Static => {
                    bounds.verdicts(time.i64s(), &arrivals(source, batch).unwrap_or_default())
                }
            }
        }
    };
    let mut reject = |column: &Column, reason: Reason| {
        for (code, tag) in keep.iter_mut().zip(column.tags.iter().flatten()) {
            *code = if *tag == Tag::VALID { *code } else { reason as u8 };
        }
    };
    if let Some(column) = source.arrival_column() {
        reject(&batch.columns[column.index()], Reason::NullArrival);
    }
    reject(time, Reason::NullTime);
    let mut counts = [0; 5];
    counts[0] = keep.iter().map(|code| u64::from(*code == 0)).sum();
    if counts[0] < keep.len() as u64 {
        let rejected = keep.iter().filter(|code| **code != 0);
        rejected.for_each(|code| counts[usize::from(*code)] += 1);
    }
    Accepted { keep, counts }
}

/// How far from its event time an arrival may lie.
#[derive(Clone, Copy)]
struct Bounds {
    late_us: u64,
    ahead_us: u64,
}

impl Bounds {
    /// 0 or the code of the reason, for rows with time and arrival.
    fn verdicts(self, times: &[i64], arrivals: &[i64]) -> Vec<u8> {
        let late = i64::try_from(self.late_us).unwrap_or(i64::MAX);
        let ahead = i64::try_from(self.ahead_us).map_or(i64::MIN, |ahead| -ahead);
        let mut wraps = false;
        let verdict = |(time, arrival): (&i64, &i64)| {
            let (delay, wrapped) = arrival.overflowing_sub(*time);
            wraps |= wrapped;
            // Not both, whatever the bounds: one needs a delay above 0, the other one below.
            u8::from(delay > late) * Reason::Late as u8 + u8::from(delay < ahead) * Reason::Ahead as u8
        };
        let verdicts = times.iter().zip(arrivals).map(verdict).collect();
        if wraps {
            times
                .iter()
                .zip(arrivals)
                .map(|(time, arrival)| self.in_time(*time, *arrival))
                .collect()
        } else {
            verdicts
        }
    }

    /// The same for one row. The difference is taken in 128 bits: it cannot wrap.
    fn in_time(self, time_us: i64, arrival_us: i64) -> u8 {
        let delay = i128::from(arrival_us) - i128::from(time_us);
        if delay > i128::from(self.late_us) {
            Reason::Late as u8
        } else if -delay > i128::from(self.ahead_us) {
            Reason::Ahead as u8
        } else {
            0
        }
    }
}

/// The arrival time of each row in microseconds, or `None` when the source has no arrival, or none that
/// matters because its rows never change. The value of a row whose
/// time or arrival is null is unspecified (such rows are rejected). `time + offset` stops at the greatest timestamp.
pub fn arrivals(source: &Source, batch: &Batch) -> Option<Vec<i64>> {
    match source.arrival? {
        Arrival::Column(column) => Some(batch.columns[column.index()].i64s().to_vec()),
        Arrival::AfterTime { offset_us } => Some(
            batch.columns[source.time.index()]
                .i64s()
                .iter()
                .map(|time| time.saturating_add_unsigned(offset_us))
                .collect(),
        ),
        Arrival::Static => None,
    }
}

/// The instants at which rows look into tables with versions: a column per lookup. One that is null or an error looks nothing up.
pub fn lookup_instants(spec: &RowSpec, batch: &Batch) -> Vec<Column> {
    let mut row = batch.clone();
    let mut found = Vec::new();
    let mut note = |expr: &Expr, row: &Batch| {
        expr.lookup_instants(&mut |instant| found.push(eval::eval(instant, row)));
    };
    for step in &spec.steps {
        match step {
            Step::Where(expr) => note(expr, &row),
            Step::Let(expr) => {
                note(expr, &row);
                let column = eval::eval(expr, &row);
                row.columns.push(column);
            }
        }
    }
    note(&spec.time, &row);
    found
}

/// As served, when each accepted row is known with all that it looks up: at its arrival or, if later, at the greatest instant
/// at which it looks into a table with versions. Rows that never change have no arrival of their own.
pub fn known(spec: &RowSpec, batch: &Batch, arrivals: Option<&[i64]>) -> Vec<i64> {
    let mut known = arrivals.map_or_else(|| vec![i64::MIN; batch.rows], <[i64]>::to_vec);
    for instants in lookup_instants(spec, batch) {
        for (row, known) in known.iter_mut().enumerate() {
            if instants.is_valid(row) {
                *known = instants.i64s()[row].max(*known);
            }
        }
    }
    known
}
