//! What the merge reads: sorted events, sorted questions, and for each window the rows that lie in it.

use super::Questions;
use featc_ir::{Excluding, Window, WindowKind};
use featr_kernels::events::Events;
use std::collections::HashMap;

/// Events of one or more entities back to back; those of each entity keep the kernels' `(sorted-events)` invariant.
#[derive(Debug, Clone)]
pub struct Run {
    pub events: Events,
    /// The least accepted arrival of each event; `None` when the source has none.
    pub arrivals: Option<Vec<i64>>,
}

/// The rows of each window, question by question: `low[q]..high[q]`, both nondecreasing within an entity.
#[derive(Debug)]
pub(super) struct Spans {
    pub low: Vec<u32>,
    pub high: Vec<u32>,
}

/// Lists of numbers, one per question, back to back.
#[derive(Debug, Default)]
pub(super) struct Lists {
    items: Vec<u32>,
    ends: Vec<u32>,
}

impl Lists {
    /// Empty lists.
    pub fn none(questions: usize) -> Lists {
        Lists {
            items: vec![],
            ends: vec![0; questions],
        }
    }

    pub fn get(&self, question: usize) -> &[u32] {
        let start = if question == 0 {
            0
        } else {
            self.ends[question - 1] as usize
        };
        &self.items[start..self.ends[question] as usize]
    }
}

/// Which events are visible to a question.
#[derive(Debug)]
pub(super) enum Visible {
    /// All of its entity's.
    All,
    /// Those with arrival ≤ the question's cutoff.
    ByArrival(Arrived),
}

/// Visibility by arrival. `fresh.get(q)` lists the events that the question's predecessor of the same entity did not
/// see: each event appears once, whatever its event time.
#[derive(Debug)]
pub(super) struct Arrived {
    /// `t − δ`; `None` when that lies before all instants.
    pub cutoffs: Vec<Option<i64>>,
    pub fresh: Lists,
}

/// First row of `rows` for which `before` is false, found by doubling steps from its start: cheap when it is near.
fn gallop(times: &[i64], start: u32, end: u32, before: impl Fn(i64) -> bool) -> u32 {
    let (mut low, mut step) = (start, 1u32);
    let mut high = loop {
        let probe = low.saturating_add(step);
        if probe > end {
            break end;
        }
        if !before(times[probe as usize - 1]) {
            break probe - 1;
        }
        low = probe;
        step = step.saturating_mul(2);
    };
    while low < high {
        let middle = low + (high - low) / 2;
        if before(times[middle as usize]) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

impl Spans {
    /// The rows of a window; exclusions by identity are not its concern.
    pub fn of_window(run: &Run, questions: &Questions, window: &Window) -> Spans {
        let length = match window.kind {
            WindowKind::Last { length_us } => Some(length_us.unsigned_abs()),
            WindowKind::Lifetime => None,
        };
        Spans::of(run, questions, length, matches!(window.excluding, Excluding::Now))
    }

    /// The rows in `(t − length, t]`, or `(t − length, t)` when `before_now`.
    pub fn of(run: &Run, questions: &Questions, length_us: Option<u64>, before_now: bool) -> Spans {
        let times = &run.events.times;
        let rows = questions.len();
        let mut spans = Spans {
            low: vec![0; rows],
            high: vec![0; rows],
        };
        for group in &questions.groups {
            let (mut low, mut high) = (group.events.start, group.events.start);
            for question in group.questions.clone() {
                let t = questions.times[question];
                let after = length_us.and_then(|length| t.checked_sub_unsigned(length));
                if let Some(after) = after {
                    low = gallop(times, low, group.events.end, |time| time <= after);
                }
                high = gallop(times, high.max(low), group.events.end, |time| {
                    time < t || (time == t && !before_now)
                });
                spans.low[question] = low;
                spans.high[question] = high;
            }
        }
        spans
    }
}

impl Visible {
    /// `delay_us` is `None` when arrival plays no role. Without arrivals nothing is visible by arrival.
    pub fn new(run: &Run, questions: &Questions, delay_us: Option<u64>) -> Visible {
        let Some(delay) = delay_us else { return Visible::All };
        let cutoffs: Vec<Option<i64>> = questions.times.iter().map(|t| t.checked_sub_unsigned(delay)).collect();
        let mut fresh = Lists::none(questions.len());
        let arrivals = run.arrivals.as_deref().unwrap_or_default();
        let mut order: Vec<u32> = Vec::new();
        for group in &questions.groups {
            order.clear();
            if !arrivals.is_empty() {
                order.extend(group.events.clone());
                order.sort_unstable_by_key(|row| (arrivals[*row as usize], *row));
            }
            let mut seen = 0;
            for question in group.questions.clone() {
                if let Some(cutoff) = cutoffs[question] {
                    let more = order[seen..]
                        .iter()
                        .take_while(|row| arrivals[**row as usize] <= cutoff)
                        .count();
                    fresh.items.extend_from_slice(&order[seen..seen + more]);
                    seen += more;
                }
                fresh.ends[question] = position(fresh.items.len());
            }
        }
        Visible::ByArrival(Arrived { cutoffs, fresh })
    }

    /// Whether a question sees an event of its entity.
    #[inline]
    pub fn sees(&self, run: &Run, question: usize, row: u32) -> bool {
        match self {
            Visible::All => true,
            Visible::ByArrival(arrived) => match (&run.arrivals, arrived.cutoffs[question]) {
                (Some(arrivals), Some(cutoff)) => arrivals[row as usize] <= cutoff,
                (None, _) | (_, None) => false,
            },
        }
    }
}

/// For each question the rows of its entity (ascending) whose identity is the question's own.
pub(super) fn own_events(run: &Run, questions: &Questions) -> Lists {
    let mut own = Lists::none(questions.len());
    let Some(selves) = &questions.selves else { return own };
    let mut rows_of: HashMap<&[u8], Vec<u32>> = HashMap::new();
    for group in &questions.groups {
        rows_of.clear();
        if group.questions.clone().any(|question| selves.known[question]) {
            for row in group.events.clone() {
                rows_of.entry(run.events.id(row as usize)).or_default().push(row);
            }
        }
        for question in group.questions.clone() {
            if selves.known[question]
                && let Some(rows) = rows_of.get(selves.keys.get(question))
            {
                own.items.extend_from_slice(rows);
            }
            own.ends[question] = position(own.items.len());
        }
    }
    own
}

/// How many questions see an event at their very instant. `spans` are those of a window that excludes nothing, so that
/// such events are the last ones of a span. Questions of one entity and instant see the same.
pub(super) fn at_events(run: &Run, questions: &Questions, spans: &Spans, visible: &Visible) -> u64 {
    let mut count = 0;
    for group in &questions.groups {
        let mut previous: Option<(i64, bool)> = None;
        for question in group.questions.clone() {
            let t = questions.times[question];
            let sees = match previous {
                Some((instant, sees)) if instant == t => sees,
                Some(_) | None => (spans.low[question]..spans.high[question])
                    .rev()
                    .take_while(|row| run.events.times[*row as usize] == t)
                    .any(|row| visible.sees(run, question, row)),
            };
            previous = Some((t, sees));
            count += u64::from(sees);
        }
    }
    count
}

/// A position in a run; a run holds fewer than 2^32 rows (the caller checks that).
pub(super) fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
