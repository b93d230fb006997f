//! Declarations whose inside is that of others.

use crate::diag::Span;
use crate::messages;

messages! {
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
