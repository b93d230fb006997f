//! Habits in expressions, and in the steps of transforms.

use super::*;

const METHODS: &str = "values have no methods: a function stands before its argument";
const CONDITIONAL: &str = "a choice is written as `case` or `if(condition, value, otherwise)`";
const BETWEEN: &str = "`between` is not in this release";
const SELECT: &str = "`select` is not used: a feature is an expression";
const SELECT_ALL: &str = "`select` is not used: a transform keeps all columns";
const KEEP_ALL: &str = "remove it; `where` keeps rows, `let` adds a column: `let doubled = amount * 2`";
const ONE_WHERE: &str = "`where` stands once, before all conditions";
const CONDITION: &str = "a bool is a condition by itself, and `is` asks for null alone";
const UNEQUAL: &str = "`is not` takes `null` alone";
const EQUAL: &str = "`is` takes `null` and `not null` alone";
const NAN: &str = "`is` takes `null` and `not null` alone";
const PART: &str = "a part of an instant is a function of it";
const NO_TYPE: &str = "a type is not written: it follows from the expression";
const EQUALS: &str = "behind the name stands `=`";
const ONE_WORD: &str = "a name is one word";
const CLOCKS: &str = "the zone of the clocks stands behind the word `in`";
const NO_ZONE: &str = "an instant is the same in every zone";
const NO_DOLLAR: &str = "neither names nor numbers have a `$`";
const MEMBER: &str = "`in` takes a list of values: whether a text is in another is a function";
const IN_LIST: &str = "`in` takes its values in parentheses";
const NO_SLICE: &str = "one item of a list stands in `[…]`";
const PARTS: &str = "write `{P}[2]` for the second item of a list, `{P}[-1]` for the last; a part of a text is \
    `substring({P}, 1, 2)`, from its first letter on two";
const POWER: &str = "a power is a function";
const POWER_OF_POWER: &str = "write `pow(a, pow(b, c))`, or `pow(pow(a, b), c)`";

