//! Items, clauses and expressions: what does not fit the grammar, or stands where it must not.

use crate::ast::Expr;
use crate::diag::Span;
use crate::messages;

messages! {
    E0001 piece_unlike_the_grammar(at: Span) {
        "this part does not fit the grammar";
        at: "";
    }

    E0001 keys_of_an_entity(at: Span, whole: Span, written: &str) {
        "the keys of an entity stand in parentheses, each with its type";
        at: "";
        help: "write `{written}`", whole => written;
    }

    E0001 unknown_keys_of_an_entity(entity: &str, at: Span) {
        "the keys of an entity stand in parentheses, each with its type";
        at: "";
        help: "write the columns that identify it as the source declares them, such as `entity {entity} ({entity}_id: string)`";
    }

    E0001 key_with_its_type(key: &str, at: Span, key_at: Span, ty: &str) {
        "key `{key}` has no type";
        at: "`:` and a type are missing here";
        help: "write `{key}: {ty}`", key_at => format!("{key}: {ty}");
    }

    E0001 key_without_type(key: &str, at: Span) {
        "key `{key}` has no type";
        at: "`:` and a type are missing here";
        help: "write the type of the column that holds it, such as `{key}: string`";
    }

    E0001 view_of_the_entity(view: &str, entity: &str, at: Span) {
        "view `{view}` does not say whose features it has";
        at: "an entity is missing before `from`";
        help: "write `view {view} of {entity} from`", at => format!("of {entity} from");
    }

    E0001 view_without_entity(view: &str, at: Span) {
        "view `{view}` does not say whose features it has";
        at: "an entity is missing before `from`";
        help: "write its entity, such as `view {view} of card from`";
    }

    E0001 feature_by_another_entity(column: &str, at: Span, entity: &str) {
        "a feature does not group: it is of the entity of its view";
        at: "";
        help: "declare `{entity}`, and a view of it; or choose one `{column}` by `where` in the aggregate";
    }

    /// `count() over 30d per day`
    E0001 feature_per_unit(unit: &str, at: Span) {
        "a feature does not group: it has one value per question";
        at: "";
        help: "a number per {unit} is a quotient, as `count() / 30 over 30d` is a number per day; for a value of each {unit}, declare an entity \
               that has it among its keys, and a view of it";
    }

    E0001 feature_by_a_column(column: &str, at: Span) {
        "a feature does not group: it is of the entity of its view";
        at: "";
        help: "declare an entity that has `{column}` among its keys, and a view of it; or choose one `{column}` by `where` in \
               the aggregate";
    }

    E0001 joined_window(at: Span, written: &str) {
        "a blank stands after `over`";
        at: "";
        help: "write `{written}`", at => written;
    }

    E0001 tags_in_quotes(at: Span, plain: &str) {
        "tags are names, without quotes";
        at: "";
        help: "write `{plain}`", at => plain;
    }

    E0001 tag_in_quotes(at: Span) {
        "tags are names, without quotes";
        at: "";
        help: "write letters, digits and `_`, such as `tags [fraud, finance_grade]`";
    }

    /// `first` is the greater one.
    E0001 falling_between(operand: &str, first: &str, last: &str, at: Span) {
        "`between {first} and {last}` is never true: {first} is greater";
        at: "";
        help: "write `({operand} >= {first} or {operand} <= {last})` if it goes on past the end, as the hours of a night do; \
               `{operand} >= {last} and {operand} <= {first}` if the two are exchanged";
    }

    E0001 text_with_names(at: Span, call: &str) {
        "texts are joined by a function";
        at: "";
        help: "write `{call}`", at => call;
    }

    E0001 text_of_parts(at: Span) {
        "texts are joined by a function";
        at: "";
        help: "write `concat(a, \"-\", b)`";
    }

    E0001 decorator(at: Span) {
        "a declaration has no decorators";
        at: "";
        help: "remove it: what it says stands in the declaration, such as `owner \"…\"` and `ttl 2h` in a view";
    }

    E0001 two_windows(at: Span) {
        "a feature has one window, at its end";
        at: "";
        help: "make one feature per window, each with its own `excluding`, and one that combines them: `feature ratio = spend_1h / \
               spend_1d`";
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
        "files stand after `batch` or `stream` and their format";
        at: "";
        help: "write `{keyword} {format} {path}`", at => format!("{keyword} {format} {path}");
    }

    E0001 columns_without_colons(name: &str, ty: &str, at: Span, all_at: Span, all: &str) {
        "between a column and its type stands a `:`";
        at: "";
        help: "write `{name}: {ty}`, and so each of them", all_at => all;
    }

    E0001 type_before_the_column(name: &str, ty: &str, at: Span) {
        "the name of column `{name}` stands before its type";
        at: "the type is first";
        help: "write `{name}: {ty}`, and so each of them", at => format!("{name}: {ty}");
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
        offer: "write `{view}.*`", at => format!("{view}.*");
    }

    E0001 entry_without_view(feature: &str, at: Span) {
        "`{feature}` alone is no entry: an entry is a view and its features";
        at: "";
        help: "write the view before the feature, `view.{feature}`, or the features after a view: `{feature}.*`";
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

    E0001 parameter_without_braces(name: &str, at: Span) {
        "parameter `{name}` stands in braces";
        at: "";
        help: "write `{{{name}}}`", at => format!("{{{name}}}");
    }

    E0001 role_behind_its_view(at: Span, written: &str) {
        "a role is named in front; `=` and its view stand after it";
        at: "";
        help: "write `role {written}`", at => written;
    }

    E0001 pattern_of_another_language(operator: &str, at: Span, call: &str) {
        "`{operator}` is no operator";
        at: "";
        help: "write `{call}`";
    }

    /// `whole` is what the call replaces.
    E0001 pattern_as_a_call(operator: &str, at: Span, whole: Span, call: &str) {
        "`{operator}` is no operator";
        at: "";
        help: "write `{call}`", whole => call;
    }

    E0005 expression_too_deep(at: Span) {
        let most = Expr::DEPTH_MAX;
        "more than {most} operators and brackets within each other";
        at: "this part is already too deep";
        help: "name a part of the expression with `let`, or write `x in (a, b, …)` for many comparisons";
    }

    E0005 type_too_deep(at: Span) {
        let most = crate::ast::TypeName::DEPTH_MAX;
        "more than {most} types within each other";
        at: "this one is too deep";
        help: "declare the fields that are needed by their paths: `city: string from \"user.address.city\"`";
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

    E0008 more_files(clause: &str, at: Span, first: Span, joined: &str, whole: Span, edited: &str) {
        "`{clause}` is given twice";
        at: "the second one";
        first: "the first one";
        offer: "name all files in one: `{joined}`", whole => edited;
    }

    E0008 other_files(clause: &str, at: Span, first: Span) {
        "`{clause}` is given twice";
        at: "the second one";
        first: "the first one";
        help: "name all files in one, with commas between them: files of one source have one format";
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
        help: "choose another name, and write after its type what the file calls the column: `{word}_: … from \"{word}\"`";
    }

    E0013 reserved_field(word: &str, at: Span) {
        "`{word}` is a reserved word";
        at: "cannot be the name of a field";
        help: "leave the field out of the struct, and declare what is needed of it as a column, by its path in the file: \
               `{word}_: … from \"outer.{word}\"`";
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

    E0126 template_in_template(template: &str, other: &str, at: Span) {
        "template `{template}` uses `{other}`";
        at: "a template holds features only";
        help: "use both in the view: `use {template} for (…)` and `use {other} for (…)`";
    }

    E0126 not_of_a_template(template: &str, at: Span) {
        "template `{template}` holds what is no feature";
        at: "said of a view";
        help: "move it into the views that use the template";
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

    W0003 aggregate_in_comment(operand: &str, at: Span) {
        "`//` begins a comment: nothing is divided here";
        at: "a comment";
        help: "division is `/`, whole division is `div`: write `/ {operand}`, and the window once, behind all of it; of a comment \
               that is meant, make a sentence";
    }
}
