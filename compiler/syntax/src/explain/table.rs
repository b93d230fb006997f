//! Habits of other languages as a table: what is written, what it means here, what to write instead.

use super::Context;
use super::habits::{Piece, QUOTED_MAX};
use crate::diag::{Code, Diagnostic};
use crate::scan::TokenKind;

/// One habit.
struct Habit {
    /// Where it is looked for.
    places: &'static [Context],
    /// Words of the program, small; and `A B C` expressions, `L` anything in brackets, `N M O` numbers, `V W` words,
    /// `S` a string. `^` before them: at the beginning of the piece. `~`: outside of all brackets.
    pattern: &'static str,
    code: Code,
    message: &'static str,
    then: Then,
}

/// The next step. Letters in braces stand for what the pattern found.
enum Then {
    /// The replacement of all that was found.
    Write(&'static str),
    /// Words.
    Say(&'static str),
}

use Then::{Say, Write};

const IN_BODIES: &[Context] = &[Context::Step, Context::Statement];
const IN_STEPS: &[Context] = &[Context::Step];
const IN_VIEWS: &[Context] = &[Context::Statement];
const IN_SOURCES: &[Context] = &[Context::Clause];
const IN_SERVICES: &[Context] = &[Context::Entry];
const ANYWHERE: &[Context] = &[Context::Item, Context::Clause, Context::Step, Context::Statement];
const IN_FILES: &[Context] = &[Context::Item];

const fn absent(places: &'static [Context], pattern: &'static str, message: &'static str, help: &'static str) -> Habit {
    Habit {
        places,
        pattern,
        code: Code::NotInRelease,
        message,
        then: Say(help),
    }
}

const fn foreign(
    places: &'static [Context],
    pattern: &'static str,
    message: &'static str,
    replacement: &'static str,
) -> Habit {
    Habit {
        places,
        pattern,
        code: Code::UnexpectedText,
        message,
        then: Write(replacement),
    }
}

const METHODS: &str = "values have no methods: a function stands before its argument";
const CONDITIONAL: &str = "a choice is written as `case` or `if(condition, value, otherwise)`";
const NAMED_IN_FRONT: &str = "a feature is named in front, behind the word `feature`";
const NULLABLE: &str = "a column that may be null has a `?` behind its type";
const LISTS: &str = "columns of lists are not in this release";
const ONE_ROW_EACH: &str = "write one row per element into the file";
const NESTED: &str = "columns of nested values are not in this release";
const FLATTEN: &str = "write the fields as columns of their own into the file, for example `user_id: int64`";
const ALIAS: &str = "a column has the name that it has in the file: other names are not in this release";
const RENAME: &str = "rename the column in the file";
const EVENT_TIME: &str = "`time` and `arrival` name a column: expressions are not in this release";
const WRITE_TIMESTAMPS: &str =
    "write a column of timestamps into the file, such as `2025-01-31T12:00:00Z`, and declare it as `timestamp`";
const SESSIONS: &str = "windows of sessions are not in this release";
const COUNTED: &str = "a window of the last events says how many";
const ENDS_NOW: &str = "a window ends at the instant of the question, unless it has an `offset`";
const CALENDAR: &str = "windows of the calendar are not in this release";
const JOINS: &str = "joins are not in this release";
const JOIN_BEFORE: &str =
    "join the rows before, in the file; or make a view of each source, and list both in one service";
const NO_IMPORT: &str = "there is no `import`: the `.feat` files of a folder are one program";
const ONE_FOLDER: &str =
    "put the files into one folder, give them one `module` line, and name the folder: `featc check FOLDER`";

/// The first that fits is told.
const HABITS: &[Habit] = &[
    Habit {
        places: IN_FILES,
        pattern: "~ where A {",
        code: Code::UnexpectedText,
        message: "`where` does not stand in a head: rows are filtered in the body of a transform, or in an aggregate",
        then: Say("write `transform kept from txn { where {A} }` and read `kept`, or `sum(x where {A})`"),
    },
    foreign(
        IN_BODIES,
        "A if B else C",
        CONDITIONAL,
        "case when {B} then {A} else {C} end",
    ),
    foreign(
        IN_BODIES,
        "if A then B else C end",
        CONDITIONAL,
        "case when {A} then {B} else {C} end",
    ),
    foreign(
        IN_BODIES,
        "if A then B else C",
        CONDITIONAL,
        "case when {A} then {B} else {C} end",
    ),
    foreign(IN_BODIES, "if A then B end", CONDITIONAL, "case when {A} then {B} end"),
    foreign(IN_BODIES, "if A then B", CONDITIONAL, "case when {A} then {B} end"),
    foreign(
        IN_BODIES,
        "if A { B } else { C }",
        CONDITIONAL,
        "case when {A} then {B} else {C} end",
    ),
    foreign(IN_BODIES, "if A { B }", CONDITIONAL, "case when {A} then {B} end"),
    foreign(
        IN_BODIES,
        "A ? B : C",
        CONDITIONAL,
        "case when {A} then {B} else {C} end",
    ),
    foreign(
        IN_BODIES,
        "in [ L ]",
        "a list of values stands in parentheses",
        "in ({L})",
    ),
    foreign(IN_BODIES, "not null", "`not null` follows the word `is`", "is not null"),
    Habit {
        places: IN_STEPS,
        pattern: "select",
        code: Code::UnexpectedText,
        message: "`select` is not used: a transform keeps all columns",
        then: Say("remove it; `where` keeps rows, `let` adds a column: `let doubled = amount * 2`"),
    },
    foreign(IN_BODIES, "A * * B", "a power is a function", "pow({A}, {B})"),
    foreign(IN_BODIES, "V . isnull ( )", METHODS, "{V} is null"),
    foreign(IN_BODIES, "V . isna ( )", METHODS, "{V} is null"),
    foreign(IN_BODIES, "V . is_null ( )", METHODS, "{V} is null"),
    foreign(IN_BODIES, "V . notnull ( )", METHODS, "{V} is not null"),
    foreign(IN_BODIES, "V . notna ( )", METHODS, "{V} is not null"),
    foreign(IN_BODIES, "V . is_not_null ( )", METHODS, "{V} is not null"),
    foreign(IN_BODIES, "V . isin ( L )", METHODS, "{V} in ({L})"),
    foreign(IN_BODIES, "V . fillna ( L )", METHODS, "coalesce({V}, {L})"),
    foreign(IN_BODIES, "V . W ( )", METHODS, "{W}({V})"),
    foreign(
        IN_BODIES,
        "select",
        "`select` is not used: a feature is an expression",
        "",
    ),
    foreign(
        IN_VIEWS,
        "^ feature W ( L ) over N as V",
        NAMED_IN_FRONT,
        "feature {V} = {W}({L}) over {N}",
    ),
    foreign(
        IN_VIEWS,
        "^ feature W ( L ) as V over N",
        NAMED_IN_FRONT,
        "feature {V} = {W}({L}) over {N}",
    ),
    foreign(
        IN_VIEWS,
        "W ( L ) over N as V",
        NAMED_IN_FRONT,
        "feature {V} = {W}({L}) over {N}",
    ),
    foreign(
        IN_VIEWS,
        "W ( L ) as V over N",
        NAMED_IN_FRONT,
        "feature {V} = {W}({L}) over {N}",
    ),
    foreign(
        IN_VIEWS,
        "~ over N , M , O",
        "several windows stand in square brackets",
        "over [{N}, {M}, {O}]",
    ),
    foreign(
        IN_VIEWS,
        "~ over N , M",
        "several windows stand in square brackets",
        "over [{N}, {M}]",
    ),
    Habit {
        places: IN_VIEWS,
        pattern: "~ over N . . M",
        code: Code::UnexpectedText,
        message: "an older window is a length, and how long before the question it ends",
        then: Say("of the week before the last one write `over 7d offset 7d`"),
    },
    absent(
        IN_VIEWS,
        "~ over session",
        SESSIONS,
        "use a duration such as `over 30m`; `time_since_last()` is the time since the last event",
    ),
    foreign(IN_VIEWS, "~ over N rows", COUNTED, "over {N} events"),
    foreign(IN_VIEWS, "~ over last N rows", COUNTED, "over {N} events"),
    foreign(IN_VIEWS, "~ over last N events", COUNTED, "over {N} events"),
    foreign(IN_VIEWS, "~ over last N", ENDS_NOW, "over {N}"),
    absent(IN_VIEWS, "~ over today", CALENDAR, "use a duration such as `over 1d`"),
    absent(IN_VIEWS, "~ over day", CALENDAR, "use a duration such as `over 1d`"),
    absent(IN_VIEWS, "~ over week", CALENDAR, "use a duration such as `over 7d`"),
    absent(IN_VIEWS, "~ over month", CALENDAR, "use a duration such as `over 30d`"),
    absent(IN_VIEWS, "~ over mtd", CALENDAR, "use a duration such as `over 30d`"),
    absent(IN_VIEWS, "~ over year", CALENDAR, "use a duration such as `over 365d`"),
    foreign(
        IN_SOURCES,
        "A not null",
        "a column is never null unless its type ends with `?`",
        "{A}",
    ),
    foreign(IN_SOURCES, "A null", NULLABLE, "{A}?"),
    foreign(IN_SOURCES, "optional < A >", NULLABLE, "{A}?"),
    foreign(IN_SOURCES, "option < A >", NULLABLE, "{A}?"),
    foreign(IN_SOURCES, "nullable < A >", NULLABLE, "{A}?"),
    foreign(IN_SOURCES, "nullable ( A )", NULLABLE, "{A}?"),
    absent(IN_SOURCES, "list <", LISTS, ONE_ROW_EACH),
    absent(IN_SOURCES, "array <", LISTS, ONE_ROW_EACH),
    absent(IN_SOURCES, "list (", LISTS, ONE_ROW_EACH),
    absent(IN_SOURCES, "array (", LISTS, ONE_ROW_EACH),
    absent(IN_SOURCES, "W [ ]", LISTS, ONE_ROW_EACH),
    absent(IN_SOURCES, "struct", NESTED, FLATTEN),
    absent(IN_SOURCES, "map <", NESTED, FLATTEN),
    absent(
        IN_SOURCES,
        "V . W",
        NESTED,
        "write the field as a column of its own into the file, for example `{V}_{W}`",
    ),
    absent(
        IN_SOURCES,
        "S :",
        "names have no quotes: letters, digits and `_` alone are in this release",
        RENAME,
    ),
    absent(
        IN_SOURCES,
        "^ batch W from S",
        "files have no `from`",
        "write `batch {W} {S}`",
    ),
    Habit {
        places: IN_SOURCES,
        pattern: "~ path S",
        code: Code::UnexpectedText,
        message: "files are named behind `batch` or `stream` and their format",
        then: Say("write `batch csv {S}`"),
    },
    foreign(
        IN_SOURCES,
        "^ arrival W + N",
        "an arrival that no column says is the event time and a lag",
        "arrival time + {N}",
    ),
    absent(IN_SOURCES, "from S", ALIAS, RENAME),
    absent(IN_SOURCES, "path S", ALIAS, RENAME),
    absent(IN_SOURCES, "as W", ALIAS, RENAME),
    absent(IN_SOURCES, "as S", ALIAS, RENAME),
    absent(IN_SOURCES, "^ time W (", EVENT_TIME, WRITE_TIMESTAMPS),
    absent(IN_SOURCES, "^ arrival W (", EVENT_TIME, WRITE_TIMESTAMPS),
    absent(IN_SOURCES, "^ time W *", EVENT_TIME, WRITE_TIMESTAMPS),
    absent(IN_SOURCES, "^ time W /", EVENT_TIME, WRITE_TIMESTAMPS),
    absent(ANYWHERE, "join W", JOINS, JOIN_BEFORE),
    absent(
        ANYWHERE,
        "union",
        "unions are not in this release",
        "name the files of both in one source: `batch csv \"a.csv\", \"b.csv\"`",
    ),
    absent(IN_FILES, "^ import", NO_IMPORT, ONE_FOLDER),
    absent(IN_FILES, "^ include", NO_IMPORT, ONE_FOLDER),
    absent(IN_FILES, "^ use", NO_IMPORT, ONE_FOLDER),
    absent(IN_FILES, "^ from", NO_IMPORT, ONE_FOLDER),
    absent(
        IN_SERVICES,
        "as W",
        "other names for views and features are not in this release",
        "for the same features by another column declare a second view, with `by (…)` behind its `from`",
    ),
];

/// What a letter of a pattern stands for: indices of its first and last token; the last is before the first if it is empty.
struct Found {
    letters: Vec<(char, usize, usize)>,
    start: usize,
    end: usize,
}

/// Longest expression that is quoted, in tokens.
const TOKENS_MAX: usize = 64;

/// The first habit that fits at the place of the failure.
pub(super) fn table(context: Context, piece: &Piece<'_>) -> Option<Diagnostic> {
    HABITS
        .iter()
        .filter(|habit| habit.places.contains(&context))
        .find_map(|habit| {
            let found = habit.find(piece)?;
            Some(habit.tell(piece, &found))
        })
}

fn is_letter(word: &str) -> bool {
    word.len() == 1 && word.as_bytes()[0].is_ascii_uppercase()
}

impl Habit {
    fn find(&self, piece: &Piece<'_>) -> Option<Found> {
        let is_first = self.pattern.starts_with('^');
        let is_outside = self.pattern.starts_with('~');
        let words: Vec<&str> = self.pattern.trim_start_matches(['^', '~', ' ']).split(' ').collect();
        let anchor = words.iter().position(|word| !is_letter(word))?;
        let nearest = piece.at.saturating_sub(2 * TOKENS_MAX);
        let last = (piece.at + 2).min(piece.tokens.len());
        (nearest..last)
            .filter(|at| piece.text(*at).eq_ignore_ascii_case(words[anchor]))
            .filter_map(|at| fit(&words, anchor, at, piece))
            .find(|found| {
                (found.start..=found.end + 1).contains(&piece.at.max(found.start))
                    && found.start <= piece.at + 1
                    && (!is_first || found.start == 0)
                    && (!is_outside || piece.depth(found.start) == 0)
            })
    }

    fn tell(&self, piece: &Piece<'_>, found: &Found) -> Diagnostic {
        let filled = |template: &str| {
            let mut text = template.to_owned();
            for (letter, first, last) in &found.letters {
                let written = if last < first { "" } else { piece.slice(*first, *last) };
                text = text.replace(&format!("{{{letter}}}"), written);
            }
            text
        };
        let span = piece.span(found.start, found.end);
        let diagnostic = Diagnostic::at(self.code, self.message, span, "");
        match self.then {
            Say(help) => diagnostic.with_help(filled(help)),
            Write("") => diagnostic.with_edit("remove it", span, ""),
            Write(template) => {
                let whole = filled(template);
                let is_short = whole.len() <= QUOTED_MAX && !whole.contains(['\n', '`']);
                let shown = if is_short { whole.as_str() } else { template };
                diagnostic.with_edit(format!("write `{shown}`"), span, whole)
            }
        }
    }
}

/// Fits the words of a pattern around the token that its first plain word is.
fn fit(words: &[&str], anchor: usize, at: usize, piece: &Piece<'_>) -> Option<Found> {
    let mut letters = Vec::new();
    let mut start = at;
    for word in words[..anchor].iter().rev() {
        let first = match *word {
            "A" => expression_before(piece, start)?,
            _ => start.checked_sub(1).filter(|index| is_kind(word, piece, *index))?,
        };
        letters.push((letter(word), first, start - 1));
        start = first;
    }
    let mut next = at + 1;
    for (position, word) in words.iter().enumerate().skip(anchor + 1) {
        let until = words.get(position + 1).filter(|word| !is_letter(word));
        match *word {
            "A" | "B" | "C" => {
                let behind = expression_from(piece, next, until.copied())?;
                letters.push((letter(word), next, behind - 1));
                next = behind;
            }
            "L" => {
                let depth = piece.depth(next);
                let limit = piece.tokens.len().min(next + TOKENS_MAX);
                let behind = (next..limit).find(|index| piece.depth(*index) == depth && piece.closes(*index))?;
                letters.push(('L', next, behind.wrapping_sub(1)));
                next = behind;
            }
            word if is_letter(word) => {
                is_kind(word, piece, next).then_some(())?;
                letters.push((letter(word), next, next));
                next += 1;
            }
            word => {
                piece.text(next).eq_ignore_ascii_case(word).then_some(())?;
                next += 1;
            }
        }
    }
    Some(Found {
        letters,
        start,
        end: next - 1,
    })
}

fn letter(word: &str) -> char {
    word.chars().next().unwrap_or(' ')
}

fn is_kind(word: &str, piece: &Piece<'_>, index: usize) -> bool {
    let kind = match word {
        "N" | "M" | "O" => TokenKind::Number,
        "S" => TokenKind::String,
        _ => TokenKind::Word,
    };
    piece.kind(index) == Some(kind)
}

/// Words at which an expression ends, whatever follows.
const ENDS: &[&str] = &[
    ",",
    ")",
    "]",
    "}",
    "over",
    "cap",
    "default",
    "excluding",
    "feature",
    "let",
    "where",
    "when",
    "then",
    "else",
    "end",
];

/// Words behind which an expression begins.
const BEGINS: &[&str] = &[
    ",", ":", "let", "feature", "where", "when", "then", "else", "over", "default", "at",
];

/// Behind the last token of the expression that begins here; `None` if there is none.
fn expression_from(piece: &Piece<'_>, first: usize, until: Option<&str>) -> Option<usize> {
    let depth = piece.depth(first);
    let limit = piece.tokens.len().min(first + TOKENS_MAX);
    let is_end = |index: &usize| {
        let word = piece.text(*index);
        piece.depth(*index) <= depth
            && (ENDS.contains(&word) || until.is_some_and(|until| word.eq_ignore_ascii_case(until)))
    };
    let behind = (first..limit).find(is_end).unwrap_or(limit);
    (behind > first).then_some(behind)
}

/// The first token of the expression that ends before this one; `None` if there is none.
fn expression_before(piece: &Piece<'_>, end: usize) -> Option<usize> {
    let depth = piece.depth(end);
    let is_begin = |index: &usize| {
        let names = *index == 2 && matches!(piece.text(0), "let" | "feature") && piece.text(2) == "=";
        piece.depth(*index) < depth || piece.depth(*index) == depth && (names || BEGINS.contains(&piece.text(*index)))
    };
    let least = end.saturating_sub(TOKENS_MAX);
    let first = (least..end).rev().find(is_begin).map_or(least, |index| index + 1);
    (first < end).then_some(first)
}
