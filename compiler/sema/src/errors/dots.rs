//! E0118: names with dots, and structs that are named as a whole.

use featc_syntax::ast;
use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    E0118 dot_behind_its_owner(name: &str, last: &str, at: Span) {
        "`{name}`: names have no dots";
        at: "what it belongs to is known";
        help: "write `{last}`", at => last;
    }

    /// `orders.lines.sku`, of the rows of `orders`.
    E0118 field_behind_its_source(name: &str, field: &str, at: Span) {
        "`{name}`: a column stands without the name of its source";
        at: "what it belongs to is known";
        help: "write `{field}`", at => field;
    }

    E0118 dot_behind_other_rows(name: &str, rows: &str, at: Span) {
        "`{name}`: names have no dots";
        at: "of rows that are not read here";
        help: "joins are not in this release: join `{rows}` in the file, or make a view of it and list both views in a \
               service";
    }

    E0118 dot_behind_an_instant(name: &str, call: &str, at: Span) {
        "`{name}`: names have no dots";
        at: "a function, not a field";
        help: "write `{call}`", at => call;
    }

    E0118 dot_behind_a_weekday(name: &str, call: &str, at: Span) {
        "`{name}`: names have no dots";
        at: "a function, not a field";
        help: "write `{call}`: 1 is Monday, 7 is Sunday";
    }

    /// `user`, of which there is `user.id`, or a list of structs.
    E0110 struct_as_a_value(name: &str, at: Span, field: &str) {
        "`{name}` has fields, and no value of its own";
        at: "is no value";
        help: "write which field is meant, such as `{field}`";
    }

    /// `| customer |` above rows of a test.
    E0110 struct_in_a_header(name: &str, at: Span, fields: &[&str]) {
        let columns = fields.join(" | ");
        "`{name}` is a struct: each of its fields has a column";
        at: "has fields";
        help: "write a column for each field that the test needs: `{columns}`";
    }

    /// `n.total`, where `n` is a column.
    E0118 dot_behind_a_scalar(name: &str, first: &str, rest: &[ast::Name], at: Span) {
        let fields = structs(rest);
        "`{name}`: `{first}` has no fields";
        at: "is no struct";
        help: "write `{first}`; if the file holds a struct there, declare its fields: `{first}: {fields}`";
    }

    E0118 dot_behind_a_value(name: &str, at: Span) {
        let column = name.replace('.', "_");
        "`{name}`: names have no dots";
        at: "no column has fields";
        help: "declare the field as a column of the source, by its path in the file: `{column}: … from \"{name}\"`";
    }

    /// `user.id`, which the column `user_id` reads.
    E0118 path_of_a_column(name: &str, column: &str, at: Span) {
        "`{name}`: names have no dots";
        at: "the path of a column in the file";
        help: "write `{column}`", at => column;
    }
}

/// Of the names `device`, `os` the type `struct<device: struct<os: string?>>`.
fn structs(names: &[ast::Name]) -> String {
    names.iter().rev().fold("string?".to_owned(), |inside, name| {
        format!("struct<{}: {inside}>", name.text)
    })
}
