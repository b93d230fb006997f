//! Bounds of event times at an instant `t`: where a window ends, and how far back it reaches.
//!
//! Both edges are nondecreasing in `t`: whoever walks questions in the order of their instants walks their edges too.

use crate::period::{Unit, period, period_reaches};
use crate::zone::{FURTHEST_US, Zone};

const DAY_US: u64 = 86_400_000_000;
const WEEK_US: u64 = 7 * 86_400_000_000;
/// From 1970-01-01, a Thursday, to the Monday after it.
const MONDAY_US: u64 = 4 * 86_400_000_000;

/// An instant that is made of another one, nondecreasing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Edge {
    /// `t − us`.
    Back { us: u64 },
    /// The greatest point of the grid that is no later than `t − after`, less a length; both on the clocks of a zone.
    Grid {
        every_us: u64,
        after_us: u64,
        less_us: u64,
        zone: Zone,
    },
    /// The begin of the period of the calendar that is so many before the one that contains `t`.
    Period { unit: Unit, zone: Zone, back: u32 },
}

/// The greatest point of a grid that is no later than a local time.
fn grid_point(every_us: u64, instant: i128) -> i128 {
    let origin = match every_us.is_multiple_of(WEEK_US) {
        true => i128::from(MONDAY_US),
        false => 0,
    };
    instant - (instant - origin).rem_euclid(i128::from(every_us))
}

/// The greatest local time that the clocks of a zone have reached at an instant; at the ends of time the instant stands for it.
fn furthest(zone: Zone, t: i128) -> i128 {
    let known = i64::try_from(t).ok().and_then(|t| zone.furthest(t));
    known.map_or(t, i128::from)
}

/// When the clocks of a zone reach a local time; at the ends of time it stands for the instant.
fn reached(zone: Zone, local: i128) -> i128 {
    let known = i64::try_from(local).ok().and_then(|local| zone.reached(local));
    known.map_or(local, i128::from)
}

impl Edge {
    /// Where it lies at an instant; it may lie outside of the range of instants.
    fn at(self, t: i128) -> i128 {
        match self {
            Edge::Back { us } => t - i128::from(us),
            Edge::Grid {
                every_us,
                after_us,
                less_us,
                zone,
            } => {
                let point = grid_point(every_us, furthest(zone, t - i128::from(after_us)));
                reached(zone, point - i128::from(less_us))
            }
            Edge::Period { unit, zone, back } => {
                let t = i64::try_from(t).unwrap_or(if t > 0 { i64::MAX } else { i64::MIN });
                period(unit, zone, back, t).map_or(i128::from(i64::MIN) - 1, i128::from)
            }
        }
    }

    /// The first instant at which it lies there or later.
    fn reaches(self, place: i128) -> i128 {
        match self {
            Edge::Back { us } => place + i128::from(us),
            Edge::Grid {
                every_us,
                after_us,
                less_us,
                zone,
            } => {
                // The first point that is as far after what the clocks had not reached before.
                let next = furthest(zone, place - 1) + i128::from(less_us) + i128::from(every_us);
                reached(zone, grid_point(every_us, next)) + i128::from(after_us)
            }
            Edge::Period { unit, zone, back } => match i64::try_from(place) {
                Ok(place) => period_reaches(unit, zone, back, place).map_or(i128::from(i64::MAX) + 1, i128::from),
                Err(_) => place,
            },
        }
    }

    /// How far before `t` an event may lie that does not lie before it, at most, plus one microsecond.
    fn reach_us(self) -> u64 {
        match self {
            Edge::Back { us } => us,
            Edge::Grid {
                every_us,
                after_us,
                less_us,
                zone,
            } => {
                let put_back_us = if zone.is_utc() { 0 } else { FURTHEST_US.unsigned_abs() };
                let by_clocks = every_us.saturating_add(after_us).saturating_add(less_us);
                by_clocks.saturating_add(put_back_us)
            }
            // No clock is put back by more than a day.
            Edge::Period { unit, zone, back } => {
                let put_back_us = if zone.is_utc() { 0 } else { DAY_US };
                unit.longest_us() * (u64::from(back) + 1) + put_back_us
            }
        }
    }
}

/// Bounds of event times at an instant `t`: `after(t) < τ ≤ until(t)`. Both are monotone in `t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounds {
    /// Where they end.
    end: Edge,
    /// Whether that instant is left out.
    open: bool,
    /// Where they start, which is left out at a distance from `t`, and else is not; `None`: nowhere. It comes last, so that
    /// bounds that end alike are neighbours.
    start: Option<Edge>,
}

/// Sorts how far something reaches back, in microseconds; `None`, for ever, is furthest.
pub fn by_reach(reach_us: Option<u64>) -> (bool, u64) {
    (reach_us.is_none(), reach_us.unwrap_or(0))
}

impl Bounds {
    /// `(t − length, t]`, or everything up to `t`.
    pub fn lookback(length_us: Option<u64>) -> Bounds {
        Bounds::ended(0, length_us)
    }

    /// `(t − back, t − offset]`, or everything up to `t − offset`.
    pub(crate) fn ended(offset_us: u64, back_us: Option<u64>) -> Bounds {
        Bounds {
            end: Edge::Back { us: offset_us },
            open: false,
            start: back_us.map(|us| Edge::Back { us }),
        }
    }

