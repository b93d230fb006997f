//! Windows: which events count at an instant `t`.
//!
//! A window is *bounds* in time, both monotone in `t`, or a *selection* from the events that lie within bounds: the last
//! so many of them, or those from the last of some kind on. Nothing outside of this file knows lengths: whoever wants to know
//! what a window holds asks [`Window::bounds`] and the [`Choice`] of a slot over it.

use crate::bounds::Bounds;
use crate::id::LiftId;
use crate::period::Unit;
use crate::zone::Zone;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A window, exact to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    pub kind: WindowKind,
    pub excluding: Excluding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// `(t − length, t]`, in microseconds; the length is positive.
    Last { length_us: i64 },
    /// Everything accepted up to and including `t`.
    Lifetime,
    /// What the window would be without an offset, at `t − offset`: `(t − offset − length, t − offset]`, or everything up
    /// to `t − offset`. Both are positive.
    Offset { length_us: Option<i64>, offset_us: i64 },
    /// The last `count` events by (τ, id, digest) in `(t − max, t]`, or up to `t`. Which events stand for the choice is
    /// decided by whoever asks: those that are visible and not excluded, and for which the `where` of the aggregate is
    /// true or an error. Both are positive.
    Events { count: u32, max_us: Option<i64> },
    /// The events in `(t − max, t]` from the last one on for which a condition is true or an error, that one included: the
    /// `since` of the slot. None, where there is no such event. `max` is positive.
    Since { max_us: i64 },
    /// `[g − length, g)`, where `g` is the greatest point of a grid that is no later than `t − after`. The points of the grid
    /// are a length apart on the clocks of a zone: where that is a number of whole weeks they are Mondays, and 1970-01-01 is one
    /// of them otherwise. So is the left edge a length away on these clocks. `after` may be 0, and passes by no clock; the others
    /// are positive.
    Grid {
        length_us: i64,
        every_us: i64,
        after_us: i64,
        #[serde(default = "Zone::utc", skip_serializing_if = "Zone::is_utc_of")]
        zone: Zone,
    },
    /// From the begin of the period of the calendar that contains `t` up to and including `t`.
    This { unit: Unit, zone: Zone },
    /// So many whole periods of the calendar before the one that contains `t`: the first instant is in, the last one is out.
    Past { count: u32, unit: Unit, zone: Zone },
}

/// The greatest number of periods of the calendar.
pub const PERIODS_MAX: u32 = 1000;

/// The greatest distance between two points of a grid, and the greatest `after`: 366 days.
pub const GRID_MAX_US: i64 = 366 * 86_400_000_000;

/// The least distance between two points of a grid in another zone than UTC: a minute. Clocks that are put back leave out points.
pub const GRID_MIN_US: i64 = 60_000_000;

/// What is taken out of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excluding {
    Nothing,
    /// Events with event time = `t`.
    Now,
    /// The events whose `unique` columns equal the question's columns of the same names
    /// (a question with a null among them excludes nothing).
    SelfEvent,
}

impl WindowKind {
    /// The bounds, whatever is excluded.
    pub fn bounds(self) -> Bounds {
        match self {
            WindowKind::Last { length_us } => Bounds::lookback(Some(length_us.unsigned_abs())),
            WindowKind::Lifetime => Bounds::lookback(None),
            WindowKind::Offset { length_us, offset_us } => Bounds::ended(
                offset_us.unsigned_abs(),
                // Two positive numbers of 63 bits.
                length_us.map(|length| length.unsigned_abs() + offset_us.unsigned_abs()),
            ),
            WindowKind::Events { max_us, .. } => Bounds::lookback(max_us.map(i64::unsigned_abs)),
            WindowKind::Since { max_us } => Bounds::lookback(Some(max_us.unsigned_abs())),
            WindowKind::Grid {
                length_us,
                every_us,
                after_us,
                zone,
            } => Bounds::on_grid(
                length_us.unsigned_abs(),
                (every_us.unsigned_abs(), zone),
                after_us.unsigned_abs(),
            ),
            WindowKind::This { unit, zone } => Bounds::of_calendar(unit, zone, None),
            WindowKind::Past { count, unit, zone } => Bounds::of_calendar(unit, zone, Some(count)),
        }
    }

    /// Whether its numbers are in range.
    pub fn is_valid(self) -> bool {
        let is_positive = |us: Option<i64>| us.is_none_or(|us| us > 0);
        match self {
            WindowKind::Last { length_us } => length_us > 0,
            WindowKind::Since { max_us } => max_us > 0,
            WindowKind::Lifetime | WindowKind::This { .. } => true,
            WindowKind::Past { count, .. } => (1..=PERIODS_MAX).contains(&count),
            WindowKind::Offset { length_us, offset_us } => is_positive(length_us) && offset_us > 0,
            WindowKind::Events { count, max_us } => count > 0 && is_positive(max_us),
            WindowKind::Grid {
                length_us,
                every_us,
                after_us,
                zone,
            } => {
                let least = if zone.is_utc() { 1 } else { GRID_MIN_US };
                length_us > 0 && (least..=GRID_MAX_US).contains(&every_us) && (0..=GRID_MAX_US).contains(&after_us)
            }
        }
    }
}

