//! Habits in the statements of views.

use super::*;

pub(super) const FILTER: &str = "the condition of an aggregate stands inside its parentheses";
const ONE_BRACKET: &str = "what an aggregate is told stands beside the values";
const GROUPS: &str = "the entity of a view groups";
const NULLS: &str = "`ignoring nulls` stands inside the parentheses";
const NULLS_WORD: &str = "nulls are left out by the words `ignoring nulls`";
const EXCLUDING: &str = "`excluding` stands after the window";
const NAMED_IN_FRONT: &str = "a feature is named in front, after the word `feature`";
const SEVERAL: &str = "several windows stand in square brackets";
const AFTER_AGGREGATE: &str = "the window stands after the aggregate";
const OF_COLUMNS: &str = "features are not aggregated in this release: aggregate a column, such as `max(amount)`, with one window at the end; two \
     features are combined in a third, such as `feature trend = total_1d / total_30d`";
const AS_OF: &str = "a feature has no `as of`: the question brings the instant";
const FOR_EVER: &str = "the window of all events is called `lifetime`";
const NO_PARTITION: &str =
    "a window is a length: the view's entity partitions, and events are in the order of their time";
const BY_LENGTH: &str = "write a duration such as `over 7d`, a number such as `over 10 events`, or `over lifetime`";
const TTL: &str = "`ttl` is a duration: how far the pipeline may be behind before values are stale";
const TTL_OR_WINDOW: &str =
    "how old events may be is the window of each feature, such as `over 1d`; a bound on the delay is written `ttl 2h`";
pub(super) const OLDER: &str = "an older window is a length, and how long before the question it ends";
pub(super) const LENGTH_AND_OFFSET: &str =
    "write how long it is, and how long before the question it ends: from 7d to 1d before it, `over 6d offset 1d`";
const WHOLE_LENGTH: &str = "a parameter is the whole length of a window, its unit too";
const UP_TO_NOW: &str = "the period up to the question is `this` one";
const ALL_DAYS: &str = "the days of a window are all days";
const OF_WORKING_DAYS: &str = "write `over 7d` for the last seven of them; which events count is a condition in the aggregate, such as \
    `count(where day_of_week(at) <= 5)` for Monday to Friday";
const OF_ONE_WEEKDAY: &str = "write how long the window is, and which of its days count as a condition in the aggregate, such as \
    `count(where day_of_week(at) = 1) over 28d` for four Mondays";
const WRITTEN_OUT: &str = "a number of events or periods is no parameter: it is written out";
const SESSIONS: &str = "windows of sessions are not in this release";
const BY_DURATION: &str = "use a duration such as `over 30m`; `time_since_last()` is the time since the last event";
const HOW_FAR: &str = "how far back a window of events reaches is said by `max`";
const NO_OFFSET: &str = "windows of the calendar have no `offset`";
const ZONE: &str = "the zone of a calendar stands after the word `in`";
const IN_ORDER: &str = "events are always in the order of their time";
const COUNTED_ITEMS: &str = "how many events count is said by the window, how many values a list has by its aggregate";
const LENGTH: &str = "a window is a length of time up to the question";
const COUNTED: &str = "a window of the last events says how many";
const ENDS_NOW: &str = "a window ends at the instant of the question, unless it has an `offset`";
const WINDOW_WORD: &str = "a window stands after the word `over`";
const OFFSET_BEFORE_DEFAULT: &str = "`offset` belongs to the window, and `default` stands after it";
const FALLBACK: &str = "a fallback belongs to an entry of a service";
const VALUE_FIRST: &str = "what is done with the value stands before its window";
const OFFSET_FIRST: &str = "`offset` belongs to the window, and `excluding` stands after both";
const LEAVES_OUT: &str = "a window leaves out events by `excluding`";
const ONE_EXCLUSION: &str = "a window has one exclusion";
const WHICH_EXCLUSION: &str = "keep one of them: `excluding now` leaves out all events of the question's instant, `excluding self` the \
     event that the question is about";
const COUNT_OR_LENGTH: &str =
    "write `over {I} events` for the last {I} events, or a length of time with its unit, such as `over {I}d`";
const NOT_THE_LATEST: &str =
    "`excluding` leaves out `now` or `self`; a window without the latest time ends earlier, by `offset`";
