//! E01xx: names.

use super::Kind;
use super::elsewhere::NO_CLOCK;
use super::list;
use featc_ir::Type;
use featc_syntax::diag::{Diagnostic, Span};
use featc_syntax::messages;

messages! {
    E0101 duplicate_item(kind: Kind, name: &str, at: Span, first: Span, first_kind: Kind) {
        let first_kind = first_kind.with_article();
        "{kind} `{name}` is declared twice";
        at: "second declaration";
        first: "first declared here, as {first_kind}";
        help: "give this {kind} a name of its own";
    }

    E0102 duplicate_column(name: &str, at: Span, first: Span) {
        "the row has a column `{name}` already";
        at: "declared again";
        first: "first declared here";
        help: "choose another name: columns are never redefined";
    }

    /// `let visitor_id = lower(visitor_id)`
    E0102 let_of_a_column(name: &str, at: Span, first: Span) {
        "the row has a column `{name}` already";
        at: "declared again";
        first: "first declared here";
        help: "choose another name, and write it wherever this value is meant, also as the key of a lookup and of a view, `by (…)` after \
               its `from`: columns are never redefined";
    }

    /// Also of names that lists of windows make.
    E0103 duplicate_feature(view: &str, name: &str, at: Span, first: Span) {
        "view `{view}` has two features `{name}`";
        at: "makes it again";
        first: "made here first";
        note: "a list of windows makes one feature per window, named with `_` and the window as written";
        help: "rename one of them";
    }

    E0103 duplicate_window(view: &str, name: &str, at: Span, first: Span) {
        "view `{view}` has two features `{name}`";
        at: "the same window again";
        first: "listed here first";
        help: "remove one of the two windows";
    }

    E0104 duplicate_field(service: &str, field: &str, at: Span, first: Span) {
        "service `{service}` lists `{field}` twice";
        at: "brings it again";
        first: "listed here first";
        help: "remove one of the two, or narrow the pattern";
    }

    E0105 source_without_columns(source: &str, at: Span) {
        "source `{source}` has no columns";
        at: "declared here";
        help: "list them, for example `columns (card: string, amount: int64, at: timestamp)`";
    }

    E0105 source_without_identity(source: &str, at: Span) {
        "source `{source}` has no identity";
        at: "declared here";
        help: "say which columns identify an event, for example `unique event_id`, or `unique all`";
    }

    /// `unique all` of a source whose only column is its arrival.
    E0105 identity_without_columns(source: &str, at: Span) {
        "source `{source}` has no identity";
        at: "takes every column but the arrival";
        help: "declare at least one column beside the arrival";
    }

    E0105 source_without_time(source: &str, at: Span) {
        "source `{source}` has no event time";
        at: "declared here";
        help: "say which column it is, for example `time event_at`";
    }

    E0105 static_source_without_time(source: &str, at: Span) {
        "source `{source}` has no event time";
        at: "declared here";
        help: "a static source needs one too, from which on a row holds; where the file has none, put it into a folder \
               `since=2000-01-01`, declare `since: timestamp as date in \"UTC\"`, and write `time since`";
    }

    E0106 no_rows_but(name: &str, kind: Kind, at: Span) {
        let kind = kind.with_article();
        "`{name}` is {kind}: rows come from a source or a transform";
        at: "no source and no transform has this name";
        help: "write the name of a source or a transform";
    }

    E0106 unknown_rows(name: &str, at: Span, nearest: Option<&str>) {
        "unknown source or transform `{name}`";
        at: "no source and no transform has this name";
        did_you_mean(nearest, at): "declare it with `source` or `transform`";
    }

    /// `known`: those that are declared.
    E0107 unknown_entity(name: &str, at: Span, nearest: Option<&str>, keys: &str, known: &[String]) {
        let known = match known.len() {
            1..=8 => format!(", or write one that is: {}", list(known)),
            _ => String::new(),
        };
        "unknown entity `{name}`";
        at: "no entity has this name";
        did_you_mean(nearest, at): "declare it, for example `entity {name} ({keys})`{known}";
    }

    E0107 rows_as_an_entity(name: &str, entity: &str, at: Span) {
        "`{name}` is no entity";
        at: "rows, which stand after `from`";
        help: "a view is of what its features are about: write its entity, such as `of {entity} from {name}`";
    }

    E0108 unknown_view(name: &str, at: Span, nearest: Option<&str>) {
        "unknown view `{name}`";
        at: "no view has this name";
        did_you_mean(nearest, at): "write the name of a view of this module";
    }

    E0109 no_such_feature(view: &str, name: &str, at: Span, nearest: Option<&str>, known: &str, view_at: Span) {
        "unknown feature `{name}`";
        at: "no such feature in view `{view}`";
        view_at: "the view is declared here";
        did_you_mean(nearest, at): "write the name of a feature of this view{known}";
    }

    E0109 feature_of_a_service(name: &str, service: &str, view: &str, at: Span) {
        "`{name}` is a feature of service `{service}`";
        at: "no feature of view `{view}`";
        help: "remove it: a test is of one view; a feature of a service is answered by `featc get --service {service}`";
    }

    E0109 feature_of_several_windows(view: &str, name: &str, at: Span, windows: &str, view_at: Span) {
        "unknown feature `{name}`";
        at: "no such feature in view `{view}`";
        view_at: "the view is declared here";
        help: "write which window is meant: {windows}";
    }

    E0109 feature_of_one_window(
        view: &str, name: &str, at: Span, feature: &str, window: &str, asked: &str, view_at: Span
    ) {
        let label = window.replace(' ', "_");
        "unknown feature `{name}`";
        at: "no such feature in view `{view}`";
        view_at: "the view is declared here";
        help: "`{feature}` has one window: `over [{window}, {asked}]` there makes `{feature}_{label}` and `{name}`";
    }

    E0109 feature_of_another_number(view: &str, name: &str, at: Span, near: &str, view_at: Span) {
        "unknown feature `{name}`";
        at: "no such feature in view `{view}`";
        view_at: "the view is declared here";
        help: "declare it, or read another one: there is `{near}`";
    }

    E0109 instant_of_the_question(name: &str, at: Span) {
        "`{name}`: a view does not know the instant of the question";
        at: "no feature";
        help: "it is `at` in a feature of a service; `time_since_last()` measures from it";
    }

    E0110 no_such_column(rows: &str, name: &str, at: Span, nearest: Option<&str>, rows_at: Span) {
        "unknown column `{name}`";
        at: "no such column in `{rows}`";
        rows_at: "the row is declared here";
        did_you_mean(nearest, at): "write a column of the source, or a `let` that stands before";
    }

    /// `arrival time`, where no column is called `time`.
    E0110 arrival_without_lag(at: Span) {
        "unknown column `time`";
        at: "no such column in the source";
        help: "write how long after its time a row is known, such as `arrival time + 5m`; or the column that says when it came";
    }

    E0110 neither_column_nor_text(rows: &str, name: &str, at: Span, nearest: Option<&str>, rows_at: Span) {
        "unknown column `{name}`";
        at: "no such column in `{rows}`";
        rows_at: "the row is declared here";
        did_you_mean(nearest, at): "write a column of the source, or a `let` that stands before; a text stands in double \
                                    quotes: `\"{name}\"`";
    }

    /// `status = delivered` beside a column `delivered_at`.
    E0110 part_of_a_name_or_text(rows: &str, name: &str, at: Span, nearest: &str, rows_at: Span) {
        "unknown column `{name}`";
        at: "no such column in `{rows}`";
        rows_at: "the row is declared here";
        offer: "write `{nearest}` for the column; a text stands in double quotes: `\"{name}\"`", at => nearest;
    }

    E0110 let_of_another(name: &str, transform: &str, rows: &str, at: Span) {
        "unknown column `{name}`";
        at: "a `let` of `{transform}`, which `{rows}` is before";
        help: "read `from {transform}`, or compute it here too";
    }

    /// Read before the `let` that makes it.
    E0110 let_further_below(name: &str, at: Span, declared: Span) {
        "`{name}` is declared further below";
        at: "not known yet";
        declared: "declared here";
        help: "move its `let` before the step that reads it";
    }

    E0110 feature_as_a_column(name: &str, view: &str, at: Span) {
        "unknown column `{name}`";
        at: "a feature of view `{view}`";
        help: "a feature is known of an entity, not of an event: write a column of the event, or what is computed from its columns";
    }

    E0110 feature_or_parameter(name: &str, view: &str, at: Span) {
        "unknown column `{name}`";
        at: "a feature of view `{view}`, and a parameter";
        offer: "write `{{{name}}}` for the parameter; a feature is known of an entity, not of an event", at => format!("{{{name}}}");
    }

    /// `name`: also of a field, and that field.
    E0110 field_without_its_struct(name: (&str, &str), rows: &str, at: Span, rows_at: Span) {
        let (name, field) = name;
        "unknown column `{name}`";
        at: "no such column in `{rows}`";
        rows_at: "the row is declared here";
        offer: "the field of a struct is `{field}`", at => field;
    }

    E0110 literal_in_capitals(name: &str, at: Span, small: &str) {
        "unknown column `{name}`";
        at: "keywords are written in small letters";
        help: "write `{small}`", at => small;
    }

    E0110 null_of_another_language(name: &str, at: Span) {
        "unknown column `{name}`";
        at: "no such column";
        help: "what is absent is `null`: test it by `x is null` or `x is not null`";
    }

    E0110 no_literal_of_nan(name: &str, at: Span) {
        "unknown column `{name}`";
        at: "no such column";
        help: "there is no literal for NaN: it decodes to null, unless the source says `keep nan`, so test it by `x is null`";
    }

    E0110 clock_as_column(name: &str, at: Span) {
        "unknown column `{name}`: there is no clock in a program";
        at: "no such column";
        help: "{NO_CLOCK}";
    }

    E0110 question_as_column(name: &str, at: Span) {
        "`{name}`: a view does not know the instant of the question";
        at: "no such column";
        help: "it is `at` in a feature of a service; `time_since_last()` measures from it";
    }

    /// `count over 7d`
    E0110 aggregate_without_parentheses(name: &str, at: Span) {
        "unknown column `{name}`";
        at: "an aggregate, without its parentheses";
        help: "write `{name}()`", at => format!("{name}()");
    }

    /// `sum over 7d`, `lower = "a"`
    E0110 function_without_arguments(name: &str, usage: &str, at: Span) {
        "unknown column `{name}`";
        at: "a function, without its arguments";
        help: "write `{usage}`";
    }

    /// `time`: the column with the event time.
    E0110 instant_of_event_or_question(name: &str, time: &str, at: Span) {
        "unknown column `{name}`";
        at: "no such column";
        help: "the time of the event is `{time}`; the instant of the question is `at` in a feature of a service, and \
               `time_since_last()` measures from it";
    }

    E0110 identity_of_nothing(name: &str, at: Span) {
        "unknown column `{name}`";
        at: "no such column";
        offer: "every row needs an identity: write `unique all` if no column has it", at => "all";
    }

    E0112 no_such_type(name: &str, at: Span, nearest: Option<&str>) {
        "unknown type `{name}`";
        at: "no such type";
        did_you_mean(nearest, at): "the types are bool, int64, float64, decimal(p, s), string, timestamp, date and \
                                    duration";
    }

    E0112 decimal_of_another_language(name: &str, at: Span, ty: Type) {
        "unknown type `{name}`";
        at: "no such type";
        offer: "write `{ty}`", at => ty.to_string();
    }

    E0112 decimal_without_digits(name: &str, at: Span) {
        "unknown type `{name}`";
        at: "no such type";
        help: "write how many digits there are in all and how many of them after the point, for example `decimal(12, 2)`";
    }

    E0112 type_not_in_release(name: &str, at: Span, instead: &str) {
        "type `{name}` is not in this release";
        at: "no such type";
        help: "{instead}";
    }

    /// The circle begins and ends with the name.
    E0113 circular_transform(name: &str, at: Span, circle: &[String]) {
        let circle = circle.join(" from ");
        "transform `{name}` comes from itself";
        at: "part of a circle";
        note: "the circle: {circle}";
        help: "let one of them read a source";
    }

    /// The circle begins and ends with the name.
    E0114 circular_feature(name: &str, at: Span, circle: &[String]) {
        let circle = circle.join(" reads ");
        "feature `{name}` is derived from itself";
        at: "part of a circle";
        note: "the circle: {circle}";
        help: "compute one of them from events, with `over`";
    }

    E0115 empty_service(name: &str, at: Span) {
        "service `{name}` lists nothing";
        at: "declared here";
        help: "list features, for example `card_spend.*`";
    }

    E0116 pattern_matches_nothing(view: &str, pattern: &str, at: Span, view_at: Span) {
        "pattern `{pattern}` matches nothing";
        at: "fits no feature of view `{view}`";
        view_at: "the view is declared here";
        help: "correct the pattern or remove it";
    }

    /// `rows` is what the view reads.
    E0117 view_as_rows(view: &str, rows: &str, at: Span) {
        "`{view}` is a view: rows come from a source or a transform";
        at: "a view has no rows";
        offer: "read what `{view}` reads: write `{rows}`", at => rows;
    }

    E0117 feature_of_another_view(view: &str, feature: &str, at: Span) {
        "`{feature}` is of view `{view}`: views do not read each other";
        at: "of another view";
        help: "if both views have one entity and the same rows after `from`, declare the feature in this one too; else combine \
               them in a feature of a service: `feature other = {view}.{feature}`";
    }
}