impl Window {
    /// The bounds in time. What identities exclude ([`Excluding::SelfEvent`]), and how many events are chosen
    /// ([`Window::count`]), is not decided by them.
    pub fn bounds(&self) -> Bounds {
        let bounds = self.kind.bounds();
        match self.excluding {
            Excluding::Now => bounds.without_now(),
            Excluding::Nothing | Excluding::SelfEvent => bounds,
        }
    }

    /// The zone of its calendar, if that is not UTC.
    pub fn zone(&self) -> Option<Zone> {
        match self.kind {
            WindowKind::Grid { zone, .. } | WindowKind::This { zone, .. } | WindowKind::Past { zone, .. } => {
                Some(zone).filter(|zone| !zone.is_utc())
            }
            WindowKind::Last { .. }
            | WindowKind::Lifetime
            | WindowKind::Offset { .. }
            | WindowKind::Events { .. }
            | WindowKind::Since { .. } => None,
        }
    }

    /// Whether it holds only some of the events within its bounds: those that the slot's [`Choice`] says.
    pub fn chooses(&self) -> bool {
        self.count().is_some() || matches!(self.kind, WindowKind::Since { .. })
    }

    /// How many events within the bounds it holds at most, the last ones; `None`: all of them.
    pub fn count(&self) -> Option<u32> {
        match self.kind {
            WindowKind::Events { count, .. } => Some(count),
            WindowKind::Last { .. }
            | WindowKind::Lifetime
            | WindowKind::Offset { .. }
            | WindowKind::Since { .. }
            | WindowKind::Grid { .. }
            | WindowKind::This { .. }
            | WindowKind::Past { .. } => None,
        }
    }
}

/// What of the events within its bounds a window holds: those from the last but so many candidates on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice {
    /// How many candidates there are at most.
    pub count: u32,
    /// Candidates are the events for which this is true or an error; without it all.
    pub filter: Option<LiftId>,
    /// Where there are fewer candidates: no event, or all that there are.
    pub or_none: bool,
}

/// Prints periods of the calendar: `this day`, `last 3 months`, and the zone where it is not UTC.
fn format_periods(f: &mut fmt::Formatter<'_>, past: Option<u32>, unit: Unit, zone: Zone) -> fmt::Result {
    match past {
        None => write!(f, "over this {unit}")?,
        Some(1) => write!(f, "over last 1 {unit}")?,
        Some(count) => write!(f, "over last {count} {unit}s")?,
    }
    format_zone(f, zone)
}

/// Prints a zone where it is not UTC.
fn format_zone(f: &mut fmt::Formatter<'_>, zone: Zone) -> fmt::Result {
    match zone.is_utc() {
        true => Ok(()),
        false => write!(f, " in \"{zone}\""),
    }
}

/// The units of durations, in microseconds, from the longest.
pub const UNITS: [(i64, &str); 6] = [
    (86_400_000_000, "d"),
    (3_600_000_000, "h"),
    (60_000_000, "m"),
    (1_000_000, "s"),
    (1_000, "ms"),
    (1, "us"),
];

/// Prints a length in the largest unit that divides it: `90m`, `7d`, `250ms`.
pub fn format_duration(us: i64) -> String {
    if us == 0 {
        return "0s".to_owned();
    }
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| us % unit == 0).unwrap_or((1, "us"));
    format!("{}{name}", us / unit)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            WindowKind::Last { length_us } => write!(f, "over {}", format_duration(length_us))?,
            WindowKind::Lifetime => f.write_str("over lifetime")?,
            WindowKind::Offset { length_us, offset_us } => {
                let length = length_us.map_or("lifetime".to_owned(), format_duration);
                write!(f, "over {length} offset {}", format_duration(offset_us))?;
            }
            WindowKind::Events { count, max_us } => {
                write!(f, "over {count} events")?;
                if let Some(max_us) = max_us {
                    write!(f, " max {}", format_duration(max_us))?;
                }
            }
            WindowKind::Since { max_us } => write!(f, "over since max {}", format_duration(max_us))?,
            WindowKind::Grid {
                length_us,
                every_us,
                after_us,
                zone,
            } => {
                write!(
                    f,
                    "over {} every {}",
                    format_duration(length_us),
                    format_duration(every_us)
                )?;
                if after_us > 0 {
                    write!(f, " after {}", format_duration(after_us))?;
                }
                format_zone(f, zone)?;
            }
            WindowKind::This { unit, zone } => format_periods(f, None, unit, zone)?,
            WindowKind::Past { count, unit, zone } => format_periods(f, Some(count), unit, zone)?,
        }
        match self.excluding {
            Excluding::Nothing => Ok(()),
            Excluding::Now => f.write_str(" excluding now"),
            Excluding::SelfEvent => f.write_str(" excluding self"),
        }
    }
}