#[rustfmt::skip]
pub(super) const HABITS: &[Habit] = &[
    Habit(ALL, "count ( * )", FOREIGN, "`count` takes no `*`", Write("count()")),
    Habit(ALL, "W ( * )", FOREIGN, "`{W}` takes no `*`", Say("`{W}` takes a value, for example `{W}(amount)`; `count()` counts events")),
    Habit(ALL, "count ( A « distinct » )", Code::UnknownKeyword, "`distinct` is not a keyword", Show("count_distinct({A})", "count_distinct(x)")),
    Habit(ALL, "« $ V »", FOREIGN, NO_DOLLAR, Write("{V}")),
    Habit(ALL, "« $ N »", FOREIGN, NO_DOLLAR, Write("{N}")),
    Habit(BODIES, "if L then K elif|elsif|elseif", FOREIGN, CONDITIONAL, Say("write `case when … then … when … then … else … end`")),
    Habit(BODIES, "case L « elif|elsif|elseif »", FOREIGN, "each further condition of a `case` begins with `when`", Write("when")),
    Habit(BODIES, "S not « in ! V »", FOREIGN, MEMBER, Show("not contains({V}, {S})", "not contains(x, \"a\")")),
    Habit(BODIES, "S « in ! V »", FOREIGN, MEMBER, Show("contains({V}, {S})", "contains(x, \"a\")")),
    Habit(BODIES, "« in ! S »", FOREIGN, IN_LIST, Write("in ({S})")),
    Habit(BODIES, "P « [ ! : N ] »", FOREIGN, NO_SLICE, Show("substring({P}, 1, {N})", "substring(x, 1, 2)")),
    Habit(BODIES, "P « [ 0 ! : N ] »", FOREIGN, NO_SLICE, Show("substring({P}, 1, {N})", "substring(x, 1, 2)")),
    Habit(BODIES, "P « [ L ! : K ] »", FOREIGN, NO_SLICE, Say(PARTS)),
    Habit(BODIES, "P « [ L ! , K ] »", FOREIGN, NO_SLICE, Say(PARTS)),
    Habit(BODIES, "P « [ ! ] »", FOREIGN, NO_SLICE, Say(PARTS)),
    Habit(BODIES, "P ~ S", FOREIGN, "patterns are looked for by functions", Show("regexp_matches({P}, {S})", "regexp_matches(x, \"^a\")")),
    Habit(ALL, "count ( « distinct » ! R )", Code::UnknownKeyword, "`distinct` is not a keyword", Show("count_distinct({R})", "count_distinct(x)")),
    Habit(ALL, "W ( « distinct » ! T", Code::UnknownKeyword, "`distinct` is not a keyword", Show("", "count_distinct(x)")),
    Habit(ALL, "P « : : » W ( T U X )", FOREIGN, "`::` is not an operator of this language", Show("cast({P} as {W}({T}{U} {X}))", "cast(x as float64)")),
    Habit(ALL, "P « : : » W", FOREIGN, "`::` is not an operator of this language", Show("cast({P} as {W})", "cast(x as float64)")),
    Habit(ALL, "P « : : »", FOREIGN, "`::` is not an operator of this language", Show("", "cast(x as float64)")),
    Habit(ALL, "P not « between » T and U", FOREIGN, BETWEEN, Show("({P} < {T} or {P} > {U})", "(x < a or x > b)")),
    Habit(ALL, "P not « between »", FOREIGN, BETWEEN, Show("", "(x < a or x > b)")),
    Habit(ALL, "P « between » T and U", FOREIGN, BETWEEN, Show("{P} >= {T} and {P} <= {U}", "x >= a and x <= b")),
    Habit(ALL, "P « between »", FOREIGN, BETWEEN, Show("", "x >= a and x <= b")),
    Habit(BODIES, "A if B else C", FOREIGN, CONDITIONAL, Write("case when {B} then {A} else {C} end")),
    Habit(BODIES, "if A then B else C end", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(BODIES, "if A then B else C", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(BODIES, "if A then B end", FOREIGN, CONDITIONAL, Write("case when {A} then {B} end")),
    Habit(BODIES, "if A then B", FOREIGN, CONDITIONAL, Write("case when {A} then {B} end")),
    Habit(BODIES, "if A { B } else { C }", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(BODIES, "if A { B }", FOREIGN, CONDITIONAL, Write("case when {A} then {B} end")),
    Habit(BODIES, "A ? B : C", FOREIGN, CONDITIONAL, Write("case when {A} then {B} else {C} end")),
    Habit(BODIES, "and|or « ! where »", FOREIGN, ONE_WHERE, Write("")),
    Habit(BODIES, "P « is not ! true »", FOREIGN, CONDITION, Show("not coalesce({P}, false)", "not coalesce(x, false)")),
    Habit(BODIES, "P « is not ! false »", FOREIGN, CONDITION, Show("coalesce({P}, true)", "coalesce(x, true)")),
    Habit(BODIES, "P « is ! true »", FOREIGN, CONDITION, Show("{P}", "where x")),
    Habit(BODIES, "P « is ! false »", FOREIGN, CONDITION, Show("not {P}", "not x")),
    Habit(BODIES, "« is not ! N »", FOREIGN, UNEQUAL, Write("!= {N}")),
    Habit(BODIES, "« is not ! S »", FOREIGN, UNEQUAL, Write("!= {S}")),
    Habit(BODIES, "« is ! N »", FOREIGN, EQUAL, Write("= {N}")),
    Habit(BODIES, "« is ! S »", FOREIGN, EQUAL, Write("= {S}")),
    Habit(BODIES, "P is « nan »", FOREIGN, NAN, Say("a NaN of the file is null, unless the source says `keep nan`: write `{P} is null`")),
    Habit(BODIES, "year|month|day_of_month|day_of_week|day_of_year|hour|minute|date ( V « at time zone S » )", FOREIGN, CLOCKS, Write("in {S}")),
    Habit(BODIES, "« at time zone S »", FOREIGN, NO_ZONE, Say("parts of it are read on the clocks of a zone: `hour(at in {S})`, `date(at in {S})`")),
    Habit(BODIES, "extract ( day from A )", FOREIGN, PART, Write("day_of_month({A})")),
    Habit(BODIES, "extract ( doy from A )", FOREIGN, PART, Write("day_of_year({A})")),
    Habit(BODIES, "extract ( isodow from A )", FOREIGN, PART, Write("day_of_week({A})")),
    Habit(BODIES, "extract ( dow|dayofweek from A )", FOREIGN, PART, Say("write `day_of_week({A})`: 1 is Monday, 7 is Sunday")),
    Habit(BODIES, "extract ( V from A )", FOREIGN, PART, Write("{V}({A})")),
    Habit(BODIES, "in [ L ]", FOREIGN, "a list of values stands in parentheses", Write("in ({L})")),
    Habit(BODIES, "not null", FOREIGN, "`not null` follows the word `is`", Write("is not null")),
    Habit(STEPS, "^ let V « : L » =", FOREIGN, NO_TYPE, Write("")),
    Habit(STEPS, "^ let V « : »", FOREIGN, EQUALS, Show("let {V} =", "let doubled =")),
    Habit(STEPS, "^ let V « float64|int64|string|bool|timestamp|date|duration|float|double|int|bigint|str|text|boolean » =", FOREIGN, NO_TYPE, Write("")),
    Habit(STEPS, "^ let V « W » =", FOREIGN, ONE_WORD, Show("let {V}_{W} =", "let doubled =")),
    Habit(STEPS, "^ let V « W ( L ) »", FOREIGN, EQUALS, Show("let {V} = {W}({L})", "let doubled = amount * 2")),
    Habit(STEPS, "^ let V « W R »", FOREIGN, EQUALS, Show("let {V} = {W} {R}", "let doubled = amount * 2")),
    Habit(STEPS, "^ let V « W »", FOREIGN, EQUALS, Show("let {V} = {W}", "let doubled = amount * 2")),
    Habit(STEPS, "^ where A « , » R", FOREIGN, "conditions are joined by `and`", Show("where {(A)} and {(R)}", "where a and b")),
    Habit(STEPS, "P « ? ? Q »", FOREIGN, "what stands for null is a function", Show("coalesce({P}, {Q})", "coalesce(x, 0)")),
    Habit(STEPS, "select", FOREIGN, SELECT_ALL, Say(KEEP_ALL)),
    Habit(BODIES, "P * * Q * * Q", FOREIGN, POWER, Say(POWER_OF_POWER)),
    Habit(BODIES, "P ^ Q ^ Q", FOREIGN, POWER, Say(POWER_OF_POWER)),
    Habit(BODIES, "P * * Q", FOREIGN, POWER, Write("pow({P}, {Q})")),
    Habit(BODIES, "P ^ Q", FOREIGN, POWER, Write("pow({P}, {Q})")),
    Habit(BODIES, "V . isnull|isna|is_null ( )", FOREIGN, METHODS, Write("{V} is null")),
    Habit(BODIES, "V . notnull|notna|is_not_null ( )", FOREIGN, METHODS, Write("{V} is not null")),
    Habit(BODIES, "V . isin ( L )", FOREIGN, METHODS, Write("{V} in ({L})")),
    Habit(BODIES, "V . fillna ( L )", FOREIGN, METHODS, Write("coalesce({V}, {L})")),
    Habit(BODIES, "V . dt . weekday|dayofweek|day_of_week ( )", FOREIGN, METHODS, Say("write `day_of_week({V})`: 1 is Monday, 7 is Sunday")),
    Habit(BODIES, "V . str|dt . W ( )", FOREIGN, METHODS, Write("{W}({V})")),
    Habit(BODIES, "V . str|dt . W ( L )", FOREIGN, METHODS, Write("{W}({V}, {L})")),
    Habit(BODIES, "V . W ( )", FOREIGN, METHODS, Write("{W}({V})")),
    Habit(BODIES, "select", FOREIGN, SELECT, Write("")),
];
