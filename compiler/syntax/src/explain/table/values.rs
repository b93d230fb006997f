//! Habits in expressions, and in the steps of transforms.

use super::*;

pub(super) const METHODS: &str = "values have no methods: a function stands before its argument";
const HAS_A_LENGTH: &str = "a window has a length, and ends at the question";
const MEMBERS: &str = "`in` stands by itself";
const BEHIND_A_DOT: &str = "a field stands behind a dot";
const CAST: &str = "the function is called `cast`; what it cannot convert has the status `error(invalid_cast)`";
const COLONS: &str = "`::` is not an operator of this language";
pub(in crate::explain) const CONDITIONAL: &str = "a choice is written as `case` or `if(condition, value, otherwise)`";
const BETWEEN: &str = "`between` is not in this release";
const SELECT: &str = "`select` is not used: a feature is an expression";
const AGGREGATE_ALONE: &str = "write the aggregate and its window, such as `feature {V} = sum(amount) over 7d`; of whom and `from` which rows is \
    said in the head of the view, and a condition stands in the parentheses, such as `sum(amount where amount > 0)`";
const SELECT_OF_ROWS: &str = "`select` is not used: a transform sees one row at a time";
const NO_SUBQUERY: &str = "aggregate in a view, such as `feature usual = mean(amount) over 7d`; what a table knows of a key is \
    looked up: `lookup planes(tail).seats`";
const SELECT_ALL: &str = "`select` is not used: a transform keeps all columns";
const KEEP_ALL: &str = "remove it; `where` keeps rows, `let` adds a column: `let doubled = amount * 2`";
const ONE_WHERE: &str = "`where` stands once, before all conditions";
const CONDITION: &str = "a bool is a condition by itself, and `is` asks for null alone";
const UNEQUAL: &str = "`is not` takes `null` alone";
const UNKNOWN_STAYS: &str = ", which is null where the value is";
const EQUAL: &str = "`is` takes `null` and `not null` alone";
const NAN: &str = "`is` takes `null` and `not null` alone";
const PART: &str = "a part of an instant is a function of it";
const NO_TYPE: &str = "a type is not written: it follows from the expression";
const EQUALS: &str = "`=` stands after the name";
const ONE_WORD: &str = "a name is one word";
const CLOCKS: &str = "the zone of the clocks stands after the word `in`";
const NO_ZONE: &str = "an instant is the same in every zone";
const NO_DOLLAR: &str = "neither names nor numbers have a `$`";
const MEMBER: &str = "`in` takes a list of values: whether a text is in another is a function";
const SUBQUERY: &str = "`in` takes literals: what a table knows is looked up";
const IN_LIST: &str = "`in` takes its values in parentheses";
const NO_SLICE: &str = "one item of a list stands in `[…]`";
const PARTS: &str = "write `{P}[2]` for the second item of a list, `{P}[-1]` for the last; a part of a text is \
    `substring({P}, 1, 2)`, from its first letter on two";
const LAMBDA: &str = "functions over the items of a list are not in this release";
const OF_LISTS: &str = "of a list there are one item, `xs[1]`, `contains(xs, \"a\")` and `length(xs)`; what else is asked of it is computed \
    before, as a column of the file";
const NO_WINDOW: &str = "a transform sees one row at a time, and has no windows";
const NO_ROW_NUMBERS: &str = "a transform sees one row at a time, and numbers none";
const LAST_ROWS: &str = "remove it: copies of an event count once, by `unique` of the source; the newest row of a key is what `last(x)` of a view \
    reads, or a `table` with `key` and `valid from`";
const COLUMN: &str = "a column stands by its name";
const MODULE: &str = "functions and aggregates stand by their names alone";
const ALIAS: &str = "what is computed has its name in front, before the `=`";
const BRANCHES: &str = "write `case when … then … when … then … else … end`";
const POWER: &str = "a power is a function of float64, to which an int64 is cast";
const SQUARE: &str = "a power is not written by an operator";
const OF_FLOATS: &str = ", or without the cast where the value is a float64";
const POWER_OF_POWER: &str = "write `pow(a, pow(b, c))`, or `pow(pow(a, b), c)`";

