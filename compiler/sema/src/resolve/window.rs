//! Windows of features: one expansion each.

use super::expr::Exprs;
use super::scope::{Items, RowScope};
use super::zone::check_zone;
use crate::errors;
use crate::res::Expansion;
use featc_ir::calendar::DAY_US;
use featc_ir::window::{GRID_MAX_US, GRID_MIN_US, PERIODS_MAX};
use featc_ir::{Excluding, Unit, Window, WindowKind, Zone};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, Span};

/// The microseconds of a length of time, which must not be 0.
fn positive(what: &'static str, length: &ast::Duration, complaints: &mut Vec<Diagnostic>) -> i64 {
    if length.us <= 0 {
        complaints.push(errors::zero_length(what, length.span));
    }
    length.us
}

/// The zone of a calendar: UTC, unless another is written.
fn zone_of(written: Option<&ast::Text>, complaints: &mut Vec<Diagnostic>) -> Zone {
    let Some(written) = written else { return Zone::UTC };
    check_zone(written, complaints);
    written.value.parse().unwrap_or(Zone::UTC)
}

/// The unit of a calendar that is written so.
fn unit_of(written: &str) -> Unit {
    let named = Unit::ALL.into_iter().find(|unit| unit.name() == written);
    named.unwrap_or(Unit::Day)
}

/// A length of time of a grid, which must be positive and no longer than a year.
fn of_grid(what: &'static str, length: &ast::Duration, complaints: &mut Vec<Diagnostic>) -> i64 {
    if length.us > GRID_MAX_US {
        complaints.push(errors::grid_out_of_range(what, &length.text, length.span));
    }
    positive(what, length, complaints).min(GRID_MAX_US)
}

/// The expansions of a feature, in the order of its windows; wrong numbers are reported.
pub(super) fn expansions(
    (written, over): (&ast::Feature, &ast::Over),
    (items, row): (&Items<'_>, &RowScope),
    complaints: &mut Vec<Diagnostic>,
) -> Vec<Expansion> {
    let excluding = match over.excluding.as_ref().map(|excluding| excluding.kind) {
        None => Excluding::Nothing,
        Some(ast::ExcludingKind::Now) => Excluding::Now,
        Some(ast::ExcludingKind::SelfEvent) => Excluding::SelfEvent,
    };
    let mut expand = |window: &ast::Window| {
        let since = match window {
            ast::Window::Since { condition, span, .. } => {
                Some(Exprs::since(items, row, *span, complaints).expr(condition))
            }
            _ => None,
        };
        let mut kinds = Kinds {
            excluding_now: over.excluding.as_ref().filter(|_| excluding == Excluding::Now),
            complaints: &mut *complaints,
        };
        let kind = kinds.of(window);
        Expansion {
            name: written.name_over(window),
            window: Window { kind, excluding },
            is_in_utc: is_in_utc(window, kind),
            since,
            at: window.span(),
        }
    };
    over.windows.all().iter().map(&mut expand).collect()
}

/// Whether a window begins or ends with days, or with longer periods, and no zone is written.
fn is_in_utc(written: &ast::Window, kind: WindowKind) -> bool {
    let is_unzoned = match written {
        ast::Window::Grid { zone, .. } | ast::Window::This { zone, .. } | ast::Window::Past { zone, .. } => {
            zone.is_none()
        }
        _ => false,
    };
    is_unzoned
        && match kind {
            WindowKind::Grid { every_us, .. } => every_us % DAY_US == 0,
            WindowKind::This { unit, .. } | WindowKind::Past { unit, .. } => unit != Unit::Hour,
            _ => false,
        }
}

/// Reads kinds of windows, and complains.
struct Kinds<'a> {
    /// `excluding now`, where it is written.
    excluding_now: Option<&'a ast::Excluding>,
    complaints: &'a mut Vec<Diagnostic>,
}

impl Kinds<'_> {
    fn of(&mut self, window: &ast::Window) -> WindowKind {
        match window {
            ast::Window::Lifetime(_) => WindowKind::Lifetime,
            ast::Window::Last(length) => WindowKind::Last {
                length_us: self.positive("window", length),
            },
            ast::Window::Offset { length, offset, .. } => {
                self.refuse_excluding(|at| errors::nothing_to_exclude(at, &offset.text, offset.span));
                WindowKind::Offset {
                    length_us: length.as_ref().map(|length| self.positive("window", length)),
                    offset_us: self.positive("offset", offset),
                }
            }
            ast::Window::Events { count, max, .. } => {
                let found = u32::try_from(count.value).ok().filter(|count| *count > 0);
                if found.is_none() {
                    let (value, at) = (count.value, count.span);
                    self.complaints.push(errors::events_out_of_range(value, at));
                }
                WindowKind::Events {
                    count: found.unwrap_or(1),
                    max_us: max.as_ref().map(|max| self.positive("max", max)),
                }
            }
            ast::Window::Since { max, .. } => WindowKind::Since {
                max_us: self.positive("max", max),
            },
            ast::Window::Grid {
                length,
                every,
                after,
                zone,
                ..
            } => {
                self.refuse_excluding(|at| errors::nothing_to_exclude_on_grid(at, every.span));
                let zone = zone_of(zone.as_ref(), self.complaints);
                let every_us = of_grid("every", every, self.complaints);
                if !zone.is_utc() && every_us < GRID_MIN_US {
                    self.complaints.push(errors::grid_too_fine(&every.text, every.span));
                }
                let after = after.as_ref();
                WindowKind::Grid {
                    length_us: self.positive("window", length),
                    every_us,
                    after_us: after.map_or(0, |after| of_grid("after", after, self.complaints)),
                    zone,
                }
            }
            ast::Window::This { unit, zone, .. } => WindowKind::This {
                unit: unit_of(unit),
                zone: zone_of(zone.as_ref(), self.complaints),
            },
            ast::Window::Past { count, unit, zone, .. } => {
                self.refuse_excluding(|at| errors::nothing_to_exclude_before(at, unit, count.span));
                let found = u32::try_from(count.value).ok();
                let found = found.filter(|count| (1..=PERIODS_MAX).contains(count));
                if found.is_none() {
                    let (value, at) = (count.value, count.span);
                    self.complaints.push(errors::periods_out_of_range(value, unit, at));
                }
                WindowKind::Past {
                    count: found.unwrap_or(1),
                    unit: unit_of(unit),
                    zone: zone_of(zone.as_ref(), self.complaints),
                }
            }
        }
    }

    fn positive(&mut self, what: &'static str, length: &ast::Duration) -> i64 {
        positive(what, length, self.complaints)
    }

    /// Complains of `excluding now` about a window in which the event of the instant never is.
    fn refuse_excluding(&mut self, complaint: impl FnOnce(Span) -> Diagnostic) {
        if let Some(written) = self.excluding_now {
            self.complaints.push(complaint(written.span));
        }
    }
}
