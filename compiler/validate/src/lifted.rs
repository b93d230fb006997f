//! What both lifters produce, and how the parts of a term are written.

use crate::term::Term;
use featc_ir::{Arrival, Excluding, FileSet, Key, Lateness, Literal, Type, Unit, Window, WindowKind, Zone};
use std::collections::BTreeMap;

/// A service as terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted {
    /// What questions bring.
    pub spine: Term,
    /// The output columns, in order.
    pub columns: Term,
    /// What events are, by the place in the plan or in the program that says so.
    pub events: Vec<Term>,
    /// By name: which events it folds, and what it is. Inputs of others are among them.
    pub features: BTreeMap<String, (usize, Term)>,
    /// What the service computes of them, in order.
    pub derived: Vec<Term>,
    /// The output columns without which nothing is answered, in order. Of a batch plan none: a training set keeps every row.
    pub gated: Vec<String>,
}

/// How long after its instant a question may come (docs/semantics.md §7: "plus one hour").
pub const READ_SKEW_US: u64 = 3_600_000_000;

pub fn keys(head: &str, keys: &[Key]) -> Term {
    Term::names(head, keys.iter().map(|key| format!("{}:{}", key.name, key.ty)))
}

pub fn files(head: &str, set: Option<&FileSet>) -> Term {
    let Some(set) = set else {
        return Term::node(head, vec![Term::leaf("none")]);
    };
    let version = set
        .version
        .map_or_else(|| "latest".to_owned(), |version| version.to_string());
    let mut items = vec![Term::leaf(format!("{:?}", set.format)), Term::leaf(version)];
    items.extend(set.paths.iter().map(|path| Term::leaf(format!("{path:?}"))));
    Term::node(head, items)
}

/// `τ > t − reach` (if there is one), `τ ≤ t` (`<` where now is excluded), how long before `t` it ends, how many events it
/// holds, and what else is taken out. Of a window on a grid: its length, the distance between two points, and how long after
/// one it ends there. Of one of the calendar: its periods.
pub fn window(window: &Window, own: &[String]) -> Term {
    let (length, until) = (
        reach_us(window),
        match window.excluding {
            Excluding::Now => "until_before",
            Excluding::Nothing | Excluding::SelfEvent => "until",
        },
    );
    let mut items = vec![Term::us("after", length), Term::leaf(until)];
    match window.kind {
        WindowKind::Grid {
            length_us,
            every_us,
            after_us,
            zone,
        } => {
            let us = |name, us| Term::us(name, u64::try_from(us).ok());
            items = vec![
                us("length", length_us),
                us("grid", every_us),
                us("not_before", after_us),
                Term::names("clocks", [zone.to_string()]),
            ];
        }
        WindowKind::This { unit, zone } => {
            let since = Term::names("since_begin_of", [unit.to_string(), zone.to_string()]);
            items = vec![since, Term::leaf(until)];
        }
        WindowKind::Past { count, unit, zone } => {
            items = vec![Term::names(
                "whole",
                [count.to_string(), unit.to_string(), zone.to_string()],
            )];
        }
        WindowKind::Last { .. } | WindowKind::Lifetime => {}
        WindowKind::Offset { offset_us, .. } => items.push(Term::us("ends_before", u64::try_from(offset_us).ok())),
        WindowKind::Events { count, .. } => items.push(Term::names("last", [count])),
        WindowKind::Since { .. } => items.push(Term::leaf("from_the_last_on")),
    }
    if window.excluding == Excluding::SelfEvent {
        items.push(Term::names("without", own));
    }
    Term::node("window", items)
}

/// How long so many periods of the calendar may take: the longest ones, and a day by which clocks may be put back.
fn periods_us(unit: Unit, zone: Zone, count: u64) -> Option<u64> {
    const DAY_US: u64 = 86_400_000_000;
    let longest = match unit {
        Unit::Hour => DAY_US / 24,
        Unit::Day => DAY_US,
        Unit::Week => 7 * DAY_US,
        Unit::Month => 31 * DAY_US,
        Unit::Quarter => (31 + 31 + 30) * DAY_US,
        Unit::Year => 366 * DAY_US,
    };
    longest
        .checked_mul(count)?
        .checked_add(if zone == Zone::UTC { 0 } else { DAY_US })
}

