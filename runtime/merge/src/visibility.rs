//! Which of its entity's events a question sees: all, those that have arrived, and never those it excludes itself.
//!
//! Where arrival decides, a question sees what had arrived by its cut `c`: t − δ, or what it brings. If no event of an
//! entity arrives sooner than `d` after its time, it sees none with τ > c − d: its spans end there. Of the earlier ones the
//! few that have not arrived yet are *excluded*, a list that is kept from one question to the next. Where these lists would
//! grow large (much is late, in many different ways), the entity is *crowded*, and every algorithm takes its events in one
//! by one as they arrive. Both rest on cuts that never go back within a group ([`crate::chains`]).

use crate::questions::{Group, Questions, Selves};
use crate::run::{Lists, Rows, Run, position};
use featc_ir::plan::FoldSpec;
use featc_ir::{Bounds, Cut, Excluding, Window};
use std::collections::HashMap;

/// Rows that questions leave out of their spans.
#[derive(Debug)]
pub(super) struct Exclusions {
    /// Per question, ascending. Empty for crowded entities.
    pub rows: Lists,
    /// The questions that have any.
    pub questions: Vec<u32>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Visibility {
    /// Events that have happened and not arrived.
    pub late: Exclusions,
    /// `late`, and the questions' own events.
    pub late_and_own: Exclusions,
    /// The questions' own events, for crowded entities too.
    pub own: Lists,
    pub arrival: Option<Arrival>,
}

/// Visibility by arrival.
#[derive(Debug)]
pub(super) struct Arrival {
    /// How far cuts lie behind the instants; `None` where questions bring them.
    delay_us: Option<u64>,
    /// Per group: the least time from an event of its entity to its arrival, in microseconds.
    least_delay_us: Vec<i64>,
    /// Crowded entities, as positions in the groups.
    pub crowded: Vec<u32>,
}

impl Arrival {
    /// The last arrival that a question sees; `None` if it sees none.
    #[inline]
    fn cut(&self, questions: &Questions, question: usize) -> Option<i64> {
        match self.delay_us {
            Some(delay_us) => questions.times[question].checked_sub_unsigned(delay_us),
            None => questions.cuts[question],
        }
    }
}

/// The last instant before which, or at which, an event must lie to be seen by a question at `t` with this cut; `None` if
/// there is none.
fn until(t: i64, cut: i64, least: i64) -> Option<i64> {
    // Law: sight_ends (proofs/theory/Truth.v)
    if least == i64::MIN {
        return Some(t); // it may be less than that: no bound
    }
    i64::try_from((i128::from(cut) - i128::from(least)).min(i128::from(t))).ok()
}

impl Visibility {
    /// Without arrivals nothing is visible by arrival.
    pub fn new(run: &Run, questions: &Questions, cut: Cut, excludes_self: bool) -> Visibility {
        let arrival = |delay_us: Option<u64>| Arrival {
            delay_us,
            least_delay_us: questions.groups.iter().map(|group| least_delay(run, group)).collect(),
            crowded: vec![],
        };
        let own = if excludes_self {
            own_events(run, questions)
        } else {
            Lists::none(questions.len())
        };
        let mut visibility = Visibility {
            late: Exclusions::none(questions.len()),
            late_and_own: Exclusions::none(questions.len()),
            own,
            arrival: match cut {
                Cut::Open => None,
                Cut::Delayed { delay_us } => Some(arrival(Some(delay_us))),
                Cut::Given => Some(arrival(None)),
            },
        };
        visibility.find_late(run, questions);
        visibility.late.questions = visibility.late.rows.filled();
        if excludes_self {
            visibility.late_and_own = visibility.with_own(questions);
        }
        visibility
    }

    /// For each question the row after the last one that it may see within bounds.
    pub fn highs(&self, run: &Run, questions: &Questions, bounds: &Bounds) -> Vec<u32> {
        let mut highs = Vec::with_capacity(questions.len());
        for (number, group) in questions.groups.iter().enumerate() {
            let rows = Rows::of(&run.events.times, group);
            let mut high = group.events.start;
            for question in group.questions.clone() {
                let t = questions.times[question];
                let last = bounds.until(t);
                let last = match &self.arrival {
                    None => last,
                    Some(_) if run.arrivals.is_none() => None,
                    Some(arrival) => {
                        let cut = arrival.cut(questions, question);
                        let until = cut.and_then(|cut| until(t, cut, arrival.least_delay_us[number]));
                        last.zip(until).map(|(last, until)| last.min(until))
                    }
                };
                if let Some(last) = last {
                    high = rows.after(high, last);
                }
                highs.push(high);
            }
        }
        highs
    }

