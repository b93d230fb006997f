//! What is no lookup, but would be one.

use crate::diag::Span;
use crate::messages;

messages! {
    E0001 table_without_lookup(at: Span, written: &str) {
        "a table is read by the word `lookup`";
        at: "";
        help: "write `{written}`", at => written;
    }

    E0001 lookup_in_parentheses(at: Span, written: &str) {
        "the column of a lookup belongs to it";
        at: "";
        help: "write `{written}`", at => written;
    }

    E0001 default_of_a_lookup(at: Span, whole: Span, written: &str) {
        "a lookup has no default";
        at: "";
        help: "write `{written}`", whole => written;
    }

    E0001 instant_of_a_lookup(at: Span) {
        "a lookup is made at the time of the event";
        at: "";
        offer: "remove it", at => "";
    }

    E0001 lookup_named_behind(at: Span, written: &str) {
        "a column is named in front, after the word `let`";
        at: "";
        help: "write `{written}`";
    }

    E0001 lookup_without_key(at: Span, written: &str) {
        "a lookup says by which key, and which column is read";
        at: "";
        help: "write `{written}`, with a value of the row for each key";
    }

    E0001 lookup_without_column(at: Span, written: &str) {
        "a lookup says which column is read";
        at: "";
        help: "write the column after it, such as `{written}`";
    }

    E0001 lookup_by_values(at: Span, form: &str) {
        "a lookup has values for the key alone";
        at: "";
        help: "write `{form}`: which rows there are is said by the table, and which version is valid by the event's time";
    }
}