/// How far a window reaches back at most; `None`: for ever.
pub fn reach_us(window: &Window) -> Option<u64> {
    match window.kind {
        WindowKind::Last { length_us } => u64::try_from(length_us).ok(),
        WindowKind::Lifetime => None,
        WindowKind::Offset { length_us, offset_us } => {
            let (length, offset) = (u64::try_from(length_us?).ok()?, u64::try_from(offset_us).ok()?);
            length.checked_add(offset)
        }
        WindowKind::Events { max_us, .. } => u64::try_from(max_us?).ok(),
        WindowKind::Since { max_us } => u64::try_from(max_us).ok(),
        WindowKind::Grid {
            length_us,
            every_us,
            after_us,
            zone,
        } => {
            // No two clocks of a zone are further apart than 26 hours.
            let apart_us: u64 = if zone == Zone::UTC { 0 } else { 26 * 3_600_000_000 };
            let mut lengths = [length_us, every_us, after_us].into_iter();
            lengths.try_fold(apart_us, |sum, us| sum.checked_add(u64::try_from(us).ok()?))
        }
        WindowKind::This { unit, zone } => periods_us(unit, zone, 1),
        WindowKind::Past { count, unit, zone } => periods_us(unit, zone, u64::from(count) + 1),
    }
}

/// What windows that end alike, and of which one starts within the other, at every instant, have in common: what is excluded,
/// how long before the instant they end, and on which grid. One of the calendar has nothing in common with another.
pub fn end(window: &Window) -> (Excluding, i64, Option<(i64, Zone)>, Option<WindowKind>) {
    let (before, grid, alone) = match window.kind {
        WindowKind::Offset { offset_us, .. } => (offset_us, None, None),
        WindowKind::Last { .. } | WindowKind::Lifetime => (0, None, None),
        WindowKind::Events { .. } | WindowKind::Since { .. } => (0, None, None),
        WindowKind::Grid {
            every_us,
            after_us,
            zone,
            ..
        } => (after_us, Some((every_us, zone)), None),
        kind @ (WindowKind::This { .. } | WindowKind::Past { .. }) => (0, None, Some(kind)),
    };
    (window.excluding, before, grid, alone)
}

/// Whether it chooses among the events within its bounds.
pub fn chooses(window: &Window) -> bool {
    matches!(window.kind, WindowKind::Events { .. } | WindowKind::Since { .. })
}

/// How far back any event keeps an entity from being missing.
pub fn presence_us(window: &Window, lateness: Lateness) -> Option<u64> {
    let late = match lateness {
        Lateness::Unbounded => 0,
        Lateness::Within { bound_us } => bound_us,
    };
    reach_us(window)?.checked_add(late)?.checked_add(READ_SKEW_US)
}

pub fn arrival(
    arrival: Option<Arrival>,
    name: &dyn Fn(featc_ir::ColumnId) -> Result<String, String>,
) -> Result<Term, String> {
    Ok(match arrival {
        None => Term::names("arrival", ["none"]),
        Some(Arrival::Column(id)) => Term::names("arrival", [format!("column {}", name(id)?)]),
        Some(Arrival::AfterTime { offset_us }) => Term::us("arrival_after_time", Some(offset_us)),
        Some(Arrival::Static) => Term::names("arrival", ["static"]),
    })
}

pub fn lateness(lateness: Lateness, skew_us: u64) -> Term {
    let late = match lateness {
        Lateness::Unbounded => Term::leaf("unbounded"),
        Lateness::Within { bound_us } => Term::us("late", Some(bound_us)),
    };
    Term::node("lateness", vec![late, Term::us("skew", Some(skew_us))])
}

pub fn default(value: Option<&Literal>, ty: Type) -> Term {
    let text = value.map_or_else(|| "none".to_owned(), |value| format!("{value:?}:{ty}"));
    Term::names("default", [text])
}
