//! Windows of features: one expansion each.

use super::expr::Exprs;
use super::scope::{Items, RowScope};
use super::zone::check_zone;
use crate::errors;
use crate::res::Expansion;
use featc_ir::window::{GRID_MAX_US, GRID_MIN_US, PERIODS_MAX};
use featc_ir::{Excluding, Unit, Window, WindowKind, Zone};
use featc_syntax::ast;
use featc_syntax::diag::Diagnostic;

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
        let mut since = None;
        let kind = match window {
            ast::Window::Lifetime(_) => WindowKind::Lifetime,
            ast::Window::Last(length) => WindowKind::Last {
                length_us: positive("window", length, complaints),
            },
            ast::Window::Offset { length, offset, .. } => {
                if let Some(written) = over.excluding.as_ref().filter(|_| excluding == Excluding::Now) {
                    complaints.push(errors::nothing_to_exclude(written.span, &offset.text, offset.span));
                }
                WindowKind::Offset {
                    length_us: length.as_ref().map(|length| positive("window", length, complaints)),
                    offset_us: positive("offset", offset, complaints),
                }
            }
            ast::Window::Events { count, max, .. } => {
                let found = u32::try_from(count.value).ok().filter(|count| *count > 0);
                if found.is_none() {
                    let (value, at) = (count.value, count.span);
                    complaints.push(errors::events_out_of_range(value, at));
                }
                WindowKind::Events {
                    count: found.unwrap_or(1),
                    max_us: max.as_ref().map(|max| positive("max", max, complaints)),
                }
            }
            ast::Window::Since { condition, max, span } => {
                since = Some(Exprs::since(items, row, *span, complaints).expr(condition));
                WindowKind::Since {
                    max_us: positive("max", max, complaints),
                }
            }
            ast::Window::Grid {
                length,
                every,
                after,
                zone,
                ..
            } => {
                if let Some(written) = over.excluding.as_ref().filter(|_| excluding == Excluding::Now) {
                    complaints.push(errors::nothing_to_exclude_on_grid(written.span, every.span));
                }
                let zone = zone_of(zone.as_ref(), complaints);
                let every_us = of_grid("every", every, complaints);
                if !zone.is_utc() && every_us < GRID_MIN_US {
                    complaints.push(errors::grid_too_fine(&every.text, every.span));
                }
                WindowKind::Grid {
                    length_us: positive("window", length, complaints),
                    every_us,
                    after_us: after.as_ref().map_or(0, |after| of_grid("after", after, complaints)),
                    zone,
                }
            }
            ast::Window::This { unit, zone, .. } => WindowKind::This {
                unit: unit_of(unit),
                zone: zone_of(zone.as_ref(), complaints),
            },
            ast::Window::Past { count, unit, zone, .. } => {
                if let Some(written) = over.excluding.as_ref().filter(|_| excluding == Excluding::Now) {
                    complaints.push(errors::nothing_to_exclude_before(written.span, unit, count.span));
                }
                let found = u32::try_from(count.value).ok();
                let found = found.filter(|count| (1..=PERIODS_MAX).contains(count));
                if found.is_none() {
                    complaints.push(errors::periods_out_of_range(count.value, unit, count.span));
                }
                WindowKind::Past {
                    count: found.unwrap_or(1),
                    unit: unit_of(unit),
                    zone: zone_of(zone.as_ref(), complaints),
                }
            }
        };
        Expansion {
            name: written.name_over(window),
            window: Window { kind, excluding },
            since,
            at: window.span(),
        }
    };
    over.windows.all().iter().map(&mut expand).collect()
}
