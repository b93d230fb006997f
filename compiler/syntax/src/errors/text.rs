//! Characters, comments, quotes, brackets: what the scanner finds.

use crate::diag::{Diagnostic, Span};
use crate::messages;

messages! {
    E0002 unterminated_string(at: Span) {
        "the string is not closed on its line";
        at: "begins here";
        help: "close it with `\"`; a line break inside a string is written `\\n`";
    }

    E0004 dashes(at: Span) {
        "`--` begins no comment here";
        at: "";
        help: "write `//`", at => "//";
    }

    E0004 hash(at: Span) {
        "`#` begins no comment here";
        at: "";
        help: "write `//`", at => "//";
    }

    E0004 block_comment(at: Span) {
        "comments begin with `//` and end with the line";
        at: "no such comment";
        help: "write `//` before each line of it";
    }

    E0004 single_quotes(at: Span, inner: &str) {
        "strings stand in double quotes";
        at: "";
        help: "write `\"{inner}\"`", at => format!("\"{inner}\"");
    }

    E0004 instant_in_quotes(at: Span, literal: &str) {
        "an instant or a day stands after `@`, without quotes";
        at: "";
        help: "write `{literal}`", at => literal;
    }

    E0004 single_quote(at: Span) {
        "strings stand in double quotes";
        at: "";
        help: "write `\"` on both sides";
    }

    E0004 quotation_marks(at: Span, quoted: &str) {
        "strings stand in plain double quotes";
        at: "";
        help: "write `{quoted}`", at => quoted;
    }

    E0004 quotation_mark(at: Span) {
        "strings stand in plain double quotes";
        at: "";
        help: "write `\"`";
    }

    E0004 letters_of_a_name(name: &str, at: Span) {
        "the name `{name}` has letters that names cannot have";
        at: "not a name";
        help: "use the letters a to z, digits and `_`";
    }

    E0004 dash_in_a_name(name: &str, at: Span, plain: &str) {
        "the name `{name}` has letters that names cannot have";
        at: "not a name";
        help: "write `{plain}`", at => plain;
    }

    E0004 dash_in_a_column(name: &str, at: Span, plain: &str) {
        "the name `{name}` has letters that names cannot have";
        at: "not a name";
        help: "choose another name, and write after its type what the file calls the column: `{plain}: … from \"{name}\"`";
    }

    E0004 semicolon(at: Span) {
        "`;` is not used in .feat files";
        at: "";
        help: "remove it: a statement ends where the next one begins", at => "";
    }

    E0004 semicolon_for_a_comma(at: Span) {
        "`;` is not used in .feat files";
        at: "";
        help: "write `,`", at => ",";
    }

    E0004 pipe(at: Span) {
        "`|>` is not an operator";
        at: "";
        help: "a function stands before its argument: `round(x, 1)`";
    }

    E0004 backquote(at: Span) {
        "names take no quotes";
        at: "";
        help: "remove the backquote", at => "";
    }

    E0004 invisible_character(character: char, at: Span) {
        let number = u32::from(character);
        "invisible character U+{number:04X}";
        at: "";
        help: "replace it by a space", at => " ";
    }

    E0004 meaningless_character(character: char, at: Span) {
        "the character `{character}` means nothing here";
        at: "";
        help: "remove it, or put it into a string";
    }

    E0005 too_many_brackets(most: usize, at: Span) {
        "more than {most} brackets within each other";
        at: "this one is too deep";
        help: "name a part of the expression with `let`";
    }

    E0006 foreign_operator(sign: &str, at: Span, ours: &str) {
        let shown = ours.trim();
        "`{sign}` is not an operator of this language";
        at: "";
        help: "write `{shown}`", at => ours;
    }

    /// `%`, whose sign differs from language to language.
    E0006 foreign_remainder(at: Span) {
        "`%` is not an operator of this language";
        at: "";
        offer: "write `mod`, which is never negative", at => "mod";
    }

    E0014 bracket_closes_nothing(bracket: &str, at: Span) {
        "`{bracket}` closes nothing";
        at: "no bracket is open here";
        offer: "remove it", at => "";
    }

    E0014 declaration_inside(word: &str, at: Span, open: Span) {
        "`{word}` {WITHIN_ANOTHER}";
        at: "is a declaration of the file";
        open: "within these braces";
        help: "move it before that declaration, or after its `}}`";
    }

    E0014 bracket_never_closed(opener: &str, closer: &str, at: Span, end: Span) {
        "`{opener}` is never closed";
        at: "opened here";
        end: "`{closer}` is missing here";
        help: "write `{closer}`";
    }

    E0430 row_without_bar(at: Span) {
        "the row begins without `|`";
        at: "missing here";
        help: "write `|` before its first cell", at => "| ";
    }

    E0430 row_without_end(at: Span) {
        "the row ends without `|`";
        at: "missing here";
        help: "write `|` after its last cell", at => " |";
    }

    E0430 row_cut_by_a_comment(at: Span) {
        "the row ends without `|`";
        at: "begins a comment here";
        help: "write `|` before the comment; a text that holds `//` stands in double quotes, and so does a list as a whole, \
               `\"[milk, http://a.co]\"`";
    }

    E0430 cell_in_single_quotes(at: Span, inner: &str) {
        "a cell is a text in double quotes, or has none";
        at: "";
        offer: "write `{inner}`; if its quotes belong to the text, put double ones around them", at => inner;
    }

    E0430 quote_in_a_cell(at: Span) {
        "a cell is a text in double quotes, or has none";
        at: "";
        help: "put the whole cell into double quotes, and write those in it as `\\\"`";
    }

    /// `| ["milk", "eggs"] |`
    E0430 quotes_in_a_list(at: Span) {
        "the items of a list stand in a cell without quotes";
        at: "";
        help: "write for example `[milk, eggs]`, or `\"[milk, http://a.co]\"` where one holds `//`";
    }

    /// `| {"id": "u1"} |`
    E0430 object_in_a_cell(at: Span) {
        "a cell is one value, and an object is none";
        at: "";
        help: "a struct has no column: name one for each of its fields in the header, such as `customer.id`, with its values below";
    }
}

/// How the cause of a declaration in the block of another one ends.
pub(crate) const WITHIN_ANOTHER: &str = "stands within another declaration";

/// E0004 of a character that begins no token.
pub(crate) fn illegal(character: char, at: Span) -> Diagnostic {
    match character {
        ';' => semicolon(at),
        '#' => hash(at),
        '`' => backquote(at),
        other if other.is_whitespace() || other.is_control() => invisible_character(other, at),
        other => meaningless_character(other, at),
    }
}