    /// `[g − length, g)`, where `g` is the greatest point of the grid of a zone that is no later than `t − after`.
    pub(crate) fn on_grid(length_us: u64, (every_us, zone): (u64, Zone), after_us: u64) -> Bounds {
        let edge = |less_us| Edge::Grid {
            every_us,
            after_us,
            less_us,
            zone,
        };
        Bounds {
            end: edge(0),
            open: true,
            start: Some(edge(length_us)),
        }
    }

    /// From the begin of the period of the calendar that contains `t` up to `t`, or as many whole periods as `past` says before it.
    pub(crate) fn of_calendar(unit: Unit, zone: Zone, past: Option<u32>) -> Bounds {
        let edge = |back| Edge::Period { unit, zone, back };
        match past {
            None => Bounds {
                start: Some(edge(0)),
                ..Bounds::lookback(None)
            },
            Some(back) => Bounds {
                end: edge(0),
                open: true,
                start: Some(edge(back)),
            },
        }
    }

    /// The same without `t` itself.
    #[must_use]
    pub(crate) fn without_now(self) -> Bounds {
        let open = self.open || self.end == Edge::Back { us: 0 };
        Bounds { open, ..self }
    }

    /// From when on they hold nothing from before an instant; `None`: never.
    pub fn whole_from(&self, first_us: i128) -> Option<i128> {
        self.start.map(|start| match start {
            Edge::Back { .. } => start.reaches(first_us - 1),
            Edge::Grid { .. } | Edge::Period { .. } => start.reaches(first_us),
        })
    }

    /// From when on they do not end before an instant.
    pub fn ended_from(&self, last_us: i128) -> i128 {
        self.end.reaches(last_us + i128::from(self.open))
    }

    /// Events need `τ > after`. `None`: there is no bound (also where it would lie before all instants).
    #[inline]
    pub fn after(&self, t_us: i64) -> Option<i64> {
        match self.start? {
            Edge::Back { us } => t_us.checked_sub_unsigned(us),
            start @ (Edge::Grid { .. } | Edge::Period { .. }) => i64::try_from(start.at(t_us.into()) - 1).ok(),
        }
    }

    /// Events need `τ ≤ until`. `None`: no instant is so early.
    #[inline]
    pub fn until(&self, t_us: i64) -> Option<i64> {
        let until = match self.end {
            Edge::Back { us } => t_us.checked_sub_unsigned(us)?,
            Edge::Grid { .. } | Edge::Period { .. } => i64::try_from(self.end.at(t_us.into())).ok()?,
        };
        if self.open { until.checked_sub(1) } else { Some(until) }
    }

    /// Whether an event time lies in them.
    pub fn contain(&self, event_us: i64, t_us: i64) -> bool {
        // Law: windows_are_between (proofs/theory/Laws.v)
        // Law: lifetime_is_until (proofs/theory/Laws.v)
        self.until(t_us).is_some_and(|until| event_us <= until) && self.after(t_us).is_none_or(|after| event_us > after)
    }

    /// How far they reach back from `t` at most, in microseconds: they hold no event with `τ ≤ t − reach`. `None`: for ever.
    pub fn reach_us(&self) -> Option<u64> {
        self.start.map(Edge::reach_us)
    }

    /// Sorts by how far they reach back at most: for ever is furthest.
    pub fn by_reach(&self) -> (bool, u64) {
        by_reach(self.reach_us())
    }

    /// Whether a shift of all instants by a length shifts what they hold.
    pub fn shift_by(&self, length_us: u64) -> bool {
        let shifts = |edge: Edge| match edge {
            Edge::Back { .. } => true,
            Edge::Grid { every_us, zone, .. } => zone.is_utc() && length_us.is_multiple_of(every_us),
            // Months and years vary in length.
            Edge::Period { unit, zone, .. } => {
                zone.is_utc() && unit <= Unit::Week && length_us.is_multiple_of(unit.longest_us())
            }
        };
        shifts(self.end) && self.start.is_none_or(shifts)
    }

    /// Whether they hold `t` itself.
    pub fn hold_now(&self) -> bool {
        self.end == Edge::Back { us: 0 } && !self.open
    }

    /// Whether others end where these do, at every `t`.
    pub fn end_as(&self, other: &Bounds) -> bool {
        (self.end, self.open) == (other.end, other.open)
    }

    /// Whether others start where these do, at every `t`.
    pub fn start_as(&self, other: &Bounds) -> bool {
        self.start == other.start
    }

    /// What bounds have in common that end alike and of which, of any two, one starts within the other, at every `t`.
    #[must_use]
    pub fn nest(&self) -> Bounds {
        // What begins with a period of the calendar is now the longer one, now the shorter one.
        let start = self.start.filter(|start| matches!(start, Edge::Period { .. }));
        Bounds { start, ..*self }
    }

    /// Whether others reach back at least as far, at every `t`.
    pub fn start_within(&self, other: &Bounds) -> bool {
        match (self.start, other.start) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(Edge::Back { us: own }), Some(Edge::Back { us: others })) => own <= others,
            (
                Some(own @ Edge::Grid { less_us: less, .. }),
                Some(Edge::Grid {
                    every_us,
                    after_us,
                    less_us,
                    zone,
                }),
            ) => {
                let alike = Edge::Grid {
                    every_us,
                    after_us,
                    less_us: less,
                    zone,
                };
                own == alike && less <= less_us
            }
            (Some(own), Some(other)) => own == other,
        }
    }
}
