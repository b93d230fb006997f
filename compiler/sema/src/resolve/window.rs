//! Windows of features: one expansion each.

use crate::errors;
use crate::res::Expansion;
use featc_ir::window::GRID_MAX_US;
use featc_ir::{Excluding, Window, WindowKind};
use featc_syntax::ast;
use featc_syntax::diag::Diagnostic;

/// The microseconds of a length of time, which must not be 0.
fn positive(what: &'static str, length: &ast::Duration, complaints: &mut Vec<Diagnostic>) -> i64 {
    if length.us <= 0 {
        complaints.push(errors::zero_length(what, length.span));
    }
    length.us
}

/// A length of time of a grid, which must be positive and no longer than a year.
fn of_grid(what: &'static str, length: &ast::Duration, complaints: &mut Vec<Diagnostic>) -> i64 {
    if length.us > GRID_MAX_US {
        complaints.push(errors::grid_out_of_range(what, &length.text, length.span));
    }
    positive(what, length, complaints).min(GRID_MAX_US)
}

/// The expansions of a feature, in the order of its windows; wrong numbers are reported.
pub(super) fn expansions(written: &ast::Feature, over: &ast::Over, complaints: &mut Vec<Diagnostic>) -> Vec<Expansion> {
    let excluding = match over.excluding.as_ref().map(|excluding| excluding.kind) {
        None => Excluding::Nothing,
        Some(ast::ExcludingKind::Now) => Excluding::Now,
        Some(ast::ExcludingKind::SelfEvent) => Excluding::SelfEvent,
    };
    let mut expand = |window: &ast::Window| {
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
            ast::Window::Grid {
                length, every, after, ..
            } => {
                if let Some(written) = over.excluding.as_ref().filter(|_| excluding == Excluding::Now) {
                    complaints.push(errors::nothing_to_exclude_on_grid(written.span, every.span));
                }
                WindowKind::Grid {
                    length_us: positive("window", length, complaints),
                    every_us: of_grid("every", every, complaints),
                    after_us: after.as_ref().map_or(0, |after| of_grid("after", after, complaints)),
                }
            }
        };
        Expansion {
            name: written.name_over(window),
            window: Window { kind, excluding },
            at: window.span(),
        }
    };
    over.windows.all().iter().map(&mut expand).collect()
}