#[rustfmt::skip]
pub(super) const HABITS: &[Habit] = &[
    Habit(VIEWS, "~ over « since|from ! N - M - O »", FOREIGN, HAS_A_LENGTH, Say("write `over lifetime`, and the instant as a condition in the aggregate, such as `sum(amount where at >= @{N}-{M}-{O}T00:00:00Z)`")),
    Habit(ALL, "count ( * )", FOREIGN, "`count` takes no `*`", Write("count()")),
    Habit(ALL, "W ( * )", FOREIGN, "`{W}` takes no `*`", Say("`{W}` takes a value, for example `{W}(amount)`; `count()` counts events")),
    Habit(ALL, "count ( A « distinct » )", Code::UnknownKeyword, "`distinct` is not a keyword", Show("count_distinct({A})", "count_distinct(x)")),
    Habit(EXPRESSIONS, "case « ! Q » when B then", FOREIGN, "a `case` compares nothing by itself", Say("write the condition after each `when`: `case when {Q} = {B} then …`")),
    Habit(EXPRESSIONS, "quantile|percentile ( L , « [ K ] »", FOREIGN, "a quantile is one number", Say("write a feature for each, such as `quantile({L}, 0.5)` and `quantile({L}, 0.9)`")),
    Habit(ALL, "« $ V »", FOREIGN, NO_DOLLAR, Write("{V}")),
    Habit(ALL, "« $ N »", FOREIGN, NO_DOLLAR, Write("{N}")),
    Habit(EXPRESSIONS, "if L then K elif|elsif|elseif", FOREIGN, CONDITIONAL, Say("write `case when … then … when … then … else … end`")),
    Habit(EXPRESSIONS, "case L « elif|elsif|elseif »", FOREIGN, "each further condition of a `case` begins with `when`", Write("when")),
    Habit(EXPRESSIONS, "S not « in ! Q »", FOREIGN, MEMBER, Value("not contains({Q}, {S})", "not contains(x, \"a\")")),
    Habit(EXPRESSIONS, "S « in ! Q »", FOREIGN, MEMBER, Call("contains({Q}, {S})", "contains(x, \"a\")")),
    Habit(EXPRESSIONS, "« in ! S »", FOREIGN, IN_LIST, Write("in ({S})")),
    Habit(EXPRESSIONS, "last_n|first_n|top_k|bottom_k ( L ) « [ K ! : »", FOREIGN, NO_SLICE, Say("write the number of items into the call, such as `last_n(x, 2)`; `[1]` after it is one of them")),
    Habit(EXPRESSIONS, "P « [ ! : N ] »", FOREIGN, NO_SLICE, Call("substring({P}, 1, {N})", "substring(x, 1, 2)")),
    Habit(EXPRESSIONS, "P « [ 0 ! : N ] »", FOREIGN, NO_SLICE, Call("substring({P}, 1, {N})", "substring(x, 1, 2)")),
    Habit(EXPRESSIONS, "P « [ L ! : K ] »", FOREIGN, NO_SLICE, Say(PARTS)),
    Habit(EXPRESSIONS, "P « [ L ! , K ] »", FOREIGN, NO_SLICE, Say(PARTS)),
    Habit(EXPRESSIONS, "P « [ ! ] »", FOREIGN, NO_SLICE, Say(PARTS)),
    Habit(EXPRESSIONS, "try_cast|safe_cast|convert ( L « as » V )", FOREIGN, CAST, Call("cast({L} as {type V})", "cast(x as float64)")),
    Habit(EXPRESSIONS, "try_cast|safe_cast|convert ( L « as » K )", FOREIGN, CAST, Call("cast({L} as {K})", "cast(x as float64)")),
    Habit(EXPRESSIONS, "case_when ( L « ~ »", FOREIGN, CONDITIONAL, Say("write `case when … then … when … then … else … end`")),
    Habit(EXPRESSIONS, "P « % ! in % W ( L ) »", FOREIGN, MEMBERS, Value("{P} in ({L})", "x in (\"a\", \"b\")")),
    Habit(EXPRESSIONS, "P ~ S", FOREIGN, "patterns are looked for by functions", Call("regexp_matches({P}, {S})", "regexp_matches(x, \"^a\")")),
    Habit(ALL, "count ( « distinct » ! V , W )", Code::UnknownKeyword, "`distinct` is not a keyword", Say("`count_distinct` takes one value: join them as texts, `count_distinct(concat({V}, \"|\", {W}))`")),
    Habit(ALL, "count ( « distinct » ! R )", Code::UnknownKeyword, "`distinct` is not a keyword", Show("count_distinct({R})", "count_distinct(x)")),
    Habit(ALL, "listagg|string_agg|group_concat|array_agg|collect_set|collect_list|array_unique_agg ( « distinct » ! R )", Code::UnknownKeyword, "`distinct` is not a keyword", Say("the last different values are a list, `last_distinct_n(x, 10)`, the most frequent ones `mode_n(x, 10)`; how many there are is `count_distinct(x)`")),
    Habit(ALL, "W ( « distinct » ! R )", Code::UnknownKeyword, "`distinct` is not a keyword", Say("remove it: `{W}({R})` takes each event's value; of different values there is their number alone, `count_distinct({R})`")),
    Habit(ALL, "P « : : » double precision", FOREIGN, COLONS, Call("cast({P} as float64)", "cast(x as float64)")),
    Habit(ALL, "P « : : » numeric|decimal|number|dec ( N , M )", FOREIGN, COLONS, Call("cast({P} as decimal({N}, {M}))", "cast(x as float64)")),
    Habit(ALL, "P « : : » numeric|decimal|number|dec ( N )", FOREIGN, COLONS, Call("cast({P} as decimal({N}, 0))", "cast(x as float64)")),
    Habit(ALL, "P « : : » numeric|decimal|dec|money", FOREIGN, COLONS, Say("write `cast({P} as decimal(12, 2))`, with as many digits, in all and after the point, as the values have")),
    Habit(ALL, "P « : : » W ( L )", FOREIGN, COLONS, Call("cast({P} as {type W})", "cast(x as float64)")),
    Habit(ALL, "P « : : » W", FOREIGN, COLONS, Call("cast({P} as {type W})", "cast(x as float64)")),
    Habit(ALL, "« : : »", FOREIGN, COLONS, Show("", "cast(x as float64)")),
    Habit(ALL, "D not « between » E and F", FOREIGN, BETWEEN, Call("({D} < {E} or {D} > {F})", "(x < a or x > b)")),
    Habit(SERVICES, "^ V « : » W", FOREIGN, "a feature stands behind its view and a dot", Show("{V}.{W}", "spend.total")),
    Habit(EXPRESSIONS, ",|( « V - ! > »", ABSENT, LAMBDA, Say(OF_LISTS)),
    Habit(EXPRESSIONS, "« V - ! > »", FOREIGN, BEHIND_A_DOT, Say("of a struct write the name of the field behind a dot, `{V}.id`; of a text with JSON the source reads the field, `id: string from \"{V}.id\"`")),
    Habit(EXPRESSIONS, "« lambda ! V »", ABSENT, LAMBDA, Say(OF_LISTS)),
    Habit(STEPS, "^ qualify", FOREIGN, NO_ROW_NUMBERS, Say(LAST_ROWS)),
    Habit(STEPS, "row_number|rank|dense_rank ( ) « over » (", FOREIGN, NO_ROW_NUMBERS, Say(LAST_ROWS)),
    Habit(STEPS, "W ( L ) « over » N", FOREIGN, NO_WINDOW, Say("write it in a view: `feature usual = {W}({L}) over {N}`")),
    Habit(STEPS, "« over »", FOREIGN, NO_WINDOW, Say("aggregate in a view, such as `feature usual = mean(amount) over 7d`")),
    Habit(VIEWS, "~ over « between N and M »", FOREIGN, features::OLDER, Say(features::LENGTH_AND_OFFSET)),
    Habit(VIEWS, "~ over « between »", FOREIGN, HAS_A_LENGTH, Say("write `over lifetime`, and the two instants as a condition in the aggregate, such as `sum(amount where at >= @2025-01-01T00:00:00Z and at < @2025-02-01T00:00:00Z)`")),
    Habit(ALL, "not « between »", FOREIGN, BETWEEN, Show("", "(x < a or x > b)")),
    Habit(ALL, "D « between » E and F", FOREIGN, BETWEEN, Value("{D} >= {E} and {D} <= {F}", "x >= a and x <= b")),
    Habit(ALL, "« between »", FOREIGN, BETWEEN, Show("", "x >= a and x <= b")),
    Habit(VIEWS, "~ over N « if B else C »", FOREIGN, CONDITIONAL, Say("write the choice in front of the window: `case when {B} then … else {C} end over {N}`")),
    Habit(EXPRESSIONS, "A if B else C", FOREIGN, CONDITIONAL, Write("case when {B} then {A} else {C} end")),
    Habit(EXPRESSIONS, "if A then B else C end", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(EXPRESSIONS, "if A then B else C", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(EXPRESSIONS, "if A then B end", FOREIGN, CONDITIONAL, Write("case when {A} then {B} end")),
    Habit(EXPRESSIONS, "if A then B", FOREIGN, CONDITIONAL, Write("case when {A} then {B} end")),
    Habit(EXPRESSIONS, "if A { B } else { C }", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(EXPRESSIONS, "if A { B }", FOREIGN, CONDITIONAL, Write("case when {A} then {B} end")),
    Habit(EXPRESSIONS, "A ? B : C", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(EXPRESSIONS, "and|or « ! where »", FOREIGN, ONE_WHERE, Write("")),
    Habit(EXPRESSIONS, "P « is not ! true »", FOREIGN, CONDITION, Value("not coalesce({P}, false)", "not coalesce(x, false)")),
    Habit(EXPRESSIONS, "P « is not ! false »", FOREIGN, CONDITION, Call("coalesce({P}, true)", "coalesce(x, true)")),
    Habit(EXPRESSIONS, "P « is ! true »", FOREIGN, CONDITION, Call("{P}", "where x")),
    Habit(EXPRESSIONS, "P « is ! false »", FOREIGN, CONDITION, Value("not {P}", "not x")),
    Habit(EXPRESSIONS, "« is not ! N »", FOREIGN, UNEQUAL, Ask("!= {N}", UNKNOWN_STAYS)),
    Habit(EXPRESSIONS, "« is not ! S »", FOREIGN, UNEQUAL, Ask("!= {S}", UNKNOWN_STAYS)),
    Habit(EXPRESSIONS, "« is ! N »", FOREIGN, EQUAL, Write("= {N}")),
    Habit(EXPRESSIONS, "« is ! S »", FOREIGN, EQUAL, Write("= {S}")),
    Habit(EXPRESSIONS, "is . na|null|nan|nil ( A )", FOREIGN, EQUAL, Value("{A} is null", "x is null")),
    Habit(EXPRESSIONS, "P is « nan »", FOREIGN, NAN, Say("a NaN of the file is null, unless the source says `keep nan`: write `{P} is null`")),
    Habit(EXPRESSIONS, "year|month|day_of_month|day_of_week|day_of_year|hour|minute|date ( V « at time zone S » )", FOREIGN, CLOCKS, Write("in {S}")),
    Habit(VIEWS, "~ over this V « at time zone S »", FOREIGN, CLOCKS, Write("in {S}")),
    Habit(VIEWS, "~ over last N V « at time zone S »", FOREIGN, CLOCKS, Write("in {S}")),
    Habit(VIEWS, "~ every N « at time zone S »", FOREIGN, CLOCKS, Write("in {S}")),
    Habit(EXPRESSIONS, "« at time zone S »", FOREIGN, NO_ZONE, Say("parts of it are read on the clocks of a zone: `hour(at in {S})`, `date(at in {S})`")),
    Habit(EXPRESSIONS, "extract ( day from A )", FOREIGN, PART, Write("day_of_month({A})")),
    Habit(EXPRESSIONS, "extract ( doy from A )", FOREIGN, PART, Write("day_of_year({A})")),
    Habit(EXPRESSIONS, "extract ( isodow from A )", FOREIGN, PART, Write("day_of_week({A})")),
    Habit(EXPRESSIONS, "extract ( dow|dayofweek from A )", FOREIGN, PART, Say("write `day_of_week({A})`: 1 is Monday, 7 is Sunday")),
    Habit(EXPRESSIONS, "extract ( V from A )", FOREIGN, PART, Write("{V}({A})")),
    Habit(EXPRESSIONS, "D in ( N . . M )", FOREIGN, "a range is two comparisons", Value("{D} >= {N} and {D} <= {M}", "x >= 1 and x <= 5")),
    Habit(EXPRESSIONS, "« isin [ L ] »", FOREIGN, MEMBERS, Write("in ({L})")),
    Habit(EXPRESSIONS, "« isin » (", FOREIGN, MEMBERS, Write("in")),
    Habit(EXPRESSIONS, "is « none|nil »", FOREIGN, "what is absent is called null", Write("null")),
    Habit(EXPRESSIONS, "is not « none|nil »", FOREIGN, "what is absent is called null", Write("null")),
    Habit(EXPRESSIONS, "in [ L ]", FOREIGN, "a list of values stands in parentheses", Write("in ({L})")),
    Habit(VIEWS, "count ( A « not ! null » )", FOREIGN, "`count` of a value counts where it is not null", Write("")),
    Habit(EXPRESSIONS, "not null ( A )", FOREIGN, "`not null` stands after the word `is`", Value("{A} is not null", "x is not null")),
    Habit(EXPRESSIONS, "not null", FOREIGN, "`not null` follows the word `is`", Write("is not null")),
    Habit(STEPS, "^ let V « : » =", FOREIGN, "between a name and its value stands `=` alone", Write("")),
    Habit(STEPS, "^ let V « : L » =", FOREIGN, NO_TYPE, Ask("", ", or say it in the expression: `cast(… as float64)`")),
    Habit(STEPS, "^ let V « : »", FOREIGN, EQUALS, Show("let {V} =", "let doubled =")),
    Habit(STEPS, "^ let V « float64|int64|string|bool|timestamp|date|duration|float|double|int|bigint|str|text|boolean » =", FOREIGN, NO_TYPE, Ask("", ", or say it in the expression: `cast(… as float64)`")),
    Habit(STEPS, "^ let « V ! W » =", FOREIGN, ONE_WORD, Ask("{V}_{W}", "")),
    Habit(STEPS, "^ let V « W ( L ) »", FOREIGN, EQUALS, Show("let {V} = {W}({L})", "let doubled = amount * 2")),
    Habit(STEPS, "^ let V « W R »", FOREIGN, EQUALS, Show("let {V} = {W} {R}", "let doubled = amount * 2")),
    Habit(STEPS, "^ let V « W »", FOREIGN, EQUALS, Show("let {V} = {W}", "let doubled = amount * 2")),
    Habit(STEPS, "^ let V = L « as W »", FOREIGN, "a column is named in front, after the word `let`", Say("the column is called `{V}`: remove `as {W}`, or write `let {W} =` in front")),
    Habit(STEPS, "^ where A « , » R", FOREIGN, "conditions are joined by `and`", Show("where {(A)} and {(R)}", "where a and b")),
    Habit(&[Context::Step, Context::Entry], "D « ? ? E »", FOREIGN, "what stands for null is a function", Call("coalesce({D}, {E})", "coalesce(x, 0)")),
    Habit(EXPRESSIONS, "D in ( « select ! V from W »", FOREIGN, SUBQUERY, Say("declare them as `table {W}` with `key {V}`, and write `lookup {W}({D}).column is not null`, of a column that is never null")),
    Habit(STEPS, "select V from W", FOREIGN, "`select` is not used: a table is looked into by its key", Say("of a `table {W}` write `lookup {W}(key).{V}`; a column of the row itself needs no `select`")),
    Habit(VIEWS, "select V from W", FOREIGN, "`select` is not used: a table is looked into by its key", Say("of a `table {W}` write `let {V} = lookup {W}(key).{V}` in a transform, and aggregate `{V}`; a column of the row itself needs no `select`")),
    Habit(STEPS, "( « select ! »", FOREIGN, SELECT_OF_ROWS, Say(NO_SUBQUERY)),
    Habit(STEPS, "^ let V = « select ! »", FOREIGN, SELECT_OF_ROWS, Say(NO_SUBQUERY)),
    Habit(STEPS, "select", FOREIGN, SELECT_ALL, Say(KEEP_ALL)),
    Habit(EXPRESSIONS, "P * * Q * * Q", FOREIGN, POWER, Say(POWER_OF_POWER)),
    Habit(EXPRESSIONS, "P ^ Q ^ Q", FOREIGN, POWER, Say(POWER_OF_POWER)),
    Habit(EXPRESSIONS, "P * * 2", FOREIGN, SQUARE, Write("({P} * {P})")),
    Habit(EXPRESSIONS, "P ^ 2", FOREIGN, SQUARE, Ask("({P} * {P})", ", if a square is meant")),
    Habit(EXPRESSIONS, "P * * Q", FOREIGN, POWER, Ask("pow(cast({P} as float64), {Q})", OF_FLOATS)),
    Habit(EXPRESSIONS, "P ^ Q", FOREIGN, POWER, Ask("pow(cast({P} as float64), {Q})", OF_FLOATS)),
    Habit(EXPRESSIONS, "F|functions|pl . col|column|field ( Y )", FOREIGN, COLUMN, Call("{plain Y}", "amount")),
    Habit(EXPRESSIONS, "F|functions|pl . col|column|field ( S )", FOREIGN, COLUMN, Say("write the name that the source gives it: what the file calls it stands there after `from`")),
    Habit(EXPRESSIONS, "F|functions|pl . lit ( A )", FOREIGN, "a literal stands by itself", Call("{A}", "1")),
    Habit(EXPRESSIONS, "F|functions|pl . when ( A , B ) . otherwise ( C )", FOREIGN, CONDITIONAL, Call("if({A}, {B}, {C})", "if(x > 0, 1, 0)")),
    Habit(EXPRESSIONS, "F|functions|pl . when ( A ) . then ( B ) . otherwise ( C )", FOREIGN, CONDITIONAL, Call("if({A}, {B}, {C})", "if(x > 0, 1, 0)")),
    Habit(EXPRESSIONS, "F|functions|pl . when (", FOREIGN, CONDITIONAL, Say(BRANCHES)),
    Habit(EXPRESSIONS, "« ! when ( A , B ) . otherwise ( C ) »", FOREIGN, CONDITIONAL, Call("if({A}, {B}, {C})", "if(x > 0, 1, 0)")),
    Habit(EXPRESSIONS, "« ! when ( A ) . then ( B ) . otherwise ( C ) »", FOREIGN, CONDITIONAL, Call("if({A}, {B}, {C})", "if(x > 0, 1, 0)")),
    Habit(EXPRESSIONS, "« ! when ( A , B ) »", FOREIGN, CONDITIONAL, Say(BRANCHES)),
    Habit(EXPRESSIONS, "F|functions|pl . W ( Y )", FOREIGN, MODULE, Method("{W}({plain Y})")),
    Habit(EXPRESSIONS, "F|functions|np|numpy|math . W ( L )", FOREIGN, MODULE, Method("{W}({L})")),
    Habit(EXPRESSIONS, "P . isnull|isna|is_null ( )", FOREIGN, METHODS, Value("{P} is null", "x is null")),
    Habit(EXPRESSIONS, "P . notnull|notna|isnotnull|is_not_null ( )", FOREIGN, METHODS, Value("{P} is not null", "x is not null")),
    Habit(EXPRESSIONS, "P . isin ( [ L ] )", FOREIGN, METHODS, Value("{P} in ({L})", "x in (1, 2)")),
    Habit(EXPRESSIONS, "P . isin ( L )", FOREIGN, METHODS, Value("{P} in ({L})", "x in (1, 2)")),
    Habit(&[Context::Step, Context::Entry], "P . fillna|fill_null|coalesce ( L )", FOREIGN, METHODS, Write("coalesce({P}, {L})")),
    Habit(EXPRESSIONS, "P . dt . weekday|dayofweek|day_of_week ( )", FOREIGN, METHODS, Say("write `day_of_week({P})`: 1 is Monday, 7 is Sunday")),
    Habit(EXPRESSIONS, "P . str|dt . W ( )", FOREIGN, METHODS, Method("{W}({P})")),
    Habit(EXPRESSIONS, "P . str|dt . W ( L )", FOREIGN, METHODS, Method("{W}({P}, {L})")),
    Habit(EXPRESSIONS, "P . alias|rename ( S )", FOREIGN, ALIAS, Call("{P}", "x")),
    Habit(EXPRESSIONS, "P . getitem|get_item ( 0 )", FOREIGN, NO_SLICE, Call("{P}[1]", "x[1]")),
    Habit(EXPRESSIONS, "P . getitem|get_item ( I )", FOREIGN, NO_SLICE, Say("items are counted from 1: `{P}[1]` is the first, `{P}[2]` the second, `{P}[-1]` the last")),
    Habit(EXPRESSIONS, "P . getfield|getitem ( Y )", FOREIGN, BEHIND_A_DOT, Call("{P}.{plain Y}", "customer.city")),
    Habit(EXPRESSIONS, "P . between|is_between ( A , B )", FOREIGN, BETWEEN, Value("{P} >= {A} and {P} <= {B}", "x >= a and x <= b")),
    Habit(EXPRESSIONS, "P « . ! cast ( S ) »", FOREIGN, METHODS, Call("cast({P} as {type S})", "cast(x as float64)")),
    Habit(EXPRESSIONS, "P « . ! cast ( V . W ) »", FOREIGN, METHODS, Call("cast({P} as {type W})", "cast(x as float64)")),
    Habit(EXPRESSIONS, "P « . ! cast ( W ( ) ) »", FOREIGN, METHODS, Call("cast({P} as {type W})", "cast(x as float64)")),
    Habit(EXPRESSIONS, "P « . ! cast ( W ) »", FOREIGN, METHODS, Call("cast({P} as {type W})", "cast(x as float64)")),
    Habit(EXPRESSIONS, "P . astype ( W )", FOREIGN, METHODS, Call("cast({P} as {type W})", "cast(x as float64)")),
    Habit(EXPRESSIONS, "P . astype ( S )", FOREIGN, METHODS, Call("cast({P} as {type S})", "cast(x as float64)")),
    Habit(EXPRESSIONS, "P . W ( )", FOREIGN, METHODS, Method("{W}({P})")),
    Habit(&[Context::Step, Context::Entry], "P . W ( L )", FOREIGN, METHODS, Method("{W}({P}, {L})")),
    Habit(VIEWS, "^ feature V = « select ! »", FOREIGN, SELECT, Say(AGGREGATE_ALONE)),
    Habit(VIEWS, "^ feature V = ( « select ! »", FOREIGN, SELECT, Say(AGGREGATE_ALONE)),
    Habit(VIEWS, "select", FOREIGN, SELECT, Say("a feature is an aggregate and its window, such as `feature total = sum(amount) over 7d`; of whom and `from` which rows is said in the head of the view")),
];
