//! Habits in sources, heads, services, and between declarations.

use super::*;

const NO_FILTER: &str =
    "`where` does not stand in a head: rows are filtered in the body of a transform, or in an aggregate";
const FILTERS: &str = "write `transform kept from txn { where {A} }` and read `kept`, or `sum(x where {A})`";
const KEYS: &str = "the columns that hold the keys stand in parentheses";
const BARE_TYPE: &str = "types take no unit";
const NOT_NULL: &str = "a column is never null unless its type ends with `?`";
const NULLABLE: &str = "a column that may be null has a `?` behind its type";
const LISTS: &str = "columns of lists are not in this release";
const ONE_ROW_EACH: &str = "write one row per element into the file";
const NESTED: &str = "columns of nested values are not in this release";
const HEAD: &str = "the head of a view is written with `of` and `from`";
const OPTIONS: &str = "files have no options";
const CSV: &str = "remove it: CSV has a header line, commas, double quotes and UTF-8; with tabs it is `tsv`; other files have to be \
     written anew";
const FLATTEN: &str = "write the fields as columns of their own into the file, for example `user_id: int64`";
const FLATTEN_THIS: &str = "write the field as a column of its own into the file, for example `{V}_{W}`";
const NO_QUOTES: &str = "names have no quotes: letters, digits and `_` alone are in this release";
const ALIAS: &str = "a column has the name that it has in the file: other names are not in this release";
const RENAME: &str = "rename the column in the file";
const LAG: &str = "an arrival that no column says is the event time and a lag";
const EVENT_TIME: &str = "`time` and `arrival` name a column: expressions are not in this release";
const WRITE_TIMESTAMPS: &str =
    "write a column of timestamps into the file, such as `2025-01-31T12:00:00Z`, and declare it as `timestamp`";
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

#[rustfmt::skip]
pub(super) const HABITS: &[Habit] = &[
    Habit(FILES, "^ view V « for|by|on|per|: W »", FOREIGN, HEAD, Write("of {W}")),
    Habit(FILES, "^ view V of T « on|using|in|over W »", FOREIGN, HEAD, Write("from {W}")),
    Habit(FILES, "^ transform V « of W »", FOREIGN, "a transform has no entity: the views that read it have", Write("")),
    Habit(FILES, "^ transform V « on|using|= W »", FOREIGN, "the head of a transform says where its rows come from", Write("from {W}")),
    Habit(FILES, "~ from V « , » W", ABSENT, UNIONS, Say(BOTH_FILES)),
    Habit(FILES, "~ by « V as W »", FOREIGN, KEYS, Write("({V})")),
    Habit(SOURCES, "^ batch|stream W « [ L ] »", FOREIGN, "files stand one behind the other, with commas between them", Write("{L}")),
    Habit(SOURCES, "^ batch|stream W S « delimiter|delim|sep|separator|header|options|with|quote|quotechar|encoding|compression|skip|skiprows »", FOREIGN, OPTIONS, Say(CSV)),
    Habit(SOURCES, "^ time|arrival W « S »", FOREIGN, "the form of instants is fixed: ISO 8601, such as `2025-01-31T12:00:00Z`", Say("remove it; instants without an offset are read by `zone \"Europe/Paris\"`, others have to be written anew in the file")),
    Habit(SOURCES, "enum|categorical|category ( L )", FOREIGN, "a type of few values is a `string`", Write("string")),
    Habit(SERVICES, "^ view V", FOREIGN, "an entry of a service says which features of a view", Write("{V}.*")),
    Habit(SERVICES, "^ entity|entities|key|keys V", FOREIGN, "a service has no entity of its own: its views say whose features they are", Write("")),
    Habit(SERVICES, "^ « feature|features » V .", FOREIGN, "an entry of a service is a view and its features", Write("")),
    Habit(SERVICES, "^ feature|features V", FOREIGN, "an entry of a service is a view and its features", Say("write the view before the feature: `view.{V}`")),
    Habit(SERVICES, "^ *", FOREIGN, "an entry of a service is a view and its features", Say("write an entry for each view, such as `spend.*`")),
    Habit(FILES, "~ where A {", FOREIGN, NO_FILTER, Say(FILTERS)),
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
];
