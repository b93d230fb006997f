//! Tables and lookups.

use super::{Kind, is_short};
use featc_ir::Type;
use featc_syntax::diag::Span;
use featc_syntax::messages;

/// What may be the arrival of versions, in place of the beginning of their validity.
pub(super) const KNOWN_EARLY: &str = "the column that says when the row was written; where the file has none and all was known early, \
    put it into a folder `known=2000-01-01`, and declare `known: timestamp as date in \"UTC\"`";

messages! {
    E0440 table_without_columns(table: &str, at: Span) {
        "table `{table}` has no columns";
        at: "which columns do its rows have?";
        help: "write `columns (…)`, with the key among them";
    }

    E0440 table_without_key(table: &str, column: &str, at: Span) {
        "table `{table}` has no key";
        at: "what tells its rows apart?";
        help: "write `key {column}`: the column by which rows are looked up";
    }

    /// `instant`: a column of the key that is one.
    E0441 table_without_rules(table: &str, instant: Option<&str>, at: Span) {
        let of_key = instant.map_or(String::new(), |column| {
            format!("; `{column}`, if it is the one of these, is no part of the `key`")
        });
        "table `{table}` does not say which row of a key holds";
        at: "neither `static` nor `valid from`";
        help: "write `static` if each key has one row, which never changes; or `valid from` and `arrival` with the columns \
               that say from when on a version is valid and since when it is known{of_key}";
    }

    E0441 static_and_versions(table: &str, clause: &str, at: Span, static_at: Span) {
        "static table `{table}` says `{clause}`";
        at: "is about versions";
        static_at: "each key has one row";
        help: "remove one of the two";
    }

    E0441 versions_without_start(table: &str, clause: &str, at: Span) {
        "table `{table}` says `{clause}`, and not `valid from`";
        at: "of which versions?";
        help: "write `valid from` with the column that says from when on a row holds";
    }

    E0441 versions_without_arrival(table: &str, at: Span) {
        "table `{table}` does not say when its versions were known";
        at: "versions without `arrival`";
        help: "write `arrival` with the column that says when a version was known: a lookup sees nothing that came later; where the \
               file has none and all was known early, put it into a folder `known=2000-01-01`, and declare \
               `known: timestamp as date in \"UTC\"`";
    }

    E0442 table_key_refused(column: &str, ty: Type, at: Span) {
        "key column `{column}` is {ty}";
        at: "cannot be a key";
        help: "keys are bool, int64, string, date, timestamp or decimal";
    }

    /// `others`: the rest of the key.
    E0442 instant_in_a_key(column: &str, others: &[&str], at: Span, clause_at: Span) {
        let others = match others {
            [] => "…".to_owned(),
            [other] => (*other).to_owned(),
            several => format!("({})", several.join(", ")),
        };
        "`{column}` is an instant of a version, and no part of its key";
        at: "in the key";
        clause_at: "an instant";
        help: "write `key {others}` without it: a lookup gives the key alone, and finds the version that is valid at the event's time";
    }

    E0442 list_in_a_table(column: &str, ty: Type, at: Span) {
        "column `{column}` of a table is {ty}";
        at: "is a list";
        help: "columns of tables have one value: give the table a row or a column for each item, or read the lists as rows of a source";
    }

    E0442 nullable_in_table(column: &str, clause: &str, at: Span) {
        "column `{column}` may be null, and is named by `{clause}`";
        at: "may be null";
        help: "remove the `?`: a row without it cannot be found", at => "";
    }

    E0442 nullable_beginning(column: &str, at: Span) {
        "column `{column}` may be null, and is named by `valid from`";
        at: "may be null";
        offer: "if versions end then, name it by `valid to`; if they begin then, remove the `?`: a row without it cannot be found", at => "";
    }

    E0442 no_instant_in_table(column: &str, clause: &str, ty: Type, at: Span) {
        let help = match ty {
            Type::Int64 => "an instant is needed: `timestamp as epoch_seconds` or `epoch_millis` reads numbers that count since 1970; the number \
                            of a version is none: name the column that says since when it holds",
            _ => "declare it as `timestamp`; `timestamp as date` reads dates, with `in \"UTC\"` or another zone after it where the \
                  table has no `zone`",
        };
        "column `{column}` is {ty}, and is named by `{clause}`";
        at: "is no timestamp";
        help: "{help}";
    }

    E0442 arrival_is_validity(column: &str, at: Span) {
        "column `{column}` says from when on a version is valid, and when it was known";
        at: "named by `valid from` too";
        help: "name {KNOWN_EARLY}";
    }

    E0443 unknown_table(name: &str, at: Span, nearest: Option<&str>) {
        "unknown table `{name}`";
        at: "no table has this name";
        did_you_mean(nearest, at): "declare it: `table {name} {{ columns (…) key … static }}`";
    }

    /// `known`: the columns that there are.
    E0110 no_such_column_of_a_table(table: &str, name: &str, at: Span, nearest: Option<&str>, known: &[String], table_at: Span) {
        let known = super::list(known);
        "unknown column `{name}`";
        at: "no such column in `{table}`";
        table_at: "the table is declared here";
        did_you_mean(nearest, at): "write a column of the table: {known}";
    }

    E0443 no_table(name: &str, kind: Kind, at: Span, nearest: Option<&str>) {
        let help = match kind {
            Kind::Source => "a lookup finds a row by its key in a `table`; one may be declared over the same file as a source, with the `key` \
                             of a row, and `valid from` and `arrival` where rows come over time; the events of a source are aggregated by views",
            _ => "a lookup finds a row by its key in a `table`; the events of a source are aggregated by views",
        };
        let kind = kind.with_article();
        "`{name}` is {kind}, and no table";
        at: "is looked into";
        did_you_mean(nearest, at): "{help}";
    }

    E0443 view_for_a_table(name: &str, at: Span) {
        "`{name}` is a view, and no table";
        at: "is looked into";
        help: "a lookup finds a row by its key in a `table`; the features of a view are read in a service, by `{name}.` and their names";
    }

    E0118 dot_for_a_lookup(table: &str, column: &str, meant: &str, at: Span) {
        "`{table}.{column}`: names have no dots";
        at: "of a table";
        help: "write `{meant}`", at => meant;
    }

    E0118 dot_behind_a_table(table: &str, column: &str, meant: &str, at: Span) {
        "`{table}.{column}`: names have no dots";
        at: "of a table";
        help: "write `{meant}`, with what this row has for the key";
    }

    E0118 dot_behind_a_table_outside(table: &str, column: &str, meant: &str, at: Span) {
        "`{table}.{column}`: names have no dots";
        at: "of a table";
        help: "look it up in a transform, `let {column} = {meant}`, and read that column here, in an aggregate such as `last({column})`";
    }

    /// `has_versions`: the table says `valid from`, and too few are given.
    E0444 lookup_key_count(table: &str, wanted: &str, found: usize, has_versions: bool, at: Span) {
        let versions = match has_versions {
            true => "; what tells versions of one row apart, such as their number or their date, is no part of the key: `valid from` says \
                     which one an event sees, so take it out of `key`",
            false => "",
        };
        let is_given = if found == 1 { "is given" } else { "are given" };
        "the key of table `{table}` is ({wanted}), and {found} {is_given}";
        at: "one value per column of the key";
        help: "write a value for each of {wanted}, in this order{versions}";
    }

    E0444 lookup_key_type(table: &str, key: (&str, Type), found: (Type, &str), at: Span) {
        let ((column, ty), (found, text)) = (key, found);
        let help = match found {
            Type::String if is_column_like(text) => {
                let name = text.trim_matches('"');
                format!("if `{name}` is a column, write it without quotes; else write a value that is {ty}")
            }
            Type::Bool => format!("write a value that is {ty}: the key of the row that is looked for"),
            Type::List(_) => format!("a list is no key: look up one of its items, `{text}[1]`"),
            found if found.is_numeric() && ty.is_numeric() => {
                format!("convert it: `cast({text} as {ty})`, or declare the column of the table as the value is")
            }
            found if found.is_numeric() && ty == Type::String => format!(
                "write the column of the event that has the `{column}`; if it is this number, as a text, `cast({text} as string)`"
            ),
            _ => format!(
                "write the column of the event that has the `{column}`, which is {ty}; or declare the column of the table as the \
                 value is"
            ),
        };
        "key column `{column}` of table `{table}` is {ty}, not {found}";
        at: "is {found}";
        help: "{help}";
    }

    E0445 within_of_static(table: &str, at: Span, table_at: Span) {
        "rows of static table `{table}` have no age";
        at: "bounds it";
        table_at: "has one row per key, which always holds";
        help: "remove it, or say by `valid from` since when a row holds";
    }

    E0447 static_table_as_rows(table: &str, at: Span, table_at: Span) {
        "a view of static table `{table}`";
        at: "reads events";
        table_at: "has one row per key, at no time";
        help: "look into it in a transform, `let … = lookup {table}(…).…`, or say by `valid from` and `arrival` since when a row holds";
    }

    E0448 view_fans_out(table: &str, key: &str, by: &str, entity: &str, at: Span, table_at: Span) {
        "a view of table `{table}` by ({by}) would have more than one row at a time";
        at: "is ({by})";
        table_at: "has one row for each ({key})";
        help: "declare an entity with the key ({key}) for the view, or look into the table in a transform of the events of `{entity}`";
    }

    /// Without the `by` the view has the key of the table. `other`: a column of it whose type is not that of the entity's key.
    E0448 view_by_another_column(table: (&str, &str), by: &str, other: Option<(&str, Type)>, at: Span, table_at: Span) {
        let (table, key) = table;
        let retyped = other.map_or(String::new(), |(column, ty)| {
            format!("; the table and the entity need one type for it: write `{column}: {ty}` in table `{table}` if its file has such keys")
        });
        "a view of table `{table}` by ({by}) would have more than one row at a time";
        at: "is no key of the table";
        table_at: "has one row for each ({key})";
        help: "remove `by ({by})`: without it the view is by ({key}){retyped}";
    }

    E0446 lookup_outside(column: &str, written: &str, at: Span) {
        let written = if is_short(written) { written } else { "lookup …" };
        "lookup outside of a transform";
        at: "belongs to an event";
        help: "look it up in a transform, `let {column} = {written}`, and read that column here, in an aggregate such as `last({column})`";
    }

    /// `table`: of the versions that a view can read; `None` for a static one.
    E0446 lookup_of_a_question(column: &str, table: Option<&str>, at: Span) {
        let of_versions = table.map_or(String::new(), |table| {
            format!("; or make a view of the table by its key, `from {table}`, whose `last({column})` is that of the key that is asked about")
        });
        "lookup in a feature of a service";
        at: "a question looks into no table";
        help: "bring the value with the question, as a field of a `request`; or read what the last event found, `last({column})` \
               of a view{of_versions}";
    }

    E0111 lookup_as_a_call(at: Span, meant: &str) {
        "`lookup` is no function";
        at: "its table stands before the parentheses, its column after them";
        help: "write `{meant}`", at => meant;
    }

    E0111 lookup_without_a_table(at: Span) {
        "`lookup` is no function";
        at: "its table stands before the parentheses, its column after them";
        help: "write `lookup table(key).column`, such as `lookup planes(tail).seats`";
    }

    E0444 lookup_by_names(table: &str, at: Span, written: &str) {
        "values of the key of `{table}` have no names: `=` compares";
        at: "is true or false";
        help: "write `({written})`, in the order of the key", at => written;
    }
}

/// Whether a text in quotes could be the name of a column.
fn is_column_like(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    inner.is_some_and(|inner| inner.starts_with(|c: char| c.is_ascii_lowercase()) && inner.chars().all(is_word))
}
