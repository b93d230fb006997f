//! E03xx: time, windows, lateness; and numbers in the place of durations.

use super::types::beside;
use featc_ir::Type;
use featc_ir::window::format_duration;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    /// `paid_at + seconds`
    E0202 count_as_a_duration(symbol: &str, at: Span, operands: [(Type, Span); 2], count: &str) {
        let [(left, _), (right, _)] = operands;
        let is_sum = count.contains(' ') && !count.starts_with('(');
        let count = if is_sum { format!("({count})") } else { count.to_owned() };
        "`{symbol}` does not take {left} and {right}";
        at: "not defined for these types";
        labels: beside(at, &operands);
        help: "a number becomes a duration by a unit: write `{count} * 1s` if it counts seconds, or `* 1m`, `* 1h`, `* 1d`";
    }

    /// `clause`: `time`, `arrival`, `at`.
    E0301 not_a_timestamp(clause: &str, ty: Type, at: Span, declared: Option<Span>) {
        let help = match (clause, ty) {
            ("at", Type::Date) => "write `cast(… as timestamp)`",
            ("at", Type::Int64) => "write `cast(… as timestamp)` if it counts microseconds since 1970",
            (_, Type::Date) => {
                "declare the column as `timestamp as date in \"UTC\"`, or in another zone: an event of a day counts from the \
                 first instant of that day on"
            }
            (_, Type::Int64 | Type::Float64 | Type::Decimal { .. }) => {
                "declare the column as `timestamp as epoch_seconds`, `epoch_millis` or `epoch_micros`, by what it counts"
            }
            (_, Type::String) => {
                "declare the column as `timestamp`; where its texts are not as `2025-01-31T12:00:00Z`, with their format: \
                 `timestamp as \"%d.%m.%Y %H:%M\" in \"Europe/Paris\"`"
            }
            _ => "name a column that is declared as `timestamp`",
        };
        "`{clause}` needs a timestamp, this is {ty}";
        at: "{ty}";
        labels: declared.map(|declared| (declared, "declared here".to_owned()));
        help: "{help}";
    }

    E0302 lateness_without_arrival(source: &str, at: Span) {
        "source `{source}` bounds lateness but has no arrival";
        at: "late compared with what?";
        help: "say when events are known, for example `arrival ingested_at` or `arrival time + 5m`";
    }

    E0316 lag_beyond_lateness(source: &str, lag: &str, lateness: &str, at: Span, lag_at: Span) {
        "source `{source}` accepts no row: each arrives {lag} after its event time, and may be {lateness} late";
        at: "shorter than the lag";
        lag_at: "every row is as late as this";
        help: "write `lateness {lag}` or a longer one, or a shorter lag";
    }

    /// `window`: `lifetime window`, or what else reaches back for ever.
    E0303 lifetime_without_lateness(window: &str, source: &str, at: Span, source_at: Span) {
        "{window} over source `{source}`, which has no lateness";
        at: "identities would be kept for ever";
        source_at: "the source is declared here";
        help: "write `lateness 24h` in the source, or `lateness unbounded` if that is meant; if its rows never change, write \
               `static` and no `arrival`";
    }

    /// `what`: `window`, `offset`, `max`, `every`, `after`, `ttl`.
    E0304 zero_length(what: &str, at: Span) {
        "{what} of no length";
        at: "must be longer than nothing";
        help: "write a positive duration, for example `1h`";
    }

    E0305 missing_window(feature: &str, aggregate: &str, at: Span) {
        "feature `{feature}` aggregates without a window";
        at: "`{aggregate}` over which events?";
        help: "end the feature with a window, for example `over 7d` or `over lifetime`";
    }

    E0306 window_without_aggregate(feature: &str, at: Span) {
        "feature `{feature}` has a window but aggregates nothing";
        at: "nothing is folded over it";
        help: "remove `over`: a derived feature uses the windows of the features that it reads";
    }

    E0307 reads_arrival(column: &str, at: Span, column_at: Span) {
        "`{column}` is the arrival, which is no part of the event";
        at: "two copies of one event may differ here";
        column_at: "declared here";
        help: "read another column; when an event was known is decided by the truth that is asked, and how late rows may come by \
               `lateness`";
    }

    E0308 arrival_is_time(column: &str, at: Span) {
        "`{column}` is the arrival and stands in `time` too";
        at: "arrival";
        help: "if nothing says when a row was known, name a lag that is sure to be enough: `arrival time + 5m`";
    }

    E0308 arrival_is_identity(column: &str, at: Span) {
        "`{column}` is the arrival and stands in `unique` too";
        at: "arrival";
        help: "take the arrival out of `unique`: copies of an event may arrive at different times";
    }

    E0309 unknown_zone(zone: &str, at: Span) {
        "unknown time zone `{zone}`";
        at: "not in the time zone database";
        help: "write a name of the IANA database, an area and a main city such as `\"Europe/Berlin\"`, or `\"UTC\"`; a place that \
               is not in it has the zone of the main city whose clocks it shares";
    }

    E0309 misspelt_zone(zone: &str, at: Span, nearest: &str) {
        "unknown time zone `{zone}`";
        at: "not in the time zone database";
        near: "did you mean `\"{nearest}\"`?", at => format!("\"{nearest}\"");
    }

    /// `fixed`: the zone with this offset all year, if there is one.
    E0309 offset_as_zone(zone: &str, fixed: Option<&str>, at: Span) {
        let all_year = match fixed {
            Some("UTC") => "; without an offset to UTC it is `\"UTC\"`".to_owned(),
            Some(fixed) => format!("; `\"{fixed}\"` has this offset all year (its sign is turned round)"),
            None => "; or write the offset into the instants, as in `2025-01-31T12:00:00+05:30`".to_owned(),
        };
        "`{zone}` is an offset, not a time zone";
        at: "an offset does not know summer time";
        help: "write the zone of the place, for example `\"Europe/Paris\"`{all_year}";
    }

    E0309 abbreviated_zone(zone: &str, place: &str, at: Span) {
        let other = match place {
            "Asia/Kolkata" => " (or `\"Europe/Dublin\"`, `\"Asia/Jerusalem\"`)",
            _ => "",
        };
        "unknown time zone `{zone}`";
        at: "an abbreviation names no place";
        help: "write the zone of the place, for example `\"{place}\"`{other}; it knows summer time";
    }

    /// Letters that are no abbreviation known here.
    E0309 zone_in_capitals(zone: &str, at: Span) {
        "unknown time zone `{zone}`";
        at: "an abbreviation names no place";
        help: "write the zone of the place, for example `\"Europe/Berlin\"`";
    }

    /// `text` is the `at` as written.
    E0310 moved_back(text: &str, time: &str, at: Span) {
        "`{text}` always lies before `{time}`, the source's time";
        at: "an event cannot count before it happens";
        help: "remove `at …`: events then count from the source's time on; what happened earlier than that is a matter of \
               the source's `time` clause";
    }

    E0311 unbounded_move(text: &str, source: &str, at: Span, source_at: Span) {
        "source `{source}` has `begins`, and nothing says how much later than its time `{text}` may lie";
        at: "by how much does it move events?";
        source_at: "the source is declared here";
        note: "an event from before `begins` may be missing in any window that it could be moved into";
        help: "say how far at most, for example `at {text} within 2d`; rows that are moved further are rejected";
    }

    E0312 moved_too_far(text: &str, least_us: i64, within: Span) {
        let least = format_duration(least_us);
        "`{text}` always lies at least {least} after the source's time";
        within: "every row would be rejected";
        offer: "write `within {least}` or more", within => format!("within {least}");
    }

    E0313 events_out_of_range(events: u64, at: Span) {
        "window of {events} events";
        at: "out of range";
        help: "write a number from 1 to 4294967295; all events since the source begins are `over lifetime`, and all of the \
               last 30 days `over 30d`";
    }

    E0314 nothing_to_exclude(at: Span, offset: &str, offset_at: Span) {
        "`excluding now` from a window that ends {offset} earlier";
        at: "takes nothing out";
        offset_at: "the window ends so long before the question";
        help: "remove it", at => "";
    }

    E0314 nothing_to_exclude_on_grid(at: Span, every_at: Span) {
        "`excluding now` from a window that ends at a point of a grid";
        at: "takes nothing out";
        every_at: "such a point is left out, and the question is no earlier";
        help: "remove it", at => "";
    }

    E0314 nothing_to_exclude_before(at: Span, unit: &str, count_at: Span) {
        "`excluding now` from a window that ends where this {unit} begins";
        at: "takes nothing out";
        count_at: "of whole {unit}s, the last of which is over";
        help: "remove it", at => "";
    }

    E0461 periods_out_of_range(count: u64, unit: &str, at: Span) {
        "window of {count} {unit}s";
        at: "out of range";
        help: "write a number from 1 to 1000; what has happened since this {unit} began is `over this {unit}`";
    }

    /// `what`: `every`, `after`.
    E0460 grid_out_of_range(what: &str, length: &str, at: Span) {
        "`{what} {length}` of a window on a grid";
        at: "longer than 366d";
        help: "write 366d at most; the length of the window may be longer: `over 3650d every 1d`";
    }

    E0460 grid_too_fine(every: &str, at: Span) {
        "`every {every}` of a window on a grid in a zone";
        at: "shorter than a minute";
        offer: "write `1m` or more, or remove the zone: clocks differ by whole minutes", at => "1m";
    }

    /// `clause`: `arrival`, `delay`, `lateness`, `skew`.
    E0420 static_and_coming(source: &str, clause: &str, at: Span, static_at: Span) {
        "source `{source}` is static and has `{clause}`";
        at: "says when rows come in";
        static_at: "says that they were always there";
        help: "remove `static` if rows come in or change with time, else remove `{clause}`";
    }
}
