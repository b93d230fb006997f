//! Events behind a value, in words.

use crate::report::counted;
use featc_driver::diag::printable;
use featc_ir::Type;
use featr_model::{Contribution, Part};
use std::fmt::Write as _;

/// The events that contribute, a line each, with two blanks before the first; `place` says where a row of the source is.
pub fn in_lines(events: &[Contribution], place: impl Fn(usize) -> String) -> String {
    const EVENTS_MAX: usize = 40;
    let instant = featc_ir::display::instant;
    let mut text = String::new();
    if events.is_empty() {
        return "  no event contributes\n".to_owned();
    }
    let contribute = if events.len() == 1 { "contributes" } else { "contribute" };
    let _ = writeln!(text, "  {} {contribute}:", counted(events.len(), "event"));
    for event in events.iter().take(EVENTS_MAX) {
        let id = event.id.iter();
        let id = id.map(|(key, value)| format!("{}={}", key.name, shown_value(value, key.ty)));
        let id: Vec<String> = id.collect();
        let arrival = event
            .arrival_us
            .map_or_else(String::new, |us| format!(" arrived {}", instant(us)));
        let _ = writeln!(
            text,
            "    {} at {}{arrival}: {}, {}",
            place(event.source_row),
            instant(event.time_us),
            id.join(" "),
            in_words(&event.part)
        );
    }
    if events.len() > EVENTS_MAX {
        let _ = writeln!(text, "    and {} more", events.len() - EVENTS_MAX);
    }
    text
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
