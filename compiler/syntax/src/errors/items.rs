//! Declarations whose inside is that of others.

use crate::diag::Span;
use crate::messages;

messages! {
    /// `fields`: the struct with the field as a column; `own`: the field as one of its own.
    E0001 field_as_a_column(path: &str, at: Span, fields: &str, own: &str) {
        "the name of a column has no dot";
        at: "";
        help: "write `{fields}` with all fields that are needed, or a column of its own, `{own} from \"{path}\"`";
    }

    /// `own`: a column that has the field.
    E0001 field_in_a_clause(path: &str, at: Span, own: &str) {
        "the name of a column has no dot";
        at: "";
        help: "write the name of the column that reads it, as in `{own} from \"{path}\"`; a field of a struct has to become \
               such a column first";
    }

    E0001 field_as_a_key(path: &str, at: Span, name: &str) {
        "the keys of a view are columns of its rows";
        at: "";
        help: "write the name of the column that reads it, as in `{name}: … from \"{path}\"`; a field of a struct is named in \
               a transform, `let {name} = {path}`";
    }

    E0001 zone_of_an_instant(at: Span, operand: &str, zone: &str) {
        "an instant is the same in every zone";
        at: "";
        help: "parts of it are read on the clocks of a zone: `hour({operand} in {zone})`, `date({operand} in {zone})`";
    }

    E0001 zone_behind_a_part(at: Span, part: &str, instant: &str, zone: &str) {
        "the zone of `{part}` stands in its parentheses";
        at: "";
        help: "write `{part}({instant} in {zone})`";
    }

    E0001 field_of_an_item(at: Span, written: &str) {
        "of structs in a list each field is a list";
        at: "a field behind an item";
        help: "write `{written}`", at => written;
    }

    /// `tx.groupby("card").amount.rolling("90D").mean()` in a view.
    E0001 chain_of_methods(at: Span, written: &str) {
        "an aggregate is a function, and values have no methods: the entity of the view is what is grouped by, and a window \
         stands last";
        at: "";
        offer: "write `{written}`", at => written;
    }

    /// What is aggregated, or how, is not said in words of ours.
    E0001 chain_of_other_methods(at: Span, written: &str) {
        "an aggregate is a function, and values have no methods: the entity of the view is what is grouped by, and a window \
         stands last";
        at: "";
        help: "write for example `{written}`";
    }

    E0001 chain_outside(at: Span, written: &str) {
        "an aggregate is a function, and stands in a feature of a view, whose entity is what is grouped by";
        at: "";
        help: "write in a view `feature total = {written}`, and read that feature in a service";
    }

    E0001 owner_as_a_text(at: Span, whole: Span, written: &str) {
        "the owner is a text, in double quotes";
        at: "";
        help: "write `owner {written}`", whole => format!("owner {written}");
    }

    E0001 entry_named_in_front(name: &str, entry: &str, at: Span) {
        "the name of a column is written after its entry";
        at: "";
        help: "write `{entry} as {name}`", at => format!("{entry} as {name}");
    }

    E0001 feature_without_its_word(name: &str, at: Span) {
        "what a service computes is a feature";
        at: "";
        help: "write `feature {name} = …`", at => format!("feature {name}");
    }

    E0001 comma_behind(pieces: &str, place: &str, at: Span) {
        "the {pieces} of {place} stand one after the other, without commas";
        at: "";
        help: "remove it", at => " ";
    }

    E0001 entry_renamed_without_as(name: &str, at: Span) {
        "`{name}` alone is no entry: an entry is a view and its features";
        at: "";
        offer: "write `as {name}` if it is another name of the feature before it", at => format!("as {name}");
    }

    /// `spend.* on card`
    E0001 entry_on_a_key(at: Span, column: &str) {
        "the keys of a view are columns of the question, by their names";
        at: "";
        help: "remove it; where the question calls a key `{column}` that the view calls otherwise, the view is a role: \
               `role other = view by ({column})`", at => "";
    }

    E0001 feature_by_its_own_key(column: &str, at: Span) {
        "a feature does not group: its view has an answer for each `{column}` already";
        at: "";
        help: "remove it", at => "";
    }

    E0001 clause_of_the_view(clause: &str, at: Span, feature: Span) {
        "`{clause}` is said of the whole view, not of one feature";
        at: "stands on the line of a feature";
        feature: "the feature";
        help: "write it on a line of its own, before the features, if it is meant for all of them; else remove it, or move the \
               feature into a view of its own";
    }

    /// `last(x) ttl 30d`
    E0001 ttl_as_a_window(length: &str, at: Span, feature: Span) {
        "`ttl` is said of the whole view, and bounds no window";
        at: "stands on the line of a feature";
        feature: "the feature";
        offer: "how old events may be is the window of the feature: write `over {length}`; a bound on the delay of the whole view \
                stands on a line of its own, before the features", at => format!("over {length}");
    }

    /// `device: string from device.id`
    E0001 way_without_quotes(way: &str, at: Span) {
        "what the file calls a column stands in double quotes";
        at: "";
        help: "write `\"{way}\"`", at => format!("\"{way}\"");
    }

    /// `device: string from devices[0]["id"]`
    E0001 way_of_another_language(at: Span) {
        "what the file calls a column stands in double quotes, with a dot before each field";
        at: "";
        help: "write the names of the fields, such as `from \"device.id\"`";
    }

    /// `activity, popularity.*`
    E0001 entries_in_a_list(at: Span, list: Span, shown: &str, written: &str) {
        "the entries of a service stand one after the other, without commas";
        at: "";
        offer: "write `{shown}`", list => written;
    }

    E0001 values_without_a_comma(at: Span, edit: Span, written: &str) {
        "commas stand between the values that a test expects";
        at: "";
        help: "write `,`", edit => written;
    }

    E0001 no_statement_of_a_test(word: &str, at: Span) {
        "`{word}` begins nothing in a test: a test has `given` and `expect`";
        at: "";
        help: "write the value itself where it is needed, in a row or after `expect`";
    }

    E0001 keys_of_a_question(at: Span) {
        "a question has no `where`: it names the entity by its keys, in parentheses";
        at: "";
        help: "write each key with its value between the instant and the `{{`, such as `(card: \"a\")`";
    }

    E0001 files_of_some_format(at: Span, keyword: &str, path: &str) {
        "files stand after `batch` or `stream` and their format";
        at: "";
        help: "write `{keyword} parquet {path}`, or `csv`, `tsv`, `jsonl` or `arrow` for `parquet`";
    }

    E0001 keys_like_an_entity(at: Span, whole: Span, written: &str) {
        "the keys of an entity stand in parentheses, each with its type";
        at: "";
        offer: "write `{written}`", whole => written;
    }

    E0015 clause_of_others_in_a_table(word: &str, owner: &str, at: Span, whole: Span) {
        "`{word}` belongs into {owner}, and this is a table";
        at: "not a clause of a table";
        offer: "remove it", whole => "";
    }

    E0015 key_of_a_table(word: &str, at: Span) {
        "`{word}` begins no clause of a table";
        at: "a table says its key";
        help: "write `key`", at => "key";
    }

    E0015 second_key_of_a_table(word: &str, at: Span, whole: Span) {
        "`{word}` begins no clause of a table";
        at: "the table says its key already";
        offer: "remove it", whole => "";
    }

    E0015 time_of_a_table(at: Span) {
        "`time` belongs into sources, and this is a table";
        at: "a table says from when on a row holds";
        offer: "write `valid from`", at => "valid from";
    }

    E0015 validity_in_one_word(at: Span, written: &str) {
        "`{written}` is two words";
        at: "";
        help: "write `{written}`", at => written;
    }

    E0015 template_used_outside(at: Span) {
        "`use` begins no declaration of a file";
        at: "it stands in a view";
        help: "move it into the body of the view that gets the features";
    }

    E0001 rows_of_nothing(at: Span) {
        "rows of a table stand after `given` and the name of a source";
        at: "these rows stand after none";
        help: "write `given` and the source before them, in a test; or look for a bracket that is missing before them, or is too many";
    }

    E0001 given_with_more(at: Span, source: &str) {
        "the rows that a test gives stand in the lines below `given {source}`";
        at: "no part of the name";
        help: "remove it", at => "";
    }

    E0001 given_with_a_kind(at: Span, name: &str) {
        "`given` takes the name alone, of a source and of a table";
        at: "";
        help: "write `{name}`", at => name;
    }

    E0001 percentage(at: Span, share: &str) {
        "a share is written as a number, not in percent";
        at: "";
        help: "write `{share}`", at => share;
    }

    E0430 rule_below_a_header(at: Span) {
        "a line of dashes is no row: the header ends with its line";
        at: "";
        help: "remove it", at => "";
    }

    E0001 question_without_instant(at: Span) {
        "an expectation says at which instant it asks";
        at: "`at` and an instant are missing before this";
        help: "write `at` and the instant of the question before it, such as `expect at @2024-01-02T00:00:00Z (card: \"a\") {{ … }}`";
    }

    E0001 window_of_a_view(at: Span, length: &str) {
        "each feature has its window, after the aggregate";
        at: "";
        help: "remove it, and write `over {length}` at the end of each feature: `feature total = sum(amount) over {length}`";
    }

    /// `at.dt.floor("15min")`
    E0001 rounded_instant(whole: Span, written: &str) {
        "values have no methods: a function stands before its argument";
        whole: "";
        help: "write `{written}`", whole => written;
    }

    /// `at.dt.floor("D")`
    E0001 instant_of_a_day(whole: Span, written: &str, instant: &str) {
        "values have no methods: a function stands before its argument";
        whole: "";
        offer: "write `{written}`, days of UTC; those of a zone are `date({instant} in \"Europe/Berlin\")`", whole => written;
    }

    /// `at.dt.ceil("15min")`
    E0001 instant_rounded_up(whole: Span, written: &str, length: &str) {
        "values have no methods: a function stands before its argument";
        whole: "";
        offer: "write `{written}`, which goes back to the last full {length}", whole => written;
    }

    /// `at.dt.floor("MS")`
    E0001 instant_by_a_method(whole: Span) {
        "values have no methods: a function stands before its argument";
        whole: "";
        help: "write `truncate(at, 15m)`: the instant, then a duration";
    }

    /// `over [1h, 1d] every 1h`
    E0001 clause_behind_a_list(word: &str, at: Span, list: Span, written: &str) {
        "of a list, each window has its own `{word}`";
        at: "";
        help: "write `{written}`", list => written;
    }

    /// The same where not every window can have it, or the list is too long to be quoted.
    E0001 clause_of_some_windows(word: &str, clause: &str, at: Span) {
        "of a list, each window has its own `{word}`";
        at: "";
        help: "remove it here, and write `{clause}` in the list, behind each window that it is meant for";
    }

    E0001 known_without_as(at: Span) {
        "what is known at an instant is asked by `as known at`";
        at: "";
        help: "write `as known`", at => "as known";
    }

    E0001 expected_by_two_signs(at: Span) {
        "`==` is not an operator of this language";
        at: "";
        help: "write `=`", at => "=";
    }

    E0001 hole_in_two_braces(at: Span, written: &str) {
        "a parameter stands in one pair of braces";
        at: "";
        help: "write `{written}`", at => written;
    }

    E0001 call_in_braces(at: Span) {
        "nothing is called in braces: they hold the name of a parameter";
        at: "";
        help: "write a source or a transform by its name, as it is declared in these files, and a parameter in braces, such as `{{week}}`";
    }

    /// `over {{ var("n") }} events`
    E0001 number_in_braces(at: Span) {
        "nothing is called in braces: they hold the name of a parameter";
        at: "";
        help: "write the number itself, such as `5`: a parameter is a length of time, or a value in an expression";
    }

    /// `over 10 purchases`
    E0001 window_of_other_things(at: Span, number: &str) {
        "a window of the last events says how many";
        at: "";
        offer: "write `{number} events`", at => format!("{number} events");
    }

    /// `spend vip`, where `spend` is a view.
    E0001 entry_without_dot(view: &str, at: Span) {
        "`{view}` is a view: an entry says which of its features";
        at: "";
        help: "write `{view}.*` for all of them, or `{view}.` and the name of one";
    }

    E0001 parameter_computes(at: Span) {
        "a parameter is one value, and computes nothing";
        at: "";
        help: "write the value itself: a number, a text in double quotes, an instant, or a duration such as `7d`";
    }

    E0001 no_unit_of_a_parameter(word: &str, at: Span) {
        "a parameter is one value, and `{word}` is no unit of durations";
        at: "";
        help: "a duration has one of the units us, ms, s, m, h and d, such as `90d`; months of the calendar are written where they are \
               used, `over last 3 months`";
    }
}
