//! E0430 to E0438: tests.

use super::list;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    E0106 no_such_source(name: &str, at: Span, nearest: Option<&str>, own: &str) {
        "unknown source or table `{name}`";
        at: "no source and no table has this name";
        did_you_mean(nearest, at): "a test gives rows of the source that its view reads, `given {own}`, and of the tables that \
                                    it looks into";
    }

    E0106 rows_of_a_transform(name: &str, at: Span, source: &str) {
        "`{name}` is a transform";
        at: "no source";
        offer: "give the rows of its source, from which it makes its own: `given {source}`", at => source;
    }

    /// `rows`: `source` or `table`, and its name.
    E0110 no_such_column_in_a_table(
        rows: (&str, &str), name: &str, at: Span, nearest: Option<&str>, declared_at: Span
    ) {
        let (what, rows) = rows;
        "unknown column `{name}`";
        at: "no such column in `{rows}`";
        declared_at: "the {what} is declared here";
        did_you_mean(nearest, at): "write the name of a column of the {what}";
    }

    E0430 misshapen_row(cells: usize, columns: usize, at: Span, header: Span) {
        let (cells, s) = (cells, if cells == 1 { "" } else { "s" });
        "the row has {cells} cell{s}, the header {columns}";
        at: "this row";
        header: "the header";
        help: "give the row a cell for each column; an empty one is null";
    }

    E0431 not_a_value(text: &str, ty: &str, of: &str, at: Span, forms: &str) {
        "`{text}` is no value of {of}, which is of type `{ty}`";
        at: "";
        help: "{forms}";
    }

    /// `ty`: a type that has such values.
    E0431 fraction_in_a_column(text: &str, of: &str, ty: &str, at: Span) {
        "`{text}` is no value of {of}, which is of type `int64`";
        at: "";
        help: "if the file has such numbers, declare {of} as `{ty}`; else write a whole number without a point";
    }

    E0431 null_in_a_column(column: &str, at: Span) {
        "column `{column}` cannot be null";
        at: "null";
        help: "write a value, or declare the column with `?`";
    }

    E0431 nan_in_a_column(column: &str, at: Span) {
        "column `{column}` cannot be null, and `nan` is read as null";
        at: "";
        help: "say `keep nan` in the source, or declare the column with `?`";
    }

    E0431 list_of_a_scalar(feature: &str, ty: &str, at: Span) {
        "feature `{feature}` is of type `{ty}`, and no list";
        at: "";
        help: "write one value";
    }

    E0431 scalar_of_a_list(feature: &str, ty: &str, text: &str, at: Span) {
        "feature `{feature}` is of type `{ty}`";
        at: "";
        help: "write its items in brackets, `[{text}]`, or `null`";
    }

    E0431 no_such_status(text: &str, at: Span) {
        "`{text}` is no status";
        at: "";
        help: "write `ok`, `empty`, `missing`, `truncated`, `stale`, `error(overflow)`, `error(invalid_cast)` or `error(cap)`";
    }

    E0432 test_without_expect(name: &str, at: Span) {
        "test `{name}` expects nothing";
        at: "";
        help: "say what is to be: `expect at @2026-01-01T00:00:00Z (…) {{ … = … }}`";
    }

    E0432 expect_without_features(at: Span) {
        "`expect` without a feature";
        at: "";
        help: "write a feature of the view and its value: `{{ total = 5.0 }}`";
    }

    E0433 duplicate_test(name: &str, at: Span, first: Span) {
        "two tests are called `{name}`";
        at: "the second";
        first: "the first";
        help: "give one of them another name";
    }

    E0434 missing_key(key: &str, ty: &str, at: Span) {
        "the question does not say `{key}`";
        at: "about which entity?";
        help: "write the key with its value, of type `{ty}`: `({key}: …)`";
    }

    E0434 unknown_key(name: &str, view: &str, at: Span, nearest: Option<&str>, known: &[String]) {
        let known = list(known);
        "`{name}` is no key of view `{view}`";
        at: "";
        did_you_mean(nearest, at): "a question to the view brings {known}";
    }

    E0435 given_twice(what: &str, name: &str, at: Span, first: Span) {
        "{what} `{name}` is given twice";
        at: "again";
        first: "the first time";
        help: "remove one of the two";
    }

    E0436 left_out_column(columns: &[String], source: &str, at: Span) {
        let (s, names) = (if columns.len() == 1 { "" } else { "s" }, list(columns));
        "the table lacks the column{s} {names} of `{source}`, which cannot be null";
        at: "the header";
        help: "add it to the header and the rows; only columns with `?` may be left out";
    }

    E0437 nothing_known(source: &str, at: Span) {
        "nothing says when rows of `{source}` were known";
        at: "";
        help: "leave out `as known`, or give the source an `arrival`, such as `arrival time + 1m`";
    }

    E0438 table_not_looked_into(table: &str, view: &str, at: Span) {
        "view `{view}` looks nothing up in table `{table}`";
        at: "no value depends on it";
        help: "remove these rows";
    }

    E0438 rows_not_read(source: &str, view: &str, reads: &str, at: Span) {
        "view `{view}` does not read `{source}`";
        at: "it reads `{reads}`";
        help: "remove these rows, or write the test for a view that reads `{source}`";
    }
}