    /// Whether a question sees an event that has happened.
    #[inline]
    pub fn sees(&self, run: &Run, questions: &Questions, question: usize, row: u32) -> bool {
        let Some(arrival) = &self.arrival else { return true };
        match (&run.arrivals, arrival.cut(questions, question)) {
            (Some(arrivals), Some(cut)) => arrivals[row as usize] <= cut,
            (None, _) | (_, None) => false,
        }
    }

    /// The crowded entities.
    pub fn crowded<'a>(&'a self, questions: &'a Questions) -> impl Iterator<Item = &'a Group> {
        let crowded = self.arrival.iter().flat_map(|arrival| &arrival.crowded);
        crowded.map(|number| &questions.groups[*number as usize])
    }

    /// Whether the entity of a group is crowded.
    pub fn is_crowded(&self, number: usize) -> bool {
        let find = |arrival: &Arrival| arrival.crowded.binary_search(&position(number)).is_ok();
        self.arrival.as_ref().is_some_and(find)
    }

    /// Lists the events that have happened and not arrived, and finds the crowded entities.
    fn find_late(&mut self, run: &Run, questions: &Questions) {
        let (Some(arrival), Some(arrivals)) = (&mut self.arrival, &run.arrivals) else {
            return;
        };
        let mut lists = Lists::with_capacity(questions.len());
        let mut pending: Vec<u32> = vec![];
        for (number, group) in (0u32..).zip(&questions.groups) {
            pending.clear();
            let rows = Rows::of(&run.events.times, group);
            // A question's list may be as long as its share of the events, on average.
            let mut budget = 2 * (group.questions.len() + group.events.len());
            let mut next = group.events.start;
            for question in group.questions.clone() {
                let t = questions.times[question];
                if let Some(cut) = arrival.cut(questions, question) {
                    pending.retain(|row| arrivals[*row as usize] > cut);
                    if let Some(until) = until(t, cut, arrival.least_delay_us[number as usize]) {
                        let high = rows.after(next, until);
                        let happened = (next..high).zip(&arrivals[next as usize..high as usize]);
                        pending.extend(happened.filter(|(_, arrival)| **arrival > cut).map(|(row, _)| row));
                        next = high;
                    }
                }
                lists.push(&pending);
                match budget.checked_sub(pending.len()) {
                    Some(less) => budget = less,
                    None => {
                        arrival.crowded.push(number);
                        lists.truncate(group.questions.start);
                        for _ in group.questions.clone() {
                            lists.push(&[]);
                        }
                        break;
                    }
                }
            }
        }
        self.late.rows = lists;
    }

