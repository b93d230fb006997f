//! Habits of other languages as a table: what is written, what it means here, what to write instead.

use super::pattern::{Found, find};
use super::piece::Piece;
use crate::diag::{Code, Diagnostic};
use crate::forms::Context;

/// One habit: where it is looked for, what is written (see [`super::pattern`]), what that means here, and the next step.
/// Letters in braces stand for what the pattern found; `{L_}` has a space behind it unless nothing was found.
struct Habit(&'static [Context], &'static str, Code, &'static str, Then);

/// The next step.
enum Then {
    /// The replacement of what was found.
    Write(&'static str),
    /// The replacement of all that was found, where the message points at a part of it; and an example where that is too
    /// long to be quoted.
    Show(&'static str, &'static str),
    /// Words.
    Say(&'static str),
}

use Then::{Say, Show, Write};

const BODIES: &[Context] = &[Context::Step, Context::Statement];
const STEPS: &[Context] = &[Context::Step];
const VIEWS: &[Context] = &[Context::Statement];
const SOURCES: &[Context] = &[Context::Clause];
const SERVICES: &[Context] = &[Context::Entry];
const FILES: &[Context] = &[Context::Item];
const ITEMS: &[Context] = &[Context::Item, Context::Clause, Context::Step, Context::Statement];
const ALL: &[Context] = &Context::ALL;

/// Of another language.
const FOREIGN: Code = Code::UnexpectedText;
/// Of another release.
const ABSENT: Code = Code::NotInRelease;

const METHODS: &str = "values have no methods: a function stands before its argument";
const CONDITIONAL: &str = "a choice is written as `case` or `if(condition, value, otherwise)`";
const BETWEEN: &str = "`between` is not in this release";
const FILTER: &str = "the condition of an aggregate stands inside its parentheses";
const NULLS: &str = "`ignoring nulls` stands inside the parentheses";
const EXCLUDING: &str = "`excluding` stands behind the window";
const SELECT: &str = "`select` is not used: a feature is an expression";
const SELECT_ALL: &str = "`select` is not used: a transform keeps all columns";
const KEEP_ALL: &str = "remove it; `where` keeps rows, `let` adds a column: `let doubled = amount * 2`";
const NO_FILTER: &str =
    "`where` does not stand in a head: rows are filtered in the body of a transform, or in an aggregate";
const FILTERS: &str = "write `transform kept from txn { where {A} }` and read `kept`, or `sum(x where {A})`";
const NAMED_IN_FRONT: &str = "a feature is named in front, behind the word `feature`";
const SEVERAL: &str = "several windows stand in square brackets";
const UNEQUAL: &str = "`is not` takes `null` alone";
const EQUAL: &str = "`is` takes `null` and `not null` alone";
const PART: &str = "a part of an instant is a function of it";
const BEHIND: &str = "the window stands behind the aggregate";
const AS_OF: &str = "a feature has no `as of`: the question brings the instant";
const FOR_EVER: &str = "the window of all events is called `lifetime`";
const NO_PARTITION: &str =
    "a window is a length: the view's entity partitions, and events are in the order of their time";
const BY_LENGTH: &str = "write a duration such as `over 7d`, a number such as `over 10 events`, or `over lifetime`";
const TTL: &str = "`ttl` is a duration: how far the pipeline may be behind before values are stale";
const TTL_OR_WINDOW: &str =
    "how old events may be is the window of each feature, such as `over 1d`; a bound on the delay is written `ttl 2h`";
const KEYS: &str = "the columns that hold the keys stand in parentheses";
const BARE_TYPE: &str = "types take no unit";
const OLDER: &str = "an older window is a length, and how long before the question it ends";
const NOT_NULL: &str = "a column is never null unless its type ends with `?`";
const NULLABLE: &str = "a column that may be null has a `?` behind its type";
const LISTS: &str = "columns of lists are not in this release";
const ONE_ROW_EACH: &str = "write one row per element into the file";
const NESTED: &str = "columns of nested values are not in this release";
const FLATTEN: &str = "write the fields as columns of their own into the file, for example `user_id: int64`";
const FLATTEN_THIS: &str = "write the field as a column of its own into the file, for example `{V}_{W}`";
const NO_QUOTES: &str = "names have no quotes: letters, digits and `_` alone are in this release";
const ALIAS: &str = "a column has the name that it has in the file: other names are not in this release";
const RENAME: &str = "rename the column in the file";
const LAG: &str = "an arrival that no column says is the event time and a lag";
const EVENT_TIME: &str = "`time` and `arrival` name a column: expressions are not in this release";
const WRITE_TIMESTAMPS: &str =
    "write a column of timestamps into the file, such as `2025-01-31T12:00:00Z`, and declare it as `timestamp`";
const SESSIONS: &str = "windows of sessions are not in this release";
const BY_DURATION: &str = "use a duration such as `over 30m`; `time_since_last()` is the time since the last event";
const COUNTED: &str = "a window of the last events says how many";
const ENDS_NOW: &str = "a window ends at the instant of the question, unless it has an `offset`";
const CALENDAR: &str = "windows of the calendar are not in this release";
const JOINS: &str = "joins are not in this release";
const JOIN_BEFORE: &str =
    "join the rows before, in the file; or make a view of each source, and list both in one service";
const UNIONS: &str = "unions are not in this release";
const BOTH_FILES: &str = "name the files of both in one source: `batch csv \"a.csv\", \"b.csv\"`";
const NO_IMPORT: &str = "there is no `import`: the `.feat` files of a folder are one program";
const ONE_FOLDER: &str =
    "put the files into one folder, give them one `module` line, and name the folder: `featc check FOLDER`";
const COMMAS: &str = "the entries of a service stand one behind the other, without commas";
const OTHER_NAMES: &str = "other names for views and features are not in this release";
const SECOND_VIEW: &str =
    "for the same features by another column declare a second view, with `by (…)` behind its `from`";

/// The first that fits is told.
#[rustfmt::skip]
const HABITS: &[Habit] = &[
    Habit(ALL, "W ( * )", FOREIGN, "`{W}` takes no `*`", Write("count()")),
    Habit(ALL, "count ( « distinct » ! R )", Code::UnknownKeyword, "`distinct` is not a keyword", Show("count_distinct({R})", "count_distinct(x)")),
    Habit(ALL, "W ( « distinct » ! T", Code::UnknownKeyword, "`distinct` is not a keyword", Show("", "count_distinct(x)")),
    Habit(ALL, "P « : : » W ( T U X )", FOREIGN, "`::` is not an operator of this language", Show("cast({P} as {W}({T}{U} {X}))", "cast(x as float64)")),
    Habit(ALL, "P « : : » W", FOREIGN, "`::` is not an operator of this language", Show("cast({P} as {W})", "cast(x as float64)")),
    Habit(ALL, "P « : : »", FOREIGN, "`::` is not an operator of this language", Show("", "cast(x as float64)")),
    Habit(ALL, "P not « between » T and U", FOREIGN, BETWEEN, Show("({P} < {T} or {P} > {U})", "(x < a or x > b)")),
    Habit(ALL, "P not « between »", FOREIGN, BETWEEN, Show("", "(x < a or x > b)")),
    Habit(ALL, "P « between » T and U", FOREIGN, BETWEEN, Show("{P} >= {T} and {P} <= {U}", "x >= a and x <= b")),
    Habit(ALL, "P « between »", FOREIGN, BETWEEN, Show("", "x >= a and x <= b")),
    Habit(FILES, "~ where A {", FOREIGN, NO_FILTER, Say(FILTERS)),
    Habit(BODIES, "A if B else C", FOREIGN, CONDITIONAL, Write("case when {B} then {A} else {C} end")),
    Habit(BODIES, "if A then B else C end", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(BODIES, "if A then B else C", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(BODIES, "if A then B end", FOREIGN, CONDITIONAL, Write("case when {A} then {B} end")),
    Habit(BODIES, "if A then B", FOREIGN, CONDITIONAL, Write("case when {A} then {B} end")),
    Habit(BODIES, "if A { B } else { C }", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(BODIES, "if A { B }", FOREIGN, CONDITIONAL, Write("case when {A} then {B} end")),
    Habit(BODIES, "A ? B : C", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(BODIES, "« is not ! N »", FOREIGN, UNEQUAL, Write("!= {N}")),
    Habit(BODIES, "« is not ! S »", FOREIGN, UNEQUAL, Write("!= {S}")),
    Habit(BODIES, "« is ! N »", FOREIGN, EQUAL, Write("= {N}")),
    Habit(BODIES, "« is ! S »", FOREIGN, EQUAL, Write("= {S}")),
    Habit(BODIES, "P is « nan »", FOREIGN, EQUAL, Say("a NaN of the file is null, unless the source says `keep nan`: write `{P} is null`")),
    Habit(BODIES, "extract ( day from A )", FOREIGN, PART, Write("day_of_month({A})")),
    Habit(BODIES, "extract ( doy from A )", FOREIGN, PART, Write("day_of_year({A})")),
    Habit(BODIES, "extract ( isodow from A )", FOREIGN, PART, Write("day_of_week({A})")),
    Habit(BODIES, "extract ( dow|dayofweek from A )", FOREIGN, PART, Say("write `day_of_week({A})`: 1 is Monday, 7 is Sunday")),
    Habit(BODIES, "extract ( V from A )", FOREIGN, PART, Write("{V}({A})")),
    Habit(BODIES, "in [ L ]", FOREIGN, "a list of values stands in parentheses", Write("in ({L})")),
    Habit(BODIES, "not null", FOREIGN, "`not null` follows the word `is`", Write("is not null")),
    Habit(STEPS, "select", FOREIGN, SELECT_ALL, Say(KEEP_ALL)),
    Habit(BODIES, "A * * B", FOREIGN, "a power is a function", Write("pow({A}, {B})")),
    Habit(BODIES, "V . isnull|isna|is_null ( )", FOREIGN, METHODS, Write("{V} is null")),
    Habit(BODIES, "V . notnull|notna|is_not_null ( )", FOREIGN, METHODS, Write("{V} is not null")),
    Habit(BODIES, "V . isin ( L )", FOREIGN, METHODS, Write("{V} in ({L})")),
    Habit(BODIES, "V . fillna ( L )", FOREIGN, METHODS, Write("coalesce({V}, {L})")),
    Habit(BODIES, "V . str|dt . W ( )", FOREIGN, METHODS, Write("{W}({V})")),
    Habit(BODIES, "V . str|dt . W ( L )", FOREIGN, METHODS, Write("{W}({V}, {L})")),
    Habit(BODIES, "V . W ( )", FOREIGN, METHODS, Write("{W}({V})")),
    Habit(VIEWS, "W ( L ) . over ( N )", FOREIGN, BEHIND, Write("{W}({L}) over {N}")),
    Habit(VIEWS, "W ( L , over = N )", FOREIGN, BEHIND, Write("{W}({L}) over {N}")),
    Habit(VIEWS, "W ( over = N )", FOREIGN, BEHIND, Write("{W}() over {N}")),
    Habit(VIEWS, "W ( L , over = S )", FOREIGN, BEHIND, Say("write `{W}({L}) over 7d`")),
    Habit(VIEWS, "W ( L over N )", FOREIGN, BEHIND, Write("{W}({L}) over {N}")),
    Habit(VIEWS, "« as of R »", FOREIGN, AS_OF, Write("")),
    Habit(BODIES, "select", FOREIGN, SELECT, Write("")),
    Habit(VIEWS, "^ feature W ( L ) over N as V", FOREIGN, NAMED_IN_FRONT, Write("feature {V} = {W}({L}) over {N}")),
    Habit(VIEWS, "^ feature W ( L ) as V over N", FOREIGN, NAMED_IN_FRONT, Write("feature {V} = {W}({L}) over {N}")),
    Habit(VIEWS, "W ( L ) over N as V", FOREIGN, NAMED_IN_FRONT, Write("feature {V} = {W}({L}) over {N}")),
    Habit(VIEWS, "W ( L ) as V over N", FOREIGN, NAMED_IN_FRONT, Write("feature {V} = {W}({L}) over {N}")),
    Habit(VIEWS, "~ over N , M , O", FOREIGN, SEVERAL, Write("over [{N}, {M}, {O}]")),
    Habit(VIEWS, "~ over N , M", FOREIGN, SEVERAL, Write("over [{N}, {M}]")),
    Habit(VIEWS, "~ over N . . M", FOREIGN, OLDER, Say("of the week before the last one write `over 7d offset 7d`")),
    Habit(VIEWS, "~ over N « lag|shift M »", FOREIGN, OLDER, Write("offset {M}")),
    Habit(VIEWS, "~ over N « to M »", FOREIGN, OLDER, Say("of the {N} that end {M} before the question write `over {N} offset {M}`")),
    Habit(VIEWS, "~ over « all time »", FOREIGN, FOR_EVER, Write("lifetime")),
    Habit(VIEWS, "~ over « all|unbounded|forever|ever|always|infinity|everything »", FOREIGN, FOR_EVER, Write("lifetime")),
    Habit(VIEWS, "~ over « ( » partition|order|rows|range", FOREIGN, NO_PARTITION, Say(BY_LENGTH)),
    Habit(VIEWS, "~ over session", ABSENT, SESSIONS, Say(BY_DURATION)),
    Habit(VIEWS, "~ over N rows", FOREIGN, COUNTED, Write("over {N} events")),
    Habit(VIEWS, "~ over last N rows|events", FOREIGN, COUNTED, Write("over {N} events")),
    Habit(VIEWS, "~ over last N", FOREIGN, ENDS_NOW, Write("over {N}")),
    Habit(VIEWS, "~ over today|day", ABSENT, CALENDAR, Say("use a duration such as `over 1d`")),
    Habit(VIEWS, "~ over week", ABSENT, CALENDAR, Say("use a duration such as `over 7d`")),
    Habit(VIEWS, "~ over month|mtd", ABSENT, CALENDAR, Say("use a duration such as `over 30d`")),
    Habit(VIEWS, "~ over year", ABSENT, CALENDAR, Say("use a duration such as `over 365d`")),
    Habit(VIEWS, "^ ttl « = »", FOREIGN, TTL, Say(TTL_OR_WINDOW)),
    Habit(FILES, "~ « by ! V » {", FOREIGN, KEYS, Write("by ({V})")),
    Habit(FILES, "~ « by ! V , W » {", FOREIGN, KEYS, Write("by ({V}, {W})")),
    Habit(SOURCES, "A not null", FOREIGN, NOT_NULL, Write("{A}")),
    Habit(SOURCES, "A null", FOREIGN, NULLABLE, Write("{A}?")),
    Habit(SOURCES, "optional|option|nullable < A >", FOREIGN, NULLABLE, Write("{A}?")),
    Habit(SOURCES, "optional|option [ W ]", FOREIGN, NULLABLE, Write("{W}?")),
    Habit(SOURCES, "« nullable|optional ! V »", FOREIGN, NULLABLE, Write("{V}?")),
    Habit(SOURCES, "A nullable", FOREIGN, NULLABLE, Write("{A}?")),
    Habit(SOURCES, "datetime64 [ L ]", FOREIGN, BARE_TYPE, Write("timestamp")),
    Habit(SOURCES, "timedelta64 [ L ]", FOREIGN, BARE_TYPE, Write("duration")),
    Habit(SOURCES, "nullable ( A )", FOREIGN, NULLABLE, Write("{A}?")),
    Habit(SOURCES, "list|array <|(|[", ABSENT, LISTS, Say(ONE_ROW_EACH)),
    Habit(SOURCES, "W [ ]", ABSENT, LISTS, Say(ONE_ROW_EACH)),
    Habit(SOURCES, "struct", ABSENT, NESTED, Say(FLATTEN)),
    Habit(SOURCES, "map <", ABSENT, NESTED, Say(FLATTEN)),
    Habit(SOURCES, "V . W", ABSENT, NESTED, Say(FLATTEN_THIS)),
    Habit(SOURCES, "S :", ABSENT, NO_QUOTES, Say(RENAME)),
    Habit(SOURCES, "^ batch W from S", ABSENT, "files have no `from`", Say("write `batch {W} {S}`")),
    Habit(SOURCES, "^ arrival W + N", FOREIGN, LAG, Write("arrival time + {N}")),
    Habit(SOURCES, "from|path S", ABSENT, ALIAS, Say(RENAME)),
    Habit(SOURCES, "as W", ABSENT, ALIAS, Say(RENAME)),
    Habit(SOURCES, "as S", ABSENT, ALIAS, Say(RENAME)),
    Habit(SOURCES, "^ time|arrival W (", ABSENT, EVENT_TIME, Say(WRITE_TIMESTAMPS)),
    Habit(SOURCES, "^ time W *|/", ABSENT, EVENT_TIME, Say(WRITE_TIMESTAMPS)),
    Habit(ITEMS, "join W", ABSENT, JOINS, Say(JOIN_BEFORE)),
    Habit(ITEMS, "union", ABSENT, UNIONS, Say(BOTH_FILES)),
    Habit(FILES, "^ import|include|use|from", ABSENT, NO_IMPORT, Say(ONE_FOLDER)),
    Habit(SERVICES, "as W", ABSENT, OTHER_NAMES, Say(SECOND_VIEW)),
    Habit(SERVICES, "~ « , »", FOREIGN, COMMAS, Write("")),
    Habit(VIEWS, "~ W ( L ) « where » R", FOREIGN, FILTER, Show("{W}({L_}where {R})", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) over B « where » R", FOREIGN, FILTER, Show("{W}({L_}where {R}) over {B}", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) « filter » ( R )", FOREIGN, FILTER, Show("{W}({L_}{R})", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) over B « filter » ( R )", FOREIGN, FILTER, Show("{W}({L_}{R}) over {B}", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) « filter »", FOREIGN, FILTER, Show("", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) « ignoring nulls »", FOREIGN, NULLS, Show("{W}({L_}ignoring nulls)", "last(x ignoring nulls)")),
    Habit(VIEWS, "~ W ( L ) « ignoring »", FOREIGN, NULLS, Show("{W}({L_}ignoring nulls)", "last(x ignoring nulls)")),
    Habit(VIEWS, "~ W ( L ) « excluding T » over R", FOREIGN, EXCLUDING, Show("{W}({L}) over {R} excluding {T}", "count() over 1h excluding self")),
    Habit(VIEWS, "~ W ( L ) « excluding T »", FOREIGN, EXCLUDING, Show("", "over 1h excluding self")),
];

/// What is said of the first habit that fits at the place of the failure.
pub(super) fn told(context: Context, piece: &Piece<'_>) -> Option<Diagnostic> {
    let here = HABITS.iter().filter(|habit| habit.0.contains(&context));
    here.map(|habit| Some(habit.tell(piece, &find(habit.1, piece)?)))
        .find_map(|told| told)
}

/// Whether a help may quote it.
pub(super) fn is_quotable(text: &str) -> bool {
    text.len() <= 100 && !text.contains(['\n', '`']) && !text.is_empty()
}

impl Habit {
    fn tell(&self, piece: &Piece<'_>, found: &Found) -> Diagnostic {
        let Habit(_, _, code, message, then) = self;
        let filled = |template: &str| {
            let mut text = template.to_owned();
            for (letter, first, last) in &found.letters {
                let written = if last < first { "" } else { piece.slice(*first, *last) };
                let gap = if written.is_empty() { "" } else { " " };
                text = text.replace(&format!("{{{letter}_}}"), &format!("{written}{gap}"));
                text = text.replace(&format!("{{{letter}}}"), written);
            }
            text
        };
        let span = piece.span(found.start, found.end);
        let diagnostic = Diagnostic::at(*code, filled(message), span, "");
        match then {
            Say(help) => diagnostic.with_help(filled(help)),
            Show(template, otherwise) => {
                let whole = filled(template);
                let (first, last) = found.whole;
                let shown = if is_quotable(&whole) { &whole } else { *otherwise };
                let help = format!("write `{shown}`");
                match !whole.is_empty() && piece.is_alone(first, last) {
                    true => diagnostic.with_edit(help, piece.span(first, last), whole),
                    false => diagnostic.with_help(help),
                }
            }
            Write("") => diagnostic.with_edit("remove it", span, ""),
            Write(template) => {
                let whole = filled(template);
                let shown = if is_quotable(&whole) { &whole } else { *template };
                diagnostic.with_edit(format!("write `{shown}`"), span, whole)
            }
        }
    }
}
