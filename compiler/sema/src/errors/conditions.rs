//! E0203, W0403: what is no condition, and conditions that say the same of every event.

use featc_ir::Type;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    /// `sum(x) or 0`
    E0203 or_as_a_default(value: &str, ty: Type, other: &str, at: Span) {
        "`or` needs a bool, this is {ty}";
        at: "{ty}";
        help: "what stands for null is `default {other}` after the window of a feature, or `coalesce({value}, {other})`";
    }

    /// `role`: `where`, `when`, `and`, …
    E0203 not_a_bool(role: &str, ty: Type, at: Span) {
        let since = format!(
            "a window begins with the last event for which a condition holds, such as `over since (kind = \"renewed\") max 30d`; where the \
             column is one instant for many events, such as when their contract began, make it part of the key, `entity contract \
             (member: string, began_at: {ty})`, with a window as long as one lasts"
        );
        let help = match (role, ty) {
            ("since", Type::Timestamp | Type::Date) => since.as_str(),
            _ => "write a comparison, for example `x > 0` or `x is not null`",
        };
        "`{role}` needs a bool, this is {ty}";
        at: "{ty}";
        help: "{help}";
    }

    /// `x = "a" or "b"`
    E0203 or_of_literals(at: Span, whole: Span, shown: &str, meant: &str) {
        "`or` stands between conditions";
        at: "compares nothing";
        help: "write `{shown}`", whole => meant;
    }

    /// `claim`: what the comparison, or the number in a list, never is.
    W0403 beyond_the_calendar(claim: &str, function: &str, from: i64, to: i64, at: Span) {
        let days = if function == "day_of_week" { " (Monday to Sunday)" } else { "" };
        "{claim}";
        at: "`{function}` gives {from} to {to}{days}";
        help: "compare with a number from {from} to {to}";
    }

    W0403 exclude_each_other(one: &str, other: &str, at: Span, one_at: Span) {
        "`{one} and {other}` is never true";
        at: "not together with the other one";
        one_at: "the other one";
        help: "if it goes on past the end, as the hours of a night do, write `({one} or {other})`";
    }

    /// `x != "a" or x != "b"`; `meant` is put in place of both.
    W0403 one_differs(one: &str, other: &str, at: Span, one_at: Span, meant: &str) {
        "`{one} or {other}` is always true";
        at: "true where the other one is not";
        one_at: "the other one";
        offer: "if neither is meant, write `{meant}`", one_at.to(at) => meant;
    }

    /// `x = "a" and x = "b"`; `meant` is put in place of both.
    W0403 equals_both(one: &str, other: &str, at: Span, one_at: Span, meant: &str) {
        "`{one} and {other}` is never true";
        at: "not together with the other one";
        one_at: "the other one";
        offer: "if one of the two is meant, write `{meant}`", one_at.to(at) => meant;
    }

    /// `lower(x) = "NL"`; `call` as written, `literal` with its quotes.
    W0403 letters_of_another_case(call: &str, function: &str, literal: &str, at: Span, meant: &str) {
        let letters = if function == "lower" { "capitals" } else { "small letters" };
        "`{call}` never has the {letters} of `{literal}`";
        at: "`{function}` gives none";
        help: "write `{meant}`", at => meant;
    }

    /// `test`: `is null` or `is not null`.
    W0403 never_null(column: &str, test: &str, at: Span, column_at: Span) {
        let always = if test == "is null" { "never" } else { "always" };
        "`{column} {test}` is {always} true";
        at: "a row without `{column}` is rejected";
        column_at: "declared without `?`";
        help: "if rows without it are meant to count, write `?` after the type of the column; if not, remove the condition";
    }

    /// `ended is null`, where `ended` is the event time.
    W0403 null_event_time(column: &str, source: &str, at: Span) {
        "`{column} is null` is never true";
        at: "the event time is `{column}`: a row without it does not count";
        help: "rows without it are those of `{source}` at its own time less those that have one: count both, and subtract in a feature \
               of a service (`featc explain W0301` shows it); if none are meant, remove the condition";
    }

    /// `"plan" = "pro"`, where `plan` is a column.
    W0403 text_as_a_column(comparison: &str, column: &str, at: Span) {
        "`{comparison}` reads no column: it is the same for every event";
        at: "a text, not the column";
        help: "a column has no quotes: write `{column}`", at => column;
    }
}
