//! Items, clauses and expressions: what does not fit the grammar, or stands where it must not.

use crate::ast::Expr;
use crate::diag::Span;
use crate::messages;

messages! {
    E0001 piece_unlike_the_grammar(at: Span) {
        "this part does not fit the grammar";
        at: "";
    }

    E0001 two_windows(at: Span) {
        "a feature has one window, at its end";
        at: "";
        help: "make one feature per window, and one that combines them: `feature ratio = spend_1h / spend_1d`";
    }

    E0001 windows_of_parts(at: Span, whole: Span, parts: &[String; 3]) {
        let [first, second, third] = parts;
        "a feature has one window, at its end";
        at: "";
        help: "make one feature per window, and one that combines them: `{first}`, `{second}`, `{third}`",
            whole => parts.join("\n  ");
    }

    E0001 one_window_twice(at: Span, whole: Span, name: &str, value: &str) {
        "a feature has one window, at its end";
        at: "";
        help: "write `feature {name} = {value}`", whole => format!("feature {name} = {value}");
    }

    E0001 files_without_format(at: Span, keyword: &str, format: &str, path: &str) {
        "files are named behind `batch` or `stream` and their format";
        at: "";
        help: "write `{keyword} {format} {path}`", at => format!("{keyword} {format} {path}");
    }

    E0001 columns_without_colons(name: &str, ty: &str, at: Span, all_at: Span, all: &str) {
        "between a column and its type stands a `:`";
        at: "";
        help: "write `{name}: {ty}`, and so each of them", all_at => all;
    }

    E0001 path_without_quotes(path: &str, at: Span) {
        "the path of a file stands in double quotes";
        at: "";
        help: "write `\"{path}\"`", at => format!("\"{path}\"");
    }

    E0001 columns_without_parentheses(columns: &str, at: Span) {
        "several columns stand in parentheses";
        at: "";
        help: "write `unique ({columns})`", at => format!("({columns})");
    }

    E0001 view_as_entry(view: &str, at: Span) {
        "`{view}` is a view: an entry says which of its features";
        at: "";
        help: "write `{view}.*`", at => format!("{view}.*");
    }

    E0001 entry_without_view(feature: &str, at: Span) {
        "`{feature}` alone is no entry: an entry is a view and its features";
        at: "";
        help: "write the view before the feature, `view.{feature}`, or behind a view which features: `{feature}.*`";
    }

    E0001 entry_of_one_view(feature: &str, at: Span, view: &str) {
        "`{feature}` alone is no entry: an entry is a view and its features";
        at: "";
        help: "write `{view}.{feature}`", at => format!("{view}.{feature}");
    }

    E0001 entry_of_several_views(feature: &str, at: Span, first: &str, second: &str) {
        "`{feature}` alone is no entry: an entry is a view and its features";
        at: "";
        help: "write which view is meant: `{first}.{feature}` or `{second}.{feature}`";
    }

    E0001 pattern_of_another_language(operator: &str, at: Span, call: &str) {
        "`{operator}` is not in this release";
        at: "";
        help: "write `{call}`";
    }

    /// `whole` is what the call replaces.
    E0001 pattern_as_a_call(operator: &str, at: Span, whole: Span, call: &str) {
        "`{operator}` is not in this release";
        at: "";
        help: "write `{call}`", whole => call;
    }

    E0005 expression_too_deep(at: Span) {
        let most = Expr::DEPTH_MAX;
        "more than {most} operators and brackets within each other";
        at: "this part is already too deep";
        help: "name a part of the expression with `let`, or write `x in (a, b, …)` for many comparisons";
    }

    E0006 bars_between_strings(at: Span, call: &str) {
        "`||` is not an operator of this language";
        at: "";
        help: "write `{call}`";
    }

    E0006 bars_between_values(at: Span, call: &str) {
        "`||` is not an operator of this language";
        at: "";
        help: "write `{call}` to join strings, `or` between conditions";
    }

    E0007 chained_comparison(at: Span, first: Span, instead: &str) {
        "comparisons do not chain";
        at: "the second comparison";
        first: "this one is already true or false";
        help: "{instead}";
    }

    E0008 repeated_clause(clause: &str, at: Span, first: Span) {
        "`{clause}` is given twice";
        at: "the second one";
        first: "the first one";
        help: "keep one of them";
    }

    E0009 missing_module(at: Span) {
        "the file does not say which module it is";
        at: "`module` is missing here";
        help: "begin the file with a line such as `module shop`";
    }

    E0013 reserved_word(word: &str, at: Span) {
        "`{word}` is a reserved word";
        at: "cannot be a name";
        help: "choose another name, for example `{word}_`";
    }

    E0013 reserved_column(word: &str, at: Span) {
        "`{word}` is a reserved word";
        at: "cannot be a name";
        help: "rename the column in the file, for example to `{word}_`: this release has no other names for columns";
    }

    E0015 misspelt_keyword(word: &str, at: Span, nearest: &str) {
        "`{word}` is not a keyword";
        at: "not known here";
        help: "did you mean `{nearest}`?", at => nearest;
    }

    E0015 keyword_in_capitals(word: &str, at: Span, small: &str) {
        "`{word}` is not a keyword";
        at: "";
        help: "write `{small}`", at => small;
    }

    E0015 grouping_in_a_head(word: &str, at: Span, columns: &str) {
        "`{word} by` is `by` with parentheses here";
        at: "";
        help: "write `by {columns}`", at => format!("by {columns}");
    }

    E0015 grouping_elsewhere(word: &str, place: &str, at: Span, label: &str, instead: &str) {
        "`{word} by` has no place in {place}";
        at: "{label}";
        help: "{instead}";
    }

    E0016 second_module(at: Span, first: Span) {
        "a file has one `module` line";
        at: "the second one";
        first: "the first one";
        help: "keep one of them";
    }

    E0016 late_module(at: Span, item: Span) {
        "`module` comes after another declaration";
        at: "too late";
        item: "this one is before it";
        help: "move the `module` line to the top of the file";
    }

    E9999 unknown_rule(rule: &str, at: Span) {
        "the tree builder does not know the rule {rule} here";
        at: "";
    }

    E9999 not_parsed(at: Span) {
        "the file could not be parsed";
        at: "";
    }

    E9999 split_character() {
        "the scanner split a character";
    }

    W0001 detached_doc(at: Span, slashes: Span) {
        "this doc comment belongs to nothing";
        at: "`///` documents the item or feature on the next line";
        help: "write `//` for an ordinary comment", slashes => "//";
    }

    W0003 division_in_comment(operand: &str, at: Span) {
        "`//` begins a comment: nothing is divided here";
        at: "a comment";
        help: "division is `/`, whole division is `a div b`: write `div {operand}`; of a comment that is meant, make a \
               sentence";
    }
}
