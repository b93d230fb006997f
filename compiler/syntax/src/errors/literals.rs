//! Numbers, durations, instants, strings.

use crate::diag::{Diagnostic, Span};
use crate::messages;

messages! {
    E0003 unknown_escape(escape: &str, at: Span) {
        "`{escape}` is not an escape";
        at: "";
        help: r#"the escapes are `\"`, `\\`, `\n`, `\t` and `\u{{e9}}`; a backslash is written `\\`"#;
    }

    E0010 not_an_instant(text: &str, at: Span) {
        "`{text}` is neither a date nor a timestamp";
        at: "";
        help: "write `@2025-01-31` or `@2025-01-31T12:00:00Z`";
    }

    E0010 instant_in_pieces(at: Span) {
        "the instant is not written as one piece";
        at: "";
        help: "write `@2025-01-31` or `@2025-01-31T12:00:00Z`";
    }

    E0010 no_such_day(date: &str, at: Span) {
        "the day {date} does not exist";
        at: "";
        help: "check month and day";
    }

    E0010 instant_without_offset(text: &str, at: Span) {
        "a timestamp needs an offset from UTC";
        at: "";
        offer: "write `{text}Z`", at => format!("{text}Z");
    }

    E0010 date_as_instant(text: &str, at: Span) {
        "a date is not an instant";
        at: "has no time of day";
        offer: "write `{text}T00:00:00Z`", at => format!("{text}T00:00:00Z");
    }

    E0011 duration_in_words(at: Span, whole: &str) {
        "a duration is written as one word";
        at: "";
        help: "write `{whole}`", at => whole;
    }

    E0011 duration_in_quotes(at: Span, whole: &str) {
        "a duration is written as one word, without quotes";
        at: "";
        help: "write `{whole}`", at => whole;
    }

    E0011 fraction_as_a_duration(text: &str, at: Span, whole: &str) {
        "`{text}` has a fraction";
        at: "";
        help: "write whole numbers of smaller units: `{whole}`", at => whole;
    }

    E0011 fraction_of_a_unit(text: &str, at: Span) {
        "`{text}` has a fraction";
        at: "";
        help: "write whole numbers of smaller units: `1h30m`, `1500ms`";
    }

    /// `0.3kWh`
    E0011 number_with_a_unit(number: &str, unit: &str, at: Span) {
        "`{unit}` is not a unit of time";
        at: "";
        offer: "a number has no unit here: write `{number}`", at => number;
    }

    E0011 duration_without_unit(text: &str, at: Span) {
        "`{text}` has no unit";
        at: "";
        help: "write the unit after the number: `{text}d`, `{text}h`, `{text}m`, `{text}s`";
    }

    E0011 zero_without_unit(at: Span) {
        "`0` has no unit";
        at: "";
        help: "leave out what has no length, such as a `ttl` or an `offset` of none; where it may be 0, write `0s`";
    }

    E0011 number_and_period(at: Span, whole: &str) {
        "a blank stands between the number of periods and their name";
        at: "";
        help: "write `{whole}`", at => whole;
    }

    E0011 number_of_events(at: Span, whole: &str) {
        "a blank stands between the number of events and the word `events`";
        at: "";
        help: "write `{whole}`", at => whole;
    }

    E0011 window_without_unit(text: &str, at: Span) {
        "`{text}` has no unit";
        at: "";
        help: "write the unit after the number: `{text}d`, `{text}h`, `{text}m`, `{text}s`, or `{text} events`";
    }

    /// `calendar`: how months can be written.
    E0011 month_or_minute(text: &str, number: &str, calendar: &str, at: Span) {
        "`{text}`: `M` is not a unit of time";
        at: "";
        help: "minutes are `{number}m`; months vary in length: {calendar}";
    }

    E0011 units_out_of_order(text: &str, at: Span) {
        "the units of `{text}` are out of order";
        at: "";
        help: "write larger units first, each once: `1d12h`";
    }

    E0011 duration_too_long(text: &str, at: Span) {
        "`{text}` is too long";
        at: "";
        help: "durations go up to 106751991d; a window without limit is `lifetime`";
    }

    E0011 other_unit(unit: &str, at: Span, whole: &str) {
        "`{unit}` is not a unit of time";
        at: "";
        help: "write `{whole}`", at => whole;
    }

    E0011 weeks_of_truncate(text: &str, at: Span) {
        "`{text}`: `truncate` counts days from 1970 on, which began on a Thursday";
        at: "no week of the calendar";
        help: "weeks from Monday on are `truncate(t - 4d, 7d) + 4d`, those from Thursday on `truncate(t, 7d)`, in UTC";
    }

    /// `calendar`: how such periods can be written.
    E0011 unit_that_varies(unit: &str, calendar: &str, at: Span) {
        "`{unit}` is not a unit of time";
        at: "";
        help: "months and years vary in length: {calendar}";
    }

    E0011 unknown_unit(unit: &str, at: Span) {
        "`{unit}` is not a unit of time";
        at: "";
        help: "the units are `d`, `h`, `m`, `s`, `ms` and `us`";
    }

    E0012 number_out_of_range(at: Span) {
        "the number is out of range";
        at: "";
        help: "numbers go up to about 1.8e308";
    }

    E0012 number_too_large(at: Span) {
        "the number is too large";
        at: "";
        help: "write a smaller one";
    }

    E0012 underscores_in_a_number(at: Span, plain: &str) {
        "numbers are written without `_`";
        at: "";
        help: "write `{plain}`", at => plain;
    }

    E0012 commas_in_a_number(at: Span, plain: &str) {
        "numbers are written without `,`";
        at: "";
        help: "write `{plain}`", at => plain;
    }

    E0012 comma_for_a_point(at: Span, plain: &str) {
        "a number has a point before its fraction";
        at: "";
        offer: "write `{plain}` if this is one number; a list has a blank after each comma", at => plain;
    }

    E0012 letter_behind_a_number(text: &str, at: Span, plain: &str) {
        "`{text}` is not a number";
        at: "";
        help: "write `{plain}`", at => plain;
    }

    E0012 not_a_number(text: &str, at: Span) {
        "`{text}` is not a number";
        at: "";
        help: "write digits, or digits with a point: `12`, `0.5`, `1e-3`";
    }

    E0012 not_a_whole_number(text: &str, at: Span) {
        "`{text}` is not a whole number";
        at: "";
        help: "write digits only";
    }

    E0012 point_without_digits(at: Span, whole: &str) {
        "a number has digits on both sides of its point";
        at: "";
        help: "write `{whole}`", at => whole;
    }

    E0012 point_in_a_decimal(at: Span, numbers: &str) {
        "a decimal has two numbers: all of its digits, and those after the point";
        at: "";
        help: "write `{numbers}`", at => numbers;
    }

    E0019 instant_of_the_question(text: &str, at: Span) {
        "`{text}`: the instant of the question is not in expressions of this release";
        at: "";
        help: "windows end at it, and `time_since_last()` measures from it";
    }
}

impl Diagnostic {
    /// What its edit writes.
    pub(crate) fn replacement(self) -> Option<String> {
        self.help?.edit.map(|(_, replacement)| replacement)
    }
}
