//! E0120 to E0125, W0104: parameters and templates.

use featc_syntax::diag::Span;
use featc_syntax::messages;

messages! {
    E0110 parameter_as_a_column(name: &str, at: Span) {
        "unknown column `{name}`";
        at: "a parameter stands in braces";
        help: "write `{{{name}}}`", at => format!("{{{name}}}");
    }

    E0120 unknown_parameter(name: &str, at: Span) {
        "unknown parameter `{name}`";
        at: "no parameter has this name";
        help: "declare it, for example `param {name} = 7d`";
    }

    E0120 column_in_braces(name: &str, at: Span) {
        "`{name}` is a column, not a parameter";
        at: "braces are of parameters";
        offer: "write `{name}`", at => name;
    }

    /// `meant` is what is written, with the other name.
    E0120 misspelt_parameter(name: &str, at: Span, nearest: &str, meant: &str) {
        "unknown parameter `{name}`";
        at: "no parameter has this name";
        near: "did you mean `{{{nearest}}}`?", at => meant;
    }

    E0121 no_duration(name: &str, at: Span, value: Span) {
        "parameter `{name}` is no duration";
        at: "a length of time is written here";
        value: "its value";
        help: "write the length, or a parameter such as `param week = 7d`";
    }

    E0121 column_as_literal(name: &str, at: Span) {
        "`{name}` stands for a column";
        at: "a literal is written here";
        help: "write the literal, or a parameter such as `param week = 7d`";
    }

    E0121 parameter_in_name(name: &str, at: Span, declared: Span) {
        "parameter `{name}` is no part of a name";
        at: "names are made of the column that a template is used for";
        declared: "declared here";
        help: "write the name out";
    }

    E0122 unknown_template(name: &str, at: Span, nearest: Option<&str>) {
        "unknown template `{name}`";
        at: "no template has this name";
        did_you_mean(nearest, at): "declare it with `template`";
    }

    E0123 feature_of_one_name(template: &str, feature: &str, parameter: &str, at: Span) {
        "feature `{feature}` of template `{template}` has one name for all columns";
        at: "the column is no part of it";
        offer: "name it by the column, for example `{{{parameter}}}_{feature}`", at => format!("{{{parameter}}}_{feature}");
    }

    E0124 used_twice(template: &str, column: &str, at: Span, first: Span) {
        "template `{template}` is used twice for `{column}`";
        at: "used again";
        first: "used here first";
        help: "remove one of the two";
    }

    E0125 too_many_of_templates(template: &str, at: Span) {
        "the templates of this program make too many features";
        at: "here with `{template}`";
        note: "at most 10000, which would take 4 MiB of text if they were written out";
        help: "use it for fewer columns, or divide the module";
    }

    W0107 parameter_in_quotes(name: &str, at: Span) {
        "`\"{{{name}}}\"` is a text with braces, and not the value of `{name}`";
        at: "compared as it stands";
        help: "write `{{{name}}}` without quotes", at => format!("{{{name}}}");
    }

    W0104 unused_template(name: &str, at: Span) {
        "nothing uses template `{name}`";
        at: "declared here";
        help: "remove it, or write `use {name} for (…)` in a view";
    }

    W0104 unused_parameter(name: &str, at: Span) {
        "nothing reads parameter `{name}`";
        at: "declared here";
        help: "remove it, or write `{{{name}}}` where its value is meant";
    }
}