const LAST_EVENTS: &str = "a window of the last events ends at the question: it has no `offset`";
const ONE_FILTER: &str = "an aggregate has one `where`";
const FILTER_WORD: &str = "the condition of an aggregate stands after the word `where`";
const DEFAULT: &str = "what stands for null is said after the window, by `default`";
const NO_TYPE: &str = "a type is not written: it follows from the expression";
const EQUALS: &str = "`=` stands after the name of a feature";
const ONE_WORD: &str = "a name is one word";
const NO_EQUALS: &str = "`=` stands in features alone";
const FUTURE: &str = "windows into the future (labels) are not in this release";
const GRID: &str = "a window ends at the question, or on a grid whose step stands after `every`";
const LABEL: &str = "a window ends at the question, at the latest; a label is a column of the file, or of the spine";
const CALENDAR: &str = "a window of the calendar says `this` period, or how many of the `last` ones";
const COUNTED_PERIODS: &str = "how many of the `last` periods is said, also of one";
const STEP: &str = "the step of a grid is a length of time";

const OWN_OR_ALL: &str = "write `excluding self` to leave out the event that is asked about, `excluding now` for all events of the \
     question's instant";
const UP_TO_OR_WHOLE: &str =
    "write `over {I}d` for those up to the question, or `over last {I} days` for whole ones before this one";

