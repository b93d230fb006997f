//! How files hold the columns of a source: fields, forms, zones.

use super::table::KNOWN_EARLY;
use featc_ir::Type;
use featc_syntax::diag::Span;
use featc_syntax::messages;
use std::fmt;

/// What two columns of one field are; told as the next step.
pub enum Shared<'a> {
    Value,
    /// The arrival, and a copy of it.
    Arrival {
        arrival: &'a str,
        copy: &'a str,
    },
    /// The event time, and the arrival.
    Time(&'a str),
    /// The beginning of a version, and the arrival.
    Validity(&'a str),
}

impl fmt::Display for Shared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shared::Value => f.write_str(
                "declare one of them; what else is to be known of the value is computed in a transform, by `let`",
            ),
            Shared::Arrival { arrival, copy } => write!(
                f,
                "remove `{copy}`: `{arrival}` is the arrival, which no expression over these rows may read; where its instant is to be \
                 computed with, the producer writes it, or the delay, into a field of its own",
            ),
            Shared::Time(time) => write!(
                f,
                "declare `{time}` alone; if nothing else says when a row was known, name a lag that is sure to be enough: \
                 `arrival time + 5m`",
            ),
            Shared::Validity(from) => write!(f, "declare `{from}` alone; `arrival` names {KNOWN_EARLY}",),
        }
    }
}

messages! {
    /// `names`: the second and the first.
    E0119 two_columns_of_a_field(names: (&str, &str), field: &str, at: Span, first: Span, shared: Shared<'_>) {
        let (name, other) = names;
        "`{other}` and `{name}` are read from one field, `{field}`";
        at: "reads it again";
        first: "reads it first";
        help: "{shared}";
    }

    E0216 unknown_form(word: &str, at: Span, nearest: Option<&str>) {
        "`{word}` is no form of values in files";
        at: "not known here";
        did_you_mean(nearest, at): "write `epoch_seconds`, `epoch_millis`, `epoch_micros`, `date`, or a format such as \
                                    `\"%d.%m.%Y %H:%M\"`";
    }

    /// `form`: as written.
    /// `shop: string as "Shop Name"`
    E0216 name_as_a_format(format: &str, column: &str, at: Span) {
        "`as {format}` says how values are read, and has no `%`";
        at: "not a format";
        help: "if the file calls the column so, write `from {format}` after the type of `{column}`";
    }

    E0216 form_of_another_type(form: &str, ty: Type, at: Span, ty_at: Span) {
        let help = match (form, ty) {
            ("date", Type::Date) => "remove it: a column of this type holds dates",
            ("date", _) => "declare the column as `timestamp`, or as `date` and without `as`",
            (form, _) if form.starts_with('"') => {
                "declare the column as `timestamp` or `date`: nothing else is read by a format"
            }
            _ => "declare the column as `timestamp`; without `as` numbers are read as numbers",
        };
        "`as {form}` does not give {ty}";
        at: "gives an instant";
        ty_at: "declared here";
        help: "{help}";
    }

    E0216 letter_for_a_zone(format: &str, at: Span) {
        "the end of the format {format:?} is a letter, and no zone";
        at: "the texts would be taken for local times";
        help: "texts such as `2026-03-24T19:57:00Z` are read without `as`; of others that are all in UTC, write `in \"UTC\"` \
               after the format; an offset such as `+01:00` is `%:z`";
    }

    /// `price: float64 as cents`
    E0216 form_of_no_instant(word: &str, column: &str, ty: Type, at: Span) {
        "`as {word}`: only instants and dates are read by a form";
        at: "the column is {ty}";
        help: "remove it, and compute in a transform: `let scaled = {column} / 100`";
    }

    E0216 form_of_a_struct(name: &str, at: Span) {
        "`{name}` is a struct, which no form gives";
        at: "a form of values";
        help: "remove it here, and declare the field by itself: `created: timestamp from \"{name}.created\" as epoch_millis`";
    }

    E0216 unusable_format(format: &str, why: &str, at: Span) {
        "nothing is read by the format {format:?}";
        at: "{why}";
        help: "write day, month and year, and the time of the day if the texts have it: `%d.%m.%Y %H:%M`, \
               `%Y-%m-%d %H:%M:%S%.f %z`; the specifiers are those of the Rust crate `chrono`";
    }

    E0216 field_without_name(at: Span) {
        "a field without a name";
        at: "empty";
        help: "write what the files call the column, for example `from \"Trip ID\"`";
    }

    E0216 key_held_in_files(key: &str, at: Span) {
        "`{key}` is a key of an entity: no file holds it";
        at: "says how a file holds it";
        help: "remove it here, and write it after the column of the source";
    }

    E0315 local_without_zone(what: &str, column: &str, at: Span) {
        "`{column}` is read from {what}, and nothing says in which zone";
        at: "local time";
        help: "write the zone after it, for example `in \"Europe/Amsterdam\"` or `in \"UTC\"`; or give the source one, \
               `zone \"UTC\"`, for all its local times";
    }

    /// `why`: what it is that needs no zone.
    E0315 zone_of_nothing_local(why: &str, at: Span) {
        "`in` after {why}";
        at: "there is no local time";
        help: "remove it";
    }
}
