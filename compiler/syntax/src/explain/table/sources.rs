//! Habits in sources, heads, services, and between declarations.

use super::*;

const NO_FILTER: &str =
    "`where` does not stand in a head: rows are filtered in the body of a transform, or in an aggregate";
const FILTERS: &str = "write `transform kept from txn { where {A} }` and read `kept`, or `sum(x where {A})`";
const KEYS: &str = "the columns that hold the keys stand in parentheses";
const BARE_TYPE: &str = "types take no unit";
const NOT_NULL: &str = "a column is never null unless its type ends with `?`";
const NULLABLE: &str = "a column that may be null has a `?` after its type";
const LISTS: &str = "the type of the items of a list stands in `<…>`";
const FIELDS: &str = "the fields of a struct stand in `<…>`";
const HEAD: &str = "the head of a view is written with `of` and `from`";
const ONE_ENTITY: &str = "a view has one entity";
const WITHIN: &str = "`within` bounds how much later than the source's time an instant may lie, and stands after `at`";
const OPTIONS: &str = "files have no options";
const CSV: &str = "remove it: CSV has a header line, commas, double quotes and UTF-8; with tabs it is `tsv`; other files have to be \
     written anew";
const NO_QUOTES: &str = "names have no quotes: they are letters, digits and `_`";
const QUOTED: &str =
    "choose a name, and write after the type what the file calls the column: `trip_id: int64 from {S}`";
const PATH: &str = "what the file calls a column stands after `from`";
const FORM: &str = "how values are read stands after the type of their column";
const LAG: &str = "an arrival that no column says is the event time and a lag";
const EVENT_TIME: &str = "`time` and `arrival` name a column: expressions are not in this release";
const READ_AS: &str = "say after the column's type how it is read: `{W}: timestamp as epoch_seconds`, `as epoch_millis`, `as \"%d.%m.%Y %H:%M\"`";
const READ_AS_EXAMPLE: &str = "say after the column's type how it is read: `created: timestamp as epoch_seconds`, `as epoch_millis`, `as \"%d.%m.%Y %H:%M\"`";
const JOINS: &str = "joins are not in this release";
const JOIN_BEFORE: &str = "look up what is known of a key, `lookup planes(tailnum).seats` of a `table`; or make a view of each source, and list both in one service";
const UNIONS: &str = "unions are not in this release";
const BOTH_FILES: &str = "name the files of both in one source: `batch csv \"a.csv\", \"b.csv\"`";
const EXPLODE: &str = "rows of a list are not in this release";
const ONE_ROW_EACH: &str = "write one row per item into the file; of lists there are `lines.sku[1]`, `contains(lines.sku, \"tea\")` and `length(lines.sku)`";
const ONE_INPUT: &str = "a view or a transform reads one source";
const ONE_INPUT_EACH: &str = "look up what `{W}` knows of a key, `lookup {W}(key).column` of a `table`; if both have the same columns, name their files in one source, `batch csv \"a.csv\", \"b.csv\"`; else make a view of each";
const NO_IMPORT: &str = "there is no `import`: the `.feat` files of a folder are one program";
const ONE_FOLDER: &str =
    "put the files into one folder, give them one `module` line, and name the folder: `featc check FOLDER`";
const STATUS: &str = "a status stands after the value";
const COMMAS: &str = "the entries of a service stand one after the other, without commas";
const LISTED: &str = "the entries of a service stand between its braces, one after the other";
const NO_LIST: &str = "remove the word, the brackets and the commas: `service risk { spend.total spend.mean_* }`";
const ROWS: &str = "the rows of a test are a table: a header and its rows, each on a line of its own";
const ROLE: &str = "a view that is asked by other columns is a role of the service";
const ROLE_BY: &str = "the columns of the question that hold the key stand after `by`";

