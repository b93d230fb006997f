//! Events behind a value, in words.

use crate::report::counted;
use featc_driver::diag::printable;
use featc_ir::{Type, View};
use featr_model::{Contribution, Part};
use std::fmt::Write as _;

/// An event in the window of a feature, `spend.total`: of a derived one of each that it reads.
pub type Behind = (String, Contribution);

/// Events of a view that is called so, with the names of the features in whose windows they are.
pub fn behind(called: &str, view: &View, events: Vec<Contribution>) -> Vec<Behind> {
    let named = |event: Contribution| (format!("{called}.{}", view.feature(event.feature).name), event);
    events.into_iter().map(named).collect()
}

/// The events in the windows, a line each, with two blanks before the first; of several features those of each by themselves.
/// `place` says where a row of the source is.
pub fn in_lines(events: &[Behind], place: impl Fn(usize) -> String) -> String {
    const EVENTS_MAX: usize = 40;
    let mut text = String::new();
    if events.is_empty() {
        return "  no event contributes\n".to_owned();
    }
    let is_one = events.iter().all(|(feature, _)| *feature == events[0].0);
    let mut left = EVENTS_MAX;
    for of_one in events.chunk_by(|(one, _), (other, _)| one == other) {
        let of = if is_one {
            String::new()
        } else {
            format!(" to `{}`", of_one[0].0)
        };
        let _ = writeln!(text, "  {}:", headline(of_one, &of));
        for (_, event) in of_one.iter().take(left) {
            let _ = writeln!(text, "    {}", in_line(event, &place));
        }
        left = left.saturating_sub(of_one.len());
    }
    if events.len() > EVENTS_MAX {
        let _ = writeln!(text, "    and {} more", events.len() - EVENTS_MAX);
    }
    text
}

/// How many of the events contribute: a `where` of the aggregate leaves the others out.
pub fn contribute(events: &[Behind]) -> usize {
    let counts = |(_, event): &&Behind| event.part != Part::FilteredOut;
    events.iter().filter(counts).count()
}

fn headline(events: &[Behind], of: &str) -> String {
    let count = contribute(events);
    let said = match count {
        0 => format!("no event contributes{of}"),
        1 => format!("1 event contributes{of}"),
        many => format!("{} contribute{of}", counted(many, "event")),
    };
    match events.len() - count {
        0 => said,
        1 => format!("{said}, 1 is left out"),
        more => format!("{said}, {more} are left out"),
    }
}

fn in_line(event: &Contribution, place: impl Fn(usize) -> String) -> String {
    let instant = featc_ir::display::instant;
    let id = event.id.iter();
    let id = id.map(|(key, value)| format!("{}={}", key.name, shown_value(value, key.ty)));
    let id: Vec<String> = id.collect();
    let arrival = event
        .arrival_us
        .map_or_else(String::new, |us| format!(" arrived {}", instant(us)));
    format!(
        "{} at {}{arrival}: {}, {}",
        place(event.source_row),
        instant(event.time_us),
        id.join(" "),
        in_words(&event.part)
    )
}

fn shown_value(value: &featr::Value, ty: Type) -> String {
    match value.is_null() {
        true => "null".to_owned(),
        false => printable(&value.render(ty)).into_owned(),
    }
}

/// What an event is to an aggregate.
fn in_words(part: &Part) -> String {
    match part {
        Part::Taken(None) => "counts".to_owned(),
        Part::Taken(Some((featr::Value::Null, _))) => "its value is null".to_owned(),
        Part::Taken(Some((value, ty))) => format!("counts with {}", shown_value(value, *ty)),
        Part::FilteredOut => "left out by `where`".to_owned(),
        Part::Error(code) => format!("counts as error({})", code.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use featc_ir::{ErrorCode, Type};
    use featr::Value;
    use featr_model::Part;

    #[test]
    fn what_an_event_is_to_an_aggregate_is_told_in_words() {
        let price = Type::Decimal {
            precision: 10,
            scale: 2,
        };
        for (part, said) in [
            (Part::Taken(None), "counts"),
            (Part::Taken(Some((Value::Decimal(1050), price))), "counts with 10.50"),
            (
                Part::Taken(Some((Value::Duration(5_400_000_000), Type::Duration))),
                "counts with 1h30m",
            ),
            (Part::Taken(Some((Value::Null, Type::Int64))), "its value is null"),
            (Part::FilteredOut, "left out by `where`"),
            (Part::Error(ErrorCode::Overflow), "counts as error(overflow)"),
        ] {
            assert_eq!(in_words(&part), said);
        }
    }
}