    /// The union of late and own events, outside crowded entities. Questions to which nothing is late share the lists of
    /// their own events.
    fn with_own(&self, questions: &Questions) -> Exclusions {
        let mut lists = self.own.clone();
        let mut both: Vec<u32> = vec![];
        for question in self.late.questions.iter().map(|question| *question as usize) {
            both.clear();
            both.extend_from_slice(self.late.rows.get(question));
            both.extend_from_slice(self.own.get(question));
            both.sort_unstable();
            both.dedup();
            lists.replace(question, &both);
        }
        for group in self.crowded(questions) {
            group
                .questions
                .clone()
                .for_each(|question| lists.replace(question, &[]));
        }
        Exclusions {
            questions: lists.filled(),
            rows: lists,
        }
    }
}

impl Exclusions {
    fn none(questions: usize) -> Exclusions {
        Exclusions {
            rows: Lists::none(questions),
            questions: vec![],
        }
    }
}

/// The least time from an event of an entity to its arrival; `i64::MIN` also stands for anything below.
fn least_delay(run: &Run, group: &Group) -> i64 {
    let Some(arrivals) = &run.arrivals else { return 0 };
    let rows = group.events.start as usize..group.events.end as usize;
    let delays = arrivals[rows.clone()].iter().zip(&run.events.times[rows]);
    delays
        .map(|(arrival, time)| arrival.saturating_sub(*time))
        .min()
        .unwrap_or(0)
}

/// For each question the events of its entity that its predecessor did not see and it does, whatever their times: each
/// event appears once. Only for the entities that are `wanted`.
pub(super) fn fresh(
    run: &Run,
    questions: &Questions,
    visibility: &Visibility,
    wanted: impl Fn(usize) -> bool,
) -> Lists {
    let mut fresh = Lists::with_capacity(questions.len());
    let arrivals = run.arrivals.as_deref().unwrap_or_default();
    let mut order: Vec<u32> = Vec::new();
    for (number, group) in questions.groups.iter().enumerate() {
        order.clear();
        if !arrivals.is_empty() && wanted(number) {
            order.extend(group.events.clone());
            order.sort_unstable_by_key(|row| (arrivals[*row as usize], *row));
        }
        let mut seen = 0;
        for question in group.questions.clone() {
            let rest = &order[seen..];
            let more = rest
                .iter()
                .take_while(|row| visibility.sees(run, questions, question, **row))
                .count();
            fresh.push(&rest[..more]);
            seen += more;
        }
    }
    fresh
}

/// See [`super::Answered::with_own`].
pub(super) fn count_with_own((spec, run): (&FoldSpec, &Run), questions: &Questions, visibility: &Visibility) -> u64 {
    let windows = spec.windows.iter();
    let mut bounds: Vec<Bounds> = windows
        .filter(|window| window.excluding == Excluding::SelfEvent)
        .map(Window::bounds)
        .collect();
    bounds.sort_unstable();
    bounds.dedup();
    let times = &run.events.times;
    let is_reached = |question: usize, bounds: &Bounds| {
        let (t, own) = (questions.times[question], visibility.own.get(question));
        let first = bounds
            .after(t)
            .map_or(0, |after| own.partition_point(|row| times[*row as usize] <= after));
        own.get(first)
            .is_some_and(|row| bounds.contain(times[*row as usize], t))
    };
    let has_own = |question: &usize| bounds.iter().any(|bounds| is_reached(*question, bounds));
    (0..questions.len()).filter(has_own).count() as u64
}

/// For each question the rows of its entity (ascending) whose identity is the question's own. Questions of one identity
/// share a list.
fn own_events(run: &Run, questions: &Questions) -> Lists {
    /// So many comparisons are cheaper than a table.
    const COMPARED: usize = 256;
    let mut own = Lists::with_capacity(questions.len());
    let Some(selves) = &questions.selves else {
        return Lists::none(questions.len());
    };
    let mut found: Vec<u32> = vec![];
    for group in &questions.groups {
        if group.questions.len() * group.events.len() > COMPARED {
            own_events_of(run, group, selves, &mut own);
            continue;
        }
        for question in group.questions.clone() {
            let key = selves.keys.get(question);
            found.clear();
            // Law: null_is_nobody (proofs/theory/Laws.v)
            if selves.known[question] {
                found.extend(group.events.clone().filter(|row| run.events.id(*row as usize) == key));
            }
            own.push(&found);
        }
    }
    own
}

/// Those of one entity, by a table of identities.
fn own_events_of(run: &Run, group: &Group, selves: &Selves, own: &mut Lists) {
    /// What an identity has: its rows, and the first question that has listed them.
    type Own = (Vec<u32>, Option<usize>);
    let mut table: HashMap<&[u8], Own> = HashMap::new();
    let known = group.questions.clone().filter(|question| selves.known[*question]);
    table.extend(known.map(|question| (selves.keys.get(question), Own::default())));
    for row in group.events.clone() {
        if let Some((rows, _)) = table.get_mut(run.events.id(row as usize)) {
            rows.push(row);
        }
    }
    for question in group.questions.clone() {
        let of_self = Some(selves.keys.get(question)).filter(|_| selves.known[question]);
        match of_self.and_then(|key| table.get_mut(key)) {
            None => own.push(&[]),
            Some((_, Some(first))) => own.push_that_of(*first),
            Some((rows, first)) => {
                own.push(rows);
                (*rows, *first) = (vec![], Some(question));
            }
        }
    }
}