#[rustfmt::skip]
pub(super) const HABITS: &[Habit] = &[
    Habit(FILES, "^ view V of « T ! , W »", FOREIGN, ONE_ENTITY, Say("several keys are one entity: declare `entity pair ({T}: string, {W}: string)`, with the types that they have, and write `of pair`")),
    Habit(FILES, "^ view V of « ( T , W ) »", FOREIGN, ONE_ENTITY, Say("several keys are one entity: declare `entity pair ({T}: string, {W}: string)`, with the types that they have, and write `of pair`")),
    Habit(FILES, "^ view V of « ( W ) »", FOREIGN, "the entity stands without parentheses", Write("{W}")),
    Habit(FILES, "^ transform V from W « within N at A » {", FOREIGN, WITHIN, Write("at {A} within {N}")),
    Habit(FILES, "^ transform V from W « within N »", FOREIGN, WITHIN, Say("write which instant is meant: `at COLUMN within {N}`")),
    Habit(FILES, "^ view V « for|by|on|per|: W »", FOREIGN, HEAD, Write("of {W}")),
    Habit(FILES, "^ view V of T « on|using|in|over W »", FOREIGN, HEAD, Write("from {W}")),
    Habit(FILES, "^ transform V « of W »", FOREIGN, "a transform has no entity: the views that read it have", Write("")),
    Habit(FILES, "^ transform V « on|using|= W »", FOREIGN, "the head of a transform says where its rows come from", Write("from {W}")),
    Habit(FILES, "~ from V « ,|cross|left|inner|join|lateral L flatten|unnest|explode|explode_outer|posexplode (", ABSENT, EXPLODE, Say(ONE_ROW_EACH)),
    Habit(FILES, "~ from V « lateral view", ABSENT, EXPLODE, Say(ONE_ROW_EACH)),
    Habit(FILES, "~ from V « , » W", ABSENT, ONE_INPUT, Say(ONE_INPUT_EACH)),
    Habit(FILES, "~ by « V as W »", FOREIGN, KEYS, Write("({V})")),
    Habit(SOURCES, "^ batch|stream W « [ L ] »", FOREIGN, "files stand one after the other, with commas between them", Write("{L}")),
    Habit(SOURCES, "^ batch|stream W S « delimiter|delim|sep|separator|header|options|with|quote|quotechar|encoding|compression|skip|skiprows »", FOREIGN, OPTIONS, Say(CSV)),
    Habit(SOURCES, "^ time|arrival W « S »", FOREIGN, FORM, Say("remove it here, and declare `{W}: timestamp as {S}`")),
    Habit(SOURCES, "^ time|arrival W « as V »", FOREIGN, FORM, Say("remove it here, and declare `{W}: timestamp as {V}`")),
    Habit(SOURCES, "^ time|arrival W « as S »", FOREIGN, FORM, Say("remove it here, and declare `{W}: timestamp as {S}`")),
    Habit(SOURCES, "enum|categorical|category ( L )", FOREIGN, "a type of few values is a `string`", Write("string")),
    Habit(SERVICES, "« let » V =", Code::UnknownKeyword, "a service has no `let`: what it computes is a feature", Write("feature")),
    Habit(SERVICES, "^ view V", FOREIGN, "an entry of a service says which features of a view", Ask("{V}.*", ", which are all of them")),
    Habit(SERVICES, "^ entity|entities|key|keys V", FOREIGN, "a service has no entity of its own: its views say whose features they are", Ask("", "")),
    Habit(SERVICES, "^ « feature » V ! .", FOREIGN, "an entry of a service is a view and its features", Write("")),
    Habit(SERVICES, "^ « features » ! V .", FOREIGN, "an entry of a service is a view and its features", Write("")),
    Habit(SERVICES, "^ features|feature_views|views|entries =|: [", FOREIGN, LISTED, Say(NO_LIST)),
    Habit(SERVICES, "^ features|feature_views|views|entries [", FOREIGN, LISTED, Say(NO_LIST)),
    Habit(SERVICES, "^ feature|features V", FOREIGN, "an entry of a service is a view and its features", Say("write the view before the feature: `view.{V}`")),
    Habit(SERVICES, "^ « select * from V »", FOREIGN, "an entry of a service is a view and its features", Write("{V}.*")),
    Habit(SERVICES, "^ select L from V", FOREIGN, "an entry of a service is a view and its features", Say("write the view before each feature: `{V}.total`; `{V}.*` are all")),
    Habit(SERVICES, "^ *", FOREIGN, "an entry of a service is a view and its features", Say("write an entry for each view, such as `spend.*`")),
    Habit(FILES, "^ transform V from W « where A at B » {", FOREIGN, NO_FILTER, Say("write `transform {V} from {W} at {B} {`, and `where {A}` between its braces")),
    Habit(FILES, "^ transform V from W « where A » {", FOREIGN, NO_FILTER, Say("move `where {A}` between the braces of the transform")),
    Habit(FILES, "^ view V of T from W « where A » {", FOREIGN, NO_FILTER, Say("declare `transform kept from {W} { where {A} }` and read `kept`, or filter one aggregate: `count(where {A})`")),
    Habit(FILES, "~ where A {", FOREIGN, NO_FILTER, Say(FILTERS)),
    Habit(FILES, "~ « by ! V » {", FOREIGN, KEYS, Write("by ({V})")),
    Habit(FILES, "~ « by ! V , W » {", FOREIGN, KEYS, Write("by ({V}, {W})")),
    Habit(SOURCES, "« V ! from S : L » ,|)", FOREIGN, "what the file calls a column stands after its type", Write("{V}: {L} from {S}")),
    Habit(SOURCES, "V : W « primary key »", FOREIGN, "what identifies a row is a clause of its own", Say("remove it here, and write `unique {V}` after the columns of a source, `key {V}` after those of a table")),
    Habit(SOURCES, "timestamp « with time zone »", FOREIGN, "an instant is the same in every zone", Write("")),
    Habit(SOURCES, "timestamp « without time zone »", FOREIGN, "an instant is the same in every zone", Say("remove it; texts without an offset are read on the clocks that the source names: `zone \"Europe/Paris\"`")),
    Habit(SOURCES, "« default : V »", FOREIGN, "`default` is a reserved word", Say("name the column otherwise, such as `default_`, and write behind its type what the file calls it, `from \"default\"`, unless a `from` stands there already")),
    Habit(SOURCES, "« default T »", FOREIGN, "a column has no default", Say("remove it, and write `?` after the type if files may lack the value; what stands for null is said where it is read, as `coalesce(amount, 0)`")),
    Habit(SOURCES, "V : L « = T »", FOREIGN, "a column has no default", Say("remove it, and write `?` after the type if files may lack the value; what stands for null is said where it is read, as `coalesce(amount, 0)`")),
    Habit(SOURCES, "timestamp|datetime « ( ! S ) »", FOREIGN, "a type has no texts in parentheses", Say("a format stands after `as`, and a zone after `in`, such as `timestamp as \"%d-%m-%Y %H:%M\" in \"Europe/Amsterdam\"`")),
    Habit(SOURCES, "^ time|arrival|unique|lateness|delay|skew|begins|zone|key|batch|stream|columns « :|= »", FOREIGN, "between the word of a clause and what it says stands nothing", Say("remove it")),
    Habit(SOURCES, "A not null", FOREIGN, NOT_NULL, Write("{A}")),
    Habit(SOURCES, "A null", FOREIGN, NULLABLE, Write("{A}?")),
    Habit(SOURCES, "optional|option [ W ]", FOREIGN, NULLABLE, Write("{type W}?")),
    Habit(SOURCES, "« nullable|optional ! V »", FOREIGN, NULLABLE, Write("{V}?")),
    Habit(SOURCES, "A nullable", FOREIGN, NULLABLE, Write("{A}?")),
    Habit(SOURCES, "datetime64 [ L ]", FOREIGN, BARE_TYPE, Write("timestamp")),
    Habit(SOURCES, "timedelta64 [ L ]", FOREIGN, BARE_TYPE, Write("duration")),
    Habit(SOURCES, "nullable ( A )", FOREIGN, NULLABLE, Write("{A}?")),
    Habit(SOURCES, "list|array ( W )", FOREIGN, LISTS, Write("list<{W}>")),
    Habit(SOURCES, "list|array [ W ]", FOREIGN, LISTS, Write("list<{W}>")),
    Habit(SOURCES, "W [ ]", FOREIGN, LISTS, Write("list<{W}>")),
    Habit(SOURCES, "« struct|row|record|object ( ! L ) »", FOREIGN, FIELDS, Write("struct<{L}>")),
    Habit(SOURCES, "« struct|row|record|object ! { L } »", FOREIGN, FIELDS, Write("struct<{L}>")),
    Habit(SOURCES, "struct < « V ! W »", FOREIGN, "a field of a struct is written like a column", Write("{V}: {W}")),
    Habit(SOURCES, "S :", FOREIGN, NO_QUOTES, Say(QUOTED)),
    Habit(SOURCES, "^ batch W from S", ABSENT, "files have no `from`", Say("write `batch {W} {S}`")),
    Habit(SOURCES, "^ arrival W + N", FOREIGN, LAG, Ask("arrival time + {N}", " if all rows are known so long after their event's time; if `{W}` says when a row came, `arrival {W}`, with `delay {N}` for the time until it can be read")),
    Habit(SOURCES, "V : W « path|alias|name S »", FOREIGN, PATH, Write("from {S}")),
    Habit(SOURCES, "^ arrival now|current_timestamp|getdate|utcnow (", ABSENT, EVENT_TIME, Say("declare a column for it, such as `seen: timestamp`, and write `arrival seen`: a server fills it in where a row says nothing; or, if rows are known so long after their time, `arrival time + 5m`")),
    Habit(SOURCES, "^ time|arrival V ( W", ABSENT, EVENT_TIME, Say(READ_AS)),
    Habit(SOURCES, "^ time|arrival W (", ABSENT, EVENT_TIME, Say(READ_AS_EXAMPLE)),
    Habit(SOURCES, "^ time W *|/", ABSENT, EVENT_TIME, Say(READ_AS)),
    Habit(ITEMS, "join W", ABSENT, JOINS, Say(JOIN_BEFORE)),
    Habit(ITEMS, "union", ABSENT, UNIONS, Say(BOTH_FILES)),
    Habit(FILES, "~ from « ( »", FOREIGN, "rows are read by the name of a source or a transform", Say("declare what stands in the parentheses before it, such as `transform kept from payments { where amount > 0 }`, and write `from kept`")),
    Habit(FILES, "^ test « V » for", FOREIGN, "the name of a test is a text", Write("\"{V}\"")),
    Habit(FILES, "^ test S « { »", FOREIGN, "a test is of one view", Say("write the view after its name, such as `test {S} for spend`")),
    Habit(FILES, "given V « S »", FOREIGN, ROWS, Say("write them under `given {V}`: `| id | card |`, then `| 1 | a |`")),
    Habit(FILES, "given V « {|[ »", FOREIGN, ROWS, Say("write them under `given {V}`, without other brackets: `| id | card |`, then `| 1 | a |`")),
    Habit(FILES, "expect at « S »", FOREIGN, "an instant begins with `@`, and has no quotes", Ask("{instant S}", "")),
    Habit(FILES, "expect at « N »", FOREIGN, "an instant begins with `@`", Say("write it in front, such as `@2025-01-01T00:00:00Z`")),
    Habit(FILES, "expect at T ( V « = »", FOREIGN, "a key and its value stand with `:` between them", Write(":")),
    Habit(FILES, "expect at T ( « S » )|,", FOREIGN, "a key has its name in front", Say("write the name of the key of the view's entity before it, such as `card: {S}`")),
    Habit(FILES, "expect at T ( V : « W »", FOREIGN, "a text stands in double quotes", Ask("\"{W}\"", ", if it is a text")),
    Habit(FILES, "{|, V « : »", FOREIGN, "what a feature is to be stands after `=`", Write("=")),
    Habit(FILES, "{|, « V ! . W » =", FOREIGN, "a test is of one view: its features stand by their names", Ask("{W}", ", if `{V}` is the view that is tested")),
    Habit(FILES, "{|, V « is null »", FOREIGN, "what a feature is to be stands after `=`", Write("= null")),
    Habit(FILES, "{|, V « is not null »", FOREIGN, "what a feature is to be stands after `=`", Say("write the value that is expected: `{V} = …`")),
    Habit(FILES, "{|, V « is W »", FOREIGN, STATUS, Say("write the value, and after it the status: `{V} = null {W}`")),
    Habit(FILES, "= « na|nan|none|nil|n/a »", FOREIGN, "what is absent is called null", Write("null")),
    Habit(FILES, "= « missing »", FOREIGN, STATUS, Write("null missing")),
    Habit(FILES, "= « empty »", FOREIGN, STATUS, Write("null empty")),
    Habit(FILES, "= « stale »", FOREIGN, STATUS, Write("null stale")),
    Habit(FILES, "= « truncated »", FOREIGN, STATUS, Write("null truncated")),
    Habit(FILES, "= « V »", FOREIGN, "a text stands in double quotes", Ask("\"{V}\"", ", if it is a text")),
    Habit(FILES, "^ import|include|use|from", ABSENT, NO_IMPORT, Say(ONE_FOLDER)),
    Habit(SERVICES, "^ role V = W « ( L ) »", FOREIGN, ROLE_BY, Show("role {V} = {W} by ({L})", "role dest = weather by (dest)")),
    Habit(SERVICES, "^ except|minus|without|exclude|excluding|but T", FOREIGN, "an entry takes nothing out", Say("list the features that are wanted: `spend.{total, mean_*}`")),
    Habit(SERVICES, "^ owner|tags|ttl T", FOREIGN, "what features have is said in their view", Say("remove it here, and write it at the beginning of the view")),
    Habit(SERVICES, "^ description|doc|comment|describe T", FOREIGN, "what a service is for is said by a comment", Say("write `/// …` on the line before the service")),
    Habit(SERVICES, "^ on|using ( V = W )", FOREIGN, ROLE_BY, Say("write `by ({W})`: `role other = view by ({W})`")),
    Habit(SERVICES, "^ on|using|for|with ( L )", FOREIGN, ROLE_BY, Say("write `by ({L})`: `role other = view by ({L})`")),
    Habit(SERVICES, "^ use V for (", FOREIGN, "a template is used in a view", Say("move it between the braces of a view; an entry here names the features that it makes there")),
    Habit(FILES, "request V ( L « =|default T »", FOREIGN, "a field of a request has no default", Say("remove it: a field may be null, and what stands for it then is said where it is read, `coalesce({V}.…, {T})`")),
    Habit(SERVICES, "^ request V", FOREIGN, "a request is not listed: the features of a service read its fields", Say("remove it, and write for example `feature total = {V}.total`")),
    Habit(SERVICES, "^ feature V = L « fallback gate|impute »", FOREIGN, "a fallback belongs to an entry of a view", Say("remove it here, and write it after the entry of what the feature reads: `spend.* fallback gate`")),
    Habit(SERVICES, "^ as ! W", FOREIGN, "another name comes right after its feature", Say("write it before `fallback`: `spend.total as {W} fallback gate`")),
    Habit(SERVICES, "^ « as ! S »", FOREIGN, NO_QUOTES, Say("write it as a name, such as `spend.total as total_30d`")),
    Habit(SERVICES, "^ « gate|impute ! »", FOREIGN, "`fallback` stands before it", Say("write `fallback gate` or `fallback impute`")),
    Habit(SERVICES, "^ « fallback ! gate|impute »", FOREIGN, "a fallback comes after an entry, each with its own", Say("write it after each entry that has one: `spend.* fallback gate`")),
    Habit(SERVICES, "^ with|use|include V as W", FOREIGN, "another name of a view is a role of the service", Say("declare `role {W} = {V}`, with `by (…)` if other columns of the question hold its key, and list its features: `{W}.*`")),
    Habit(SERVICES, "^ with|use|include V", FOREIGN, "an entry of a service is a view and its features", Say("write `{V}.*` for all of them, or `{V}.` and the name of one")),
    Habit(SERVICES, "^ V . W « default T »", FOREIGN, "a default belongs to its feature", Say("write it in view `{V}`, at the end of `{W}`; or read the feature under another name here: `feature other = coalesce({V}.{W}, {T})`")),
    Habit(SERVICES, "^ V « = W by ( K ) »", FOREIGN, ROLE, Show("role {V} = {W} by ({K})", "role dest = weather by (dest)")),
    Habit(SERVICES, "^ role V = W by « T »", FOREIGN, "the columns after `by` stand in parentheses", Write("({T})")),
    Habit(SERVICES, "^ role V « as|of|: W »", FOREIGN, "`=` and a view stand after the name of a role", Write("= {W}")),
    Habit(SERVICES, "^ V . L as W « by ( K ) »", FOREIGN, ROLE, Say("declare `role {W} = {V} by ({K})`, and list its features: `{W}.*`")),
    Habit(SERVICES, "^ V . L « by ( K ) »", FOREIGN, ROLE, Say("declare a role, for example `role other = {V} by ({K})`, and list its features: `other.*`")),
    Habit(SERVICES, "^ V « as W by ( K ) »", FOREIGN, ROLE, Say("declare `role {W} = {V} by ({K})`, and list its features: `{W}.*`")),
    Habit(SERVICES, "^ V « as W »", FOREIGN, "another name of a view is a role of the service", Say("declare `role {W} = {V}`, and list its features: `{W}.*`")),
    Habit(SERVICES, "^ role V = W by ( « T ! : »", FOREIGN, "the columns of a role stand in the order of the keys of its entity", Say("write them without the names of the keys, such as `role {V} = {W} by (origin, dest)`")),
    Habit(SERVICES, "^ V « at|for|per|on W as T »", FOREIGN, ROLE, Say("declare `role {T} = {V} by ({W})`, and list its features: `{T}.*`")),
    Habit(SERVICES, "^ V . L « at|for|per|on W as T »", FOREIGN, ROLE, Say("declare `role {T} = {V} by ({W})`, and list its features: `{T}.*`")),
    Habit(SERVICES, "^ V « at|for|per|on W »", FOREIGN, ROLE, Say("declare `role {W} = {V} by ({W})`, and list its features: `{W}.*`")),
    Habit(SERVICES, "^ V . L « at|for|per|on W »", FOREIGN, ROLE, Say("declare `role {W} = {V} by ({W})`, and list its features: `{W}.*`")),
    Habit(SERVICES, "~ « , »", FOREIGN, COMMAS, Write("")),
    // Last of all: elsewhere a colon stands before a type or a value.
    Habit(EXPRESSIONS, "V « : » W", FOREIGN, "a field stands behind a dot", Write(".")),
];