/// E0101 of the first name that two files of a folder declare, with how many more they both do.
pub fn in_two_files(duplicate: Diagnostic, more: usize) -> Diagnostic {
    let more = match more {
        0 => String::new(),
        1 => "; one more name is in both files".to_owned(),
        more => format!("; {more} more names are in both files"),
    };
    duplicate
        .with_note(format!("the `.feat` files of a folder are one program{more}"))
        .with_help("if these are two programs, name one file instead of the folder, or give each a folder of its own")
}

/// E0112, or what stands for such a type.
pub fn unknown_type(name: &str, at: Span, nearest: Option<&str>) -> Diagnostic {
    let instead = match name.to_ascii_lowercase().as_str() {
        "array" | "set" | "vector" => "several values are a list, for example `list<string>`",
        "record" | "object" | "row" => "named values are a struct, for example `struct<id: int64, name: string?>`",
        "map" | "json" | "variant" => "declare the fields that are needed: `user: struct<id: int64, name: string?>`",
        "bytes" | "binary" | "blob" | "bytea" => "write it as a string into the file, for example in base 64",
        "time" | "timeofday" | "time_of_day" => {
            "a time of day without its day is a `string`, and a length of time a `duration`; an instant is a `timestamp`"
        }
        _ => return no_such_type(name, at, nearest),
    };
    type_not_in_release(name, at, instead)
}