#[rustfmt::skip]
pub(super) const HABITS: &[Habit] = &[
    Habit(VIEWS, "^ feature V = « coalesce|ifnull|nvl ( W ( L ) ! over N , M ) »", FOREIGN, DEFAULT, Say("write both at the end of the feature: `{W}({L}) over {N} default {M}`")),
    Habit(VIEWS, "^ feature V = « coalesce|ifnull|nvl ( W ( L ) ! over N , S ) »", FOREIGN, DEFAULT, Say("write both at the end of the feature: `{W}({L}) over {N} default {S}`")),
    Habit(VIEWS, "~ default « = »", FOREIGN, "a literal stands after `default`", Write("")),
    Habit(VIEWS, "~ default « ( T ) »", FOREIGN, "a literal stands after `default`", Call("default {T}", "default 0")),
    Habit(VIEWS, "~ default « ( - T ) »", FOREIGN, "a literal stands after `default`", Call("default -{T}", "default 0")),
    Habit(VIEWS, "~ « having »", FOREIGN, "every question has its answer: no condition leaves one out", Say("remove it; a condition over features is a feature of its own, without a window: `feature is_large = total > 10`")),
    Habit(VIEWS, "~ over « rolling|sliding|moving I day|days »", FOREIGN, CALENDAR, Say(UP_TO_OR_WHOLE)),
    Habit(VIEWS, "~ « rolling|sliding|moving I day|days »", FOREIGN, WINDOW_WORD, Say(UP_TO_OR_WHOLE)),
    Habit(VIEWS, "~ over « rolling|sliding|moving I »", FOREIGN, COUNTED, Say(COUNT_OR_LENGTH)),
    Habit(VIEWS, "~ « rolling|sliding|moving I »", FOREIGN, WINDOW_WORD, Say(COUNT_OR_LENGTH)),
    Habit(VIEWS, "~ over « rolling|sliding|moving N »", FOREIGN, ENDS_NOW, Write("{N}")),
    Habit(VIEWS, "~ « rolling|sliding|moving N »", FOREIGN, WINDOW_WORD, Write("over {N}")),
    Habit(VIEWS, "~ « including now|self »", FOREIGN, "`including` is not needed: all events of a window count, unless `excluding` leaves some out", Write("")),
    Habit(VIEWS, "~ « excluding V ! offset N »", FOREIGN, OFFSET_FIRST, Write("offset {N} excluding {V}")),
    Habit(VIEWS, "~ excluding self|now « excluding self|now »", FOREIGN, ONE_EXCLUSION, Say(WHICH_EXCLUSION)),
    Habit(VIEWS, "~ excluding self|now « ,|and|or self|now »", FOREIGN, ONE_EXCLUSION, Say(WHICH_EXCLUSION)),
    Habit(VIEWS, "~ offset « - N »", ABSENT, FUTURE, Say("an offset looks back: a window with `offset {N}` ends {N} before the question; a label is a column of the file, or of the spine")),
    Habit(VIEWS, "~ over N events « offset M »", FOREIGN, LAST_EVENTS, Say("remove it, or write a length of time for both: `over 7d offset 1d`")),
    Habit(VIEWS, "~ over N events max O « offset M »", FOREIGN, LAST_EVENTS, Say("remove it, or write a length of time for both: `over {O} offset 1d`")),
    Habit(VIEWS, "~ « default T ! offset N »", FOREIGN, OFFSET_BEFORE_DEFAULT, Write("offset {N} default {T}")),
    Habit(VIEWS, "~ « fallback gate|impute »", FOREIGN, FALLBACK, Say("remove it here, and write it in the service, after the feature's entry: `spend.total fallback gate`")),
    Habit(VIEWS, "~ W ( L ) « . over|rolling|window ( S ) »", FOREIGN, AFTER_AGGREGATE, Say("write it there without a dot, such as `{W}({L}) over 28d`")),
    Habit(VIEWS, "~ over N « +|-|*|/ M »", FOREIGN, VALUE_FIRST, Say("write it there, such as `sum(x) / 4 over {N}`")),
    Habit(VIEWS, "~ « except|without|exclude|not self »", FOREIGN, LEAVES_OUT, Write("excluding self")),
    Habit(VIEWS, "~ « except|without|exclude|not now »", FOREIGN, LEAVES_OUT, Write("excluding now")),
    Habit(VIEWS, "~ « except|without|exclude|excluding current row »", FOREIGN, LEAVES_OUT, Write("excluding self")),
    Habit(VIEWS, "~ « except|without|exclude current »", FOREIGN, LEAVES_OUT, Say(OWN_OR_ALL)),
    Habit(VIEWS, "~ « excluding ! current »", FOREIGN, LEAVES_OUT, Say(OWN_OR_ALL)),
    Habit(VIEWS, "~ « until|till|before now »", FOREIGN, ENDS_NOW, Say("remove it, or write `excluding now` to leave out events of that very instant")),
    Habit(VIEWS, "last|array_agg|list|collect_list ( L « order by K limit » I )", FOREIGN, IN_ORDER, Say("in that order write `last_n({L}, {I})`; the value at the greatest of another column is `arg_max({L}, x)`")),
    Habit(VIEWS, "first ( L « order by K limit » I )", FOREIGN, IN_ORDER, Say("in that order write `first_n({L}, {I})`; the value at the least of another column is `arg_min({L}, x)`")),
    Habit(VIEWS, "W ( L « order by R » )", FOREIGN, IN_ORDER, Say("in that order write `{W}({L})`; the value at the greatest of another column is `arg_max({L}, x)`, at the least `arg_min({L}, x)`")),
    Habit(VIEWS, "~ « within group ( R ) »", FOREIGN, IN_ORDER, Say("remove it; a quantile is `quantile(x, 0.5)`, the last values are `last_n(x, 5)`")),
    Habit(VIEWS, "~ « limit I »", FOREIGN, COUNTED_ITEMS, Say("write `over {I} events` for a window of the last {I} events, or `last_n(x, {I})` for a list of {I} values")),
    Habit(VIEWS, "over|[|, « { V } ! s|m|h|d|w »", FOREIGN, WHOLE_LENGTH, Say("write the unit where the parameter is declared, such as `param {V} = 7d`")),
    Habit(VIEWS, "over|[|, « { V } ! events »", FOREIGN, WRITTEN_OUT, Say("write for example `5 events`: a parameter is a length of time, or a value in an expression")),
    Habit(VIEWS, "over last « ! { V } »", FOREIGN, WRITTEN_OUT, Say("write for example `over last 3 months`: a parameter is a length of time, or a value in an expression")),
    Habit(VIEWS, "cap « ! { V } »", FOREIGN, "`cap` is no parameter: it is written out", Say("write for example `cap 1000`: a parameter is a length of time, or a value in an expression")),
    Habit(VIEWS, "~ over « N ! max M events »", FOREIGN, HOW_FAR, Write("{M} events max {N}")),
    Habit(VIEWS, "~ over « range between N preceding and current row »", FOREIGN, LENGTH, Write("{N}")),
    Habit(VIEWS, "~ over « range between unbounded preceding and current row »", FOREIGN, FOR_EVER, Write("lifetime")),
    Habit(VIEWS, "~ over « range between »", FOREIGN, OLDER, Say(LENGTH_AND_OFFSET)),
    Habit(VIEWS, "~ « rows|range between »", FOREIGN, COUNTED, Say("write `over 10 events` for the last ten up to the question, or a length of time, `over 7d`")),
    Habit(VIEWS, "~ « every N »", FOREIGN, "a feature has no schedule: it is computed at the instant of each question", Say("remove it; `featc backfill --every {N}` asks one question every {N}")),
    Habit(VIEWS, "~ over N « preceding|prior|before|back|ago »", FOREIGN, ENDS_NOW, Write("")),
    Habit(VIEWS, "~ offset N « ago »", FOREIGN, "`offset` counts back from the question", Write("")),
    Habit(VIEWS, "last_n|first_n|arg_max|arg_min|weighted_mean|covariance|correlation ( L where A « , » R )", FOREIGN, "the condition stands after all arguments", Say("write it last: `last_n(x, 3 where a)`, `arg_max(x, y where a)`")),
    Habit(VIEWS, "first ( L where A « , » I )", FOREIGN, "the condition stands after all arguments", Say("write `first_n({L}, {I} where {A})`, which is a list: `[1]` after it is one of them")),
    Habit(VIEWS, "last ( L where A « , » I )", FOREIGN, "the condition stands after all arguments", Say("write `last_n({L}, {I} where {A})`, which is a list: `[1]` after it is one of them")),
    Habit(VIEWS, "W ( L where A « , » I )", FOREIGN, "the condition stands after all arguments", Say("write it last: `{W}({L}, {I} where {A})`")),
    Habit(VIEWS, "W ( L where A « where|, » R )", FOREIGN, ONE_FILTER, Show("{W}({L_}where {(A)} and {(R)})", "sum(x where a and b)")),
    Habit(VIEWS, "W ( L « unless » R )", FOREIGN, FILTER_WORD, Show("{W}({L_}where not ({R}))", "sum(x where not (x > 0))")),
    Habit(VIEWS, "W ( L « if|when|filter|provided|given » R )", FOREIGN, FILTER_WORD, Show("{W}({L_}where {R})", "sum(x where x > 0)")),
    Habit(VIEWS, "« . fillna|fill_null ( method|strategy = S ) »", FOREIGN, DEFAULT, Say("nothing is filled in from other rows: `last(x)` is the last value that is there, `default 0` stands for null")),
    Habit(VIEWS, "~ « . fillna|fill_null ( value = A ) »", FOREIGN, DEFAULT, Say("remove it, and write `default {A}` at the end of the feature, after its window")),
    Habit(VIEWS, "~ « . fillna|fill_null|coalesce ( A ) »", FOREIGN, DEFAULT, Say("remove it, and write `default {A}` at the end of the feature, after its window; of one value in an expression it is `coalesce(x, {A})`")),
    Habit(VIEWS, "P . fillna|fill_null|coalesce ( A )", FOREIGN, "what stands for null is a function", Call("coalesce({P}, {A})", "coalesce(x, 0)")),
    Habit(VIEWS, "^ feature V = E « ? ? M » over N", FOREIGN, DEFAULT, Say("remove it, and write `default {M}` at the end of the feature, after its window")),
    Habit(VIEWS, "^ feature V = E « ? ? S » over N", FOREIGN, DEFAULT, Say("remove it, and write `default {S}` at the end of the feature, after its window")),
    Habit(VIEWS, "D « ? ? E »", FOREIGN, "what stands for null is a function", Call("coalesce({D}, {E})", "coalesce(x, 0)")),
    Habit(VIEWS, "~ « fillna|fill_null|fill|ifnull|otherwise N »", FOREIGN, DEFAULT, Write("default {N}")),
    Habit(VIEWS, "~ « default T ! excluding V »", FOREIGN, EXCLUDING, Write("excluding {V} default {T}")),
    Habit(VIEWS, "~ « default - T ! excluding V »", FOREIGN, EXCLUDING, Write("excluding {V} default -{T}")),
    Habit(VIEWS, "~ « cap T ! excluding V »", FOREIGN, EXCLUDING, Write("excluding {V} cap {T}")),
    Habit(VIEWS, "~ « default ! none|nan|na|nil|null »", FOREIGN, "without `default` an answer without events is null", Write("")),
    Habit(VIEWS, "~ « default ! [ L ] »", FOREIGN, "a list has no default: without events it is null", Write("")),
    Habit(VIEWS, "~ default « V »", FOREIGN, "`default` is a literal, the same for every question", Say("write for example `default 0`; in a feature of its own it may be another feature: `coalesce(total, other)`")),
    Habit(VIEWS, "^ feature V « : » =", FOREIGN, "between a name and its value stands `=` alone", Write("")),
    Habit(VIEWS, "^ feature V « : L » =", FOREIGN, NO_TYPE, Ask("", ", or say it in the expression: `cast(… as float64)`")),
    Habit(VIEWS, "^ feature V « : »", FOREIGN, EQUALS, Show("feature {V} =", "feature total =")),
    Habit(VIEWS, "^ feature V « float64|int64|string|bool|timestamp|date|duration|float|double|int|bigint|str|text|boolean » =", FOREIGN, NO_TYPE, Ask("", ", or say it in the expression: `cast(… as float64)`")),
    Habit(VIEWS, "^ feature « V ! W » =", FOREIGN, ONE_WORD, Ask("{V}_{W}", "")),
    Habit(VIEWS, "^ feature V « over »", FOREIGN, EQUALS, Say("write for example `feature {V} = count() over 7d`")),
    Habit(VIEWS, "^ feature V « W ( L ) »", FOREIGN, EQUALS, Show("feature {V} = {W}({L})", "feature total = sum(x)")),
    Habit(VIEWS, "^ feature V « W R »", FOREIGN, EQUALS, Show("feature {V} = {W} {R}", "feature total = sum(x)")),
    Habit(VIEWS, "^ feature V « W »", FOREIGN, EQUALS, Show("feature {V} = {W}", "feature total = sum(x)")),
    Habit(VIEWS, "^ owner « = »", FOREIGN, NO_EQUALS, Write("")),
    Habit(VIEWS, "^ tags « { »", FOREIGN, "tags are names in square brackets", Say("write for example `tags [growth, tier_1]`")),
    Habit(VIEWS, "^ tags « = »", FOREIGN, NO_EQUALS, Write("")),
    Habit(VIEWS, "W ( L ) . over ( N )", FOREIGN, AFTER_AGGREGATE, Write("{W}({L}) over {N}")),
    Habit(VIEWS, "mean|avg ( « count ( L ) ! over N » ) over M", Code::NestedAggregate, "an aggregate inside an aggregate, with a window of its own", Say("divide by how many {N} there are in {M}, as there are 7 of `1d` in `7d`: `count({L}) / … over {M}`")),
    Habit(VIEWS, "mean|avg ( « sum ( L ) ! over N » ) over M", Code::NestedAggregate, "an aggregate inside an aggregate, with a window of its own", Say("divide by how many {N} there are in {M}, as there are 7 of `1d` in `7d`: `sum({L}) / … over {M}`")),
    Habit(VIEWS, "count|count_distinct|sum|mean|min|max|first|last|median|mode|stddev ( « count|count_distinct|sum|mean|min|max|first|last|median|mode|stddev ( L ) ! over »", Code::NestedAggregate, "an aggregate inside an aggregate, with a window of its own", Say(OF_COLUMNS)),
    Habit(VIEWS, "W ( L , over = N )", FOREIGN, AFTER_AGGREGATE, Write("{W}({L}) over {N}")),
    Habit(VIEWS, "W ( over = N )", FOREIGN, AFTER_AGGREGATE, Write("{W}() over {N}")),
    Habit(VIEWS, "W ( L , over = S )", FOREIGN, AFTER_AGGREGATE, Say("write `{W}({L}) over 7d`")),
    Habit(VIEWS, "W ( L over N )", FOREIGN, AFTER_AGGREGATE, Write("{W}({L}) over {N}")),
    Habit(VIEWS, "« as of R »", FOREIGN, AS_OF, Ask("", "")),
    Habit(VIEWS, "^ feature W ( L ) over N as V", FOREIGN, NAMED_IN_FRONT, Write("feature {V} = {W}({L}) over {N}")),
    Habit(VIEWS, "^ feature W ( L ) as V over N", FOREIGN, NAMED_IN_FRONT, Write("feature {V} = {W}({L}) over {N}")),
    Habit(VIEWS, "^ feature U = L « as V »", FOREIGN, NAMED_IN_FRONT, Say("the feature is called `{U}`: remove `as {V}`, or write `feature {V} =` in front")),
    Habit(VIEWS, "W ( L ) over N as V", FOREIGN, NAMED_IN_FRONT, Write("feature {V} = {W}({L}) over {N}")),
    Habit(VIEWS, "W ( L ) as V over N", FOREIGN, NAMED_IN_FRONT, Write("feature {V} = {W}({L}) over {N}")),
    Habit(VIEWS, "~ over N , M , O", FOREIGN, SEVERAL, Write("over [{N}, {M}, {O}]")),
    Habit(VIEWS, "~ over N , M", FOREIGN, SEVERAL, Write("over [{N}, {M}]")),
    Habit(VIEWS, "~ over N . . M", FOREIGN, OLDER, Say("of the week before the last one write `over 7d offset 7d`")),
    Habit(VIEWS, "~ over N « slide|sliding|slides|hop|hopping|step|aggregation_interval|slide_interval M »", FOREIGN, GRID, Ask("every {M}", ", for a window that ends at the last full {M}")),
    Habit(VIEWS, "~ over N « lag|shift M »", FOREIGN, OLDER, Ask("offset {M}", ", for a window that ends so long before the question")),
    Habit(VIEWS, "~ over N « to M »", FOREIGN, OLDER, Say("of the {N} that end {M} before the question write `over {N} offset {M}`")),
    Habit(VIEWS, "~ over « all time »", FOREIGN, FOR_EVER, Write("lifetime")),
    Habit(VIEWS, "~ over « all|unbounded|forever|ever|always|infinity|everything »", FOREIGN, FOR_EVER, Write("lifetime")),
    Habit(VIEWS, "~ over « ( » partition|order|rows|range", FOREIGN, NO_PARTITION, Say(BY_LENGTH)),
    Habit(VIEWS, "~ over session", ABSENT, SESSIONS, Say(BY_DURATION)),
    Habit(VIEWS, "~ over N rows", FOREIGN, COUNTED, Write("over {N} events")),
    Habit(VIEWS, "~ over last|past|previous|prior|trailing|the N rows|events", FOREIGN, COUNTED, Write("over {N} events")),
    Habit(VIEWS, "~ over « previous|prior » N week|weeks|month|months|quarter|quarters|year|years", FOREIGN, CALENDAR, Write("last")),
    Habit(VIEWS, "~ over « W to date »", FOREIGN, UP_TO_NOW, Write("this {W}")),
    Habit(VIEWS, "~ over « wtd »", FOREIGN, UP_TO_NOW, Write("this week")),
    Habit(VIEWS, "~ over « mtd »", FOREIGN, UP_TO_NOW, Write("this month")),
    Habit(VIEWS, "~ over « qtd »", FOREIGN, UP_TO_NOW, Write("this quarter")),
    Habit(VIEWS, "~ over « ytd »", FOREIGN, UP_TO_NOW, Write("this year")),
    Habit(VIEWS, "~ over last|past|previous|the I business|working|trading day|days", FOREIGN, ALL_DAYS, Say(OF_WORKING_DAYS)),
    Habit(VIEWS, "~ over last|past|previous|the I mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|weekends|weekdays", FOREIGN, ALL_DAYS, Say(OF_ONE_WEEKDAY)),
    Habit(VIEWS, "~ over I business|working|trading day|days", FOREIGN, ALL_DAYS, Say(OF_WORKING_DAYS)),
    Habit(VIEWS, "~ over past|previous|prior|trailing|the N hour|hours", FOREIGN, CALENDAR, Say("write `over {N}h` for those up to the question, or `over last {N} hours` for whole ones before this one")),
    Habit(VIEWS, "~ over past|previous|prior|trailing|the N day|days", FOREIGN, CALENDAR, Say("write `over {N}d` for those up to the question, or `over last {N} days` for whole ones before this one")),
    Habit(VIEWS, "~ over « this ! N » hour|hours|day|days|week|weeks|month|months|quarter|quarters|year|years", FOREIGN, CALENDAR, Ask("last {N}", " for the whole ones before this one")),
    Habit(VIEWS, "~ over « N ! calendar » hour|hours|day|days|week|weeks|month|months|quarter|quarters|year|years", FOREIGN, CALENDAR, Ask("last {N}", " for whole ones before this one")),
    Habit(VIEWS, "~ over past|trailing|the N week|weeks|month|months|quarter|quarters|year|years", FOREIGN, CALENDAR, Say("write days up to the question, such as `over 30d`, or whole periods before this one, such as `over last {N} months`")),
    Habit(VIEWS, "last N « ! hour|hours|day|days|week|weeks|month|months|quarter|quarters|year|years »", FOREIGN, CALENDAR, Say("write the name of the period in small letters, such as `last {N} months`")),
    Habit(VIEWS, "~ over last|past|previous|prior|trailing|the I", FOREIGN, COUNTED, Say(COUNT_OR_LENGTH)),
    Habit(VIEWS, "~ over last|past|previous|prior|trailing|the N", FOREIGN, ENDS_NOW, Write("over {N}")),
    Habit(VIEWS, "~ « within|window|for|during|last|past I day|days »", FOREIGN, WINDOW_WORD, Say(UP_TO_OR_WHOLE)),
    Habit(VIEWS, "~ over N events « within|in|for|during|over|of M »", FOREIGN, HOW_FAR, Write("max {M}")),
    Habit(VIEWS, "~ over since ( L ) « within|in|for|during|over|of M »", FOREIGN, HOW_FAR, Write("max {M}")),
    Habit(VIEWS, "~ over « since ( L ) ! »", FOREIGN, HOW_FAR, Say("write how far back its beginning is looked for: `over since ({L}) max 30d`")),
    Habit(VIEWS, "~ over « since ! A »", FOREIGN, HOW_FAR, Say("such a window begins with the last event for which a condition holds: write the condition in parentheses, and how far back that event is looked for, such as `over since ({A}) max 30d`")),
    Habit(VIEWS, "~ over « until|till|before|after|from ( »", FOREIGN, ENDS_NOW, Say("a window that begins with an event is `over since (…) max 30d`")),
    Habit(VIEWS, "~ over « rows|range between »", FOREIGN, COUNTED, Say("write `over 10 events` for the last ten up to the question")),
    Habit(VIEWS, "~ over last N V « offset M »", FOREIGN, NO_OFFSET, Say("write two features, `over last 1 {V}` and `over last 2 {V}`, whose sums differ by the period before")),
    Habit(VIEWS, "~ over this V « offset M »", FOREIGN, NO_OFFSET, Say("write `over last 1 {V}` for the whole one before this one")),
    Habit(VIEWS, "~ « tz|timezone|zone S »", FOREIGN, ZONE, Write("in {S}")),
    Habit(VIEWS, "~ over N « in S »", FOREIGN, "a length of time is the same in every zone", Say("remove `in {S}`; whole days and months of a zone are `over last 7 days in {S}` and `over last 1 month in {S}`, a window that moves by its days is `over 7d every 1d in {S}`")),
    Habit(VIEWS, "~ « decay|decayed|halflife|half_life|decaying »", ABSENT, "decaying aggregates are not in this release", Say("write several windows, such as `over [1d, 7d, 30d]`, and weigh them where the answers are used")),
    Habit(VIEWS, "~ « excluding ! last|past|previous|the N event|events|row|rows »", FOREIGN, LEAVES_OUT, Say("write `excluding self` to leave out the event that is asked about; a number of the last events cannot be left out")),
    Habit(VIEWS, "~ « excluding ! last|past|previous|the I »", FOREIGN, NOT_THE_LATEST, Say("write lengths of time: `over 30d offset 1d` are the 30 days before the last one")),
    Habit(VIEWS, "~ « excluding ! I »", FOREIGN, NOT_THE_LATEST, Say("write lengths of time: `over 30d offset 1d` are the 30 days before the last one")),
    Habit(VIEWS, "~ « excluding ! last|past|previous|the N »", FOREIGN, NOT_THE_LATEST, Say("write `over lifetime offset {N}`, or `over 30d offset {N}` for the 30 days before it")),
    Habit(VIEWS, "~ « excluding ! N »", FOREIGN, NOT_THE_LATEST, Say("write `over lifetime offset {N}`, or `over 30d offset {N}` for the 30 days before it")),
    Habit(VIEWS, "~ « in ! last|past|previous|the I »", FOREIGN, WINDOW_WORD, Say(COUNT_OR_LENGTH)),
    Habit(VIEWS, "~ « in ! I »", FOREIGN, WINDOW_WORD, Say(COUNT_OR_LENGTH)),
    Habit(VIEWS, "~ « within|window|for|during|since|last last|past|previous|the I »", FOREIGN, WINDOW_WORD, Say(COUNT_OR_LENGTH)),
    Habit(VIEWS, "~ « within|window|for|during|since|last I »", FOREIGN, WINDOW_WORD, Say(COUNT_OR_LENGTH)),
    Habit(VIEWS, "~ over « window|within N »", FOREIGN, WINDOW_WORD, Write("{N}")),
    Habit(VIEWS, "~ « in ! last|past|previous|the N »", FOREIGN, WINDOW_WORD, Write("over {N}")),
    Habit(VIEWS, "~ « in ! N »", FOREIGN, WINDOW_WORD, Write("over {N}")),
    Habit(VIEWS, "~ « within|window|for|during|since|last last|past|previous|the N »", FOREIGN, WINDOW_WORD, Write("over {N}")),
    Habit(VIEWS, "~ « within|window|for|during|since|last N »", FOREIGN, WINDOW_WORD, Write("over {N}")),
    Habit(VIEWS, "~ over « [ N ! M ] »", FOREIGN, "commas stand between the windows of a list", Write("[{N}, {M}]")),
    Habit(VIEWS, "~ over « next|following|coming »", ABSENT, FUTURE, Say(LABEL)),
    Habit(VIEWS, "~ over « - N »", ABSENT, FUTURE, Say("the time before the question is `over {N}`; a label is a column of the file, or of the spine")),
    Habit(VIEWS, "~ over N every M in S « after O »", FOREIGN, "`after` stands before the zone", Show("over {N} every {M} after {O} in {S}", "over 7d every 1d after 2h in \"Europe/Paris\"")),
    Habit(VIEWS, "~ over N month|months|mon", FOREIGN, CALENDAR, Say("whole months before this one are `over last 3 months`, days `over 30d`")),
    Habit(VIEWS, "~ over N quarter|quarters|year|years|yr", FOREIGN, CALENDAR, Say("whole years before this one are `over last 2 years`, days `over 365d`")),
    Habit(VIEWS, "« N ! month|months|quarter|quarters|year|years »", FOREIGN, CALENDAR, Say("write days up to the question, such as `30d`, or whole periods before this one, such as `last {N} months`")),
    Habit(VIEWS, "~ over calendar|current|yesterday|tomorrow|weekend", FOREIGN, CALENDAR, Say("write for example `over this week`, `over last 1 day` or `over 7d`")),
    Habit(VIEWS, "~ over today|day", FOREIGN, CALENDAR, Say("write `over this day` for what began at midnight, or `over 1d`")),
    Habit(VIEWS, "~ over week", FOREIGN, CALENDAR, Say("write `over this week` for what began on Monday, or `over 7d`")),
    Habit(VIEWS, "last|past|previous|prior hour", FOREIGN, COUNTED_PERIODS, Ask("last 1 hour", " for the whole one before this one, or `1h` for the hour up to the question")),
    Habit(VIEWS, "last|past|previous|prior day", FOREIGN, COUNTED_PERIODS, Ask("last 1 day", " for the whole one before this one, or `1d` for the day up to the question")),
    Habit(VIEWS, "last|previous|prior week", FOREIGN, COUNTED_PERIODS, Write("last 1 week")),
    Habit(VIEWS, "past week", FOREIGN, COUNTED_PERIODS, Ask("last 1 week", " for the whole one before this one, or `7d` for the time up to the question")),
    Habit(VIEWS, "last|previous|prior month", FOREIGN, COUNTED_PERIODS, Write("last 1 month")),
    Habit(VIEWS, "past month", FOREIGN, COUNTED_PERIODS, Ask("last 1 month", " for the whole one before this one, or `30d` for the time up to the question")),
    Habit(VIEWS, "last|previous|prior quarter", FOREIGN, COUNTED_PERIODS, Write("last 1 quarter")),
    Habit(VIEWS, "past quarter", FOREIGN, COUNTED_PERIODS, Ask("last 1 quarter", " for the whole one before this one, or `91d` for the time up to the question")),
    Habit(VIEWS, "last|previous|prior year", FOREIGN, COUNTED_PERIODS, Write("last 1 year")),
    Habit(VIEWS, "past year", FOREIGN, COUNTED_PERIODS, Ask("last 1 year", " for the whole one before this one, or `365d` for the time up to the question")),
    Habit(VIEWS, "every « hour »", FOREIGN, STEP, Write("1h")),
    Habit(VIEWS, "every « day »", FOREIGN, STEP, Write("1d")),
    Habit(VIEWS, "every « week »", FOREIGN, STEP, Write("7d")),
    Habit(VIEWS, "~ over month|mtd", FOREIGN, CALENDAR, Say("write `over this month` for what began on its first day, or `over 30d`")),
    Habit(VIEWS, "~ over year|ytd", FOREIGN, CALENDAR, Say("write `over this year` for what began on its first day, or `over 365d`")),
    Habit(VIEWS, "^ ttl « = »", FOREIGN, TTL, Say(TTL_OR_WINDOW)),
    Habit(VIEWS, "~ W ( L ) « where » R", FOREIGN, FILTER, Show("{W}({L_}where {R})", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) over B « where » R", FOREIGN, FILTER, Show("{W}({L_}where {R}) over {B}", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) over B default T « where » R", FOREIGN, FILTER, Show("{W}({L_}where {R}) over {B} default {T}", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) « filter » ( R )", FOREIGN, FILTER, Show("{W}({L_}{R})", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) over B « filter » ( R )", FOREIGN, FILTER, Show("{W}({L_}{R}) over {B}", "sum(x where x > 0)")),
    Habit(VIEWS, "~ W ( L ) « filter »", FOREIGN, FILTER, Show("", "sum(x where x > 0)")),
    Habit(VIEWS, "W ( L « ignore|skip nulls »", FOREIGN, NULLS_WORD, Write("ignoring nulls")),
    Habit(VIEWS, "~ quantile|quantileexact|quantiletdigest|quantiletiming ( N ) « ( A ) »", FOREIGN, ONE_BRACKET, Show("quantile({A}, {N})", "quantile(x, 0.95)")),
    Habit(VIEWS, "~ W ( L ) « by|without ( K ) »", FOREIGN, GROUPS, Say("remove it: write a view of an entity with these keys; its features have a window, such as `sum(x) over 5m`")),
    Habit(VIEWS, "W ( L , « ignore|skip ! nulls »", FOREIGN, NULLS_WORD, Write("ignoring nulls")),
    Habit(VIEWS, "~ W ( L ) « ignore|skip nulls »", FOREIGN, NULLS, Show("{W}({L_}ignoring nulls)", "last(x ignoring nulls)")),
    Habit(VIEWS, "~ W ( L ) « ignoring nulls »", FOREIGN, NULLS, Show("{W}({L_}ignoring nulls)", "last(x ignoring nulls)")),
    Habit(VIEWS, "~ W ( L ) « ignoring »", FOREIGN, NULLS, Show("{W}({L_}ignoring nulls)", "last(x ignoring nulls)")),
    Habit(VIEWS, "~ W ( L ) « excluding T » over R", FOREIGN, EXCLUDING, Show("{W}({L}) over {R} excluding {T}", "count() over 1h excluding self")),
    Habit(VIEWS, "~ W ( L ) « excluding T »", FOREIGN, EXCLUDING, Show("", "over 1h excluding self")),
    Habit(VIEWS, "P . W ( L )", FOREIGN, values::METHODS, Method("{W}({P}, {L})")),
    Habit(EXPRESSIONS, "D in « ! W »", FOREIGN, "behind `in` stands no name", Say("the values of a list stand in parentheses, `in (\"a\", \"b\")`, a zone in quotes, `in \"Europe/Amsterdam\"`; whether a table has a key is `lookup planes(tail).seats is not null`, of a column that is never null")),
];
