//! E04xx: keys, aggregates, views.

use featc_ir::aggregate::Row;
use featc_ir::{Aggregate, Table, Type};
use featc_syntax::diag::{Diagnostic, Span};
use featc_syntax::messages;

messages! {
    E0401 key_type_differs(column: (&str, Type), entity: &str, key: (&str, Type), at: Span, key_at: Span) {
        let ((column, column_ty), (key, key_ty)) = (column, key);
        let convert = format!("in a transform: `let {key}_key = cast({column} as {key_ty})`, then `by ({key}_key)`");
        let help = match column_ty {
            Type::List(_) => format!(
                "a list is no key: write a row for each of its items into the file, or take one item in a transform, \
                 `let {key}_key = {column}[1]`, then `by ({key}_key)`"
            ),
            _ if column_ty.may_be_key() => {
                format!(
                    "declare the key as the column is, `{key}: {column_ty}`, if it is so in every source, or convert {convert}"
                )
            }
            _ => format!("convert {convert}"),
        };
        "key column `{column}` is {column_ty}, key `{key}` of entity `{entity}` is {key_ty}";
        at: "brings `{column}`: {column_ty}";
        key_at: "wants {key_ty}";
        help: "{help}";
    }

    E0401 keys_in_another_order(entity: &str, keys: &str, columns: &str, at: Span, entity_at: Span) {
        "the columns of the key have the types of the keys of `{entity}` in another order";
        at: "one column per key, in their order";
        entity_at: "has ({keys})";
        help: "write `by ({columns})` if these hold ({keys})";
    }

    /// The key of a table cannot be another column, so one of the two declarations is wrong. `table`: its name, and where the type
    /// of its column stands.
    E0401 key_type_of_a_table(table: (&str, Span), column: (&str, Type), entity: &str, key: (&str, Type), at: Span, key_at: Span) {
        let ((table, column_at), (column, column_ty), (key, key_ty)) = (table, column, key);
        let other = match column_ty.may_be_key() {
            true => format!(", or `{key}: {column_ty}` in entity `{entity}` if all files of its views have such keys"),
            false => String::new(),
        };
        "key column `{column}` of table `{table}` is {column_ty}, key `{key}` of entity `{entity}` is {key_ty}";
        at: "brings `{column}`: {column_ty}";
        column_at: "the table says {column_ty}";
        key_at: "wants {key_ty}";
        help: "give both one type: write `{column}: {key_ty}` in table `{table}` if its file has such keys{other}";
    }

    E0402 key_type_refused(key: &str, ty: Type, at: Span) {
        "key `{key}` is {ty}";
        at: "cannot be a key";
        help: "keys are bool, int64, string, date, timestamp or decimal";
    }

    E0403 key_count_differs(found: usize, entity: &str, keys: &[String], at: Span, entity_at: Span) {
        let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        let (found, wanted) = (plural(found, "column"), plural(keys.len(), "key"));
        let (names, quoted) = (keys.join(", "), super::list(keys));
        "`by` names {found}, entity `{entity}` has {wanted}";
        at: "one column per key, in order";
        entity_at: "keys: {names}";
        help: "name the columns that hold {quoted}";
    }

    E0404 nullable_key(key: &str, at: Span) {
        "key `{key}` may not be null";
        at: "no null identifies an entity";
        help: "remove the `?`: events with a null key are left out of the view", at => "";
    }

    E0405 entity_without_key(entity: &str, at: Span) {
        "entity `{entity}` has no key";
        at: "what tells two of them apart?";
        help: "write `entity {entity} (id: string)`";
    }

    E0406 service_key_conflict(service: &str, column: &str, ty: Type, at: Span, first: Type, first_at: Span) {
        "service `{service}` needs `{column}` both as {first} and as {ty}";
        at: "needs {ty}";
        labels: (first_at != at).then(|| (first_at, format!("needs {first}")));
        note: "a question brings each key once, by its name";
        help: "split the service, or rename one of the two keys";
    }

    E0407 aggregate_outside_view(aggregate: &str, arguments: usize, at: Span) {
        let help = match (aggregate, arguments) {
            ("max", 2..) => "the greatest of several values of a row is `greatest(a, b)`",
            ("min", 2..) => "the least of several values of a row is `least(a, b)`",
            _ => "aggregate in a feature of a view, with `over`: it is of events; of a list the items, `list[1]`, and their number, \
                  `length(list)`, can be read",
        };
        "aggregate `{aggregate}` outside of a feature";
        at: "a transform sees one row at a time";
        help: "{help}";
    }

    /// `any(tags = "sale")` in a transform; `call`: whether a list has such an item.
    E0407 any_item_outside_view(at: Span, call: &str) {
        "aggregate `any` outside of a feature";
        at: "a transform sees one row at a time";
        help: "whether a list has such an item is `{call}`; of events, aggregate in a feature of a view, with `over`";
    }

    E0408 aggregate_of_last_events(inner: (&str, Span), outer: (&str, Span), value: &str, number: &str) {
        let ((inner, at), (outer, outer_at)) = (inner, outer);
        "aggregate `{inner}` inside aggregate `{outer}`";
        at: "inside";
        outer_at: "outside";
        help: "the last events are a window: `{outer}({value}) over {number} events`";
    }

    /// In a `where`, which is no argument.
    E0408 aggregate_in_a_condition(inner: &str, at: Span, outer: &str, outer_at: Span) {
        "aggregate `{inner}` inside aggregate `{outer}`";
        at: "inside";
        outer_at: "outside";
        help: "a condition is asked of one event: compare with a column or a literal; two features are compared in a third, such as \
               `feature above = last_amount > mean_amount`";
    }

    E0408 nested_aggregate(inner: &str, at: Span, outer: &str, outer_at: Span) {
        let rate = match (outer, inner) {
            ("mean", "count") => "; a number per day is `count() / 7 over 7d`",
            ("mean", "sum") => "; a sum per day is `sum(amount) / 7 over 7d`",
            _ => "",
        };
        "aggregate `{inner}` inside aggregate `{outer}`";
        at: "inside";
        outer_at: "outside";
        help: "features are not aggregated in this release: aggregate a column, such as `{outer}(amount)`{rate}";
    }

    /// `argument`: as written, if it is short.
    E0409 wrong_aggregate_argument(aggregate: &Row, argument: &str, types: &[Type], at: Span) {
        let name = aggregate.name;
        let of_numbers = types.len() == 1 && (aggregate.result)(&[Type::Float64]).is_some();
        let help = match types {
            [Type::Duration] if of_numbers => {
                format!("aggregate a number: `{name}(seconds(…))`, `{name}(minutes(…))`, `{name}(hours(…))`, `{name}(days(…))`")
            }
            [Type::Bool] if name == "mean" => {
                format!("the share of events for which it is true is `mean(if({argument}, 1, 0))`")
            }
            [Type::Bool] if of_numbers => "count the rows for which it is true: `count(where …)`".to_owned(),
            [Type::String] if argument.starts_with('"') => {
                format!("a column has no quotes: `{name}({})`", argument.trim_matches('"'))
            }
            [Type::List(_)] => format!(
                "nothing is aggregated over the items of a list in this release: aggregate one item, `last({argument}[1])`, or how \
                 many there are, `max(length({argument}))`"
            ),
            [numbers, Type::Timestamp] if numbers.is_numeric() && (name == "slope" || name == "intercept") => format!(
                "`{name}` takes {}: of an instant `x` write hours or days since another one, `hours(x - @2025-01-01T00:00:00Z)`",
                aggregate.takes
            ),
            _ => format!("`{name}` takes {}", aggregate.takes),
        };
        let types = types.iter().map(Type::to_string).collect::<Vec<_>>().join(" and ");
        "`{name}` of {types}";
        at: "{types}";
        help: "{help}";
    }

    /// Two numbers of different types; `meant`: the arguments as they can be written.
    E0409 mixed_arguments(aggregate: &str, types: [Type; 2], at: Span, meant: &str) {
        let [first, second] = types;
        "`{aggregate}` of {first} and {second}";
        at: "{first} and {second}";
        help: "write `{aggregate}({meant})`", at => meant;
    }

    E0410 mixed_feature(feature: &str, reads: &str, at: Span) {
        "feature `{feature}` aggregates and reads feature `{reads}`";
        at: "a feature, beside an aggregate";
        help: "make two features: one that aggregates with `over`, one without `over` that combines";
    }

    E0411 time_outside_aggregate(column: &str, at: Span) {
        "column `{column}` outside of an aggregate";
        at: "of which event?";
        help: "the instant of the question is `at` in a feature of a service, such as `feature pause = at - spend.last_at`; that of \
               the last event is `last({column})`";
    }

    E0411 column_outside_aggregate(column: &str, at: Span, beside: Beside) {
        let help = match beside {
            Beside::Values => format!(
                "if the `{column}` of the question itself is meant, declare it as a field of a `request` and combine it \
                 with the features in the service; an aggregate such as `max({column})` is of all events of its window that are known"
            ),
            Beside::Window => format!("write an aggregate, for example `last({column})` for that of the last event"),
            Beside::Nothing => format!(
                "write an aggregate and a window, for example `last({column}) over 7d` for that of the last event"
            ),
        };
        "column `{column}` outside of an aggregate";
        at: "of which event?";
        help: "{help}";
    }

    E0412 feature_reads_nothing(feature: &str, at: Span) {
        "feature `{feature}` reads neither events nor features";
        at: "the same for every question";
        help: "aggregate with `over`, or read another feature of the view";
    }

    E0413 cap_without_values(feature: &str, at: Span) {
        let capped = Aggregate::ALL.iter().filter(|aggregate| aggregate.cap().is_some());
        let capped = super::list(&capped.map(|aggregate| aggregate.name().to_owned()).collect::<Vec<_>>());
        "`cap` in feature `{feature}`, which has no aggregate that keeps the values of a window";
        at: "caps nothing";
        help: "remove the clause; it is for {capped}";
    }

    E0414 invalid_cap(cap: u64, at: Span) {
        "cap of {cap}";
        at: "out of range";
        help: "write a number from 1 to 4294967295";
    }

    E0415 filter_of_function(name: &str, at: Span) {
        "`where` in `{name}`";
        at: "only aggregates choose rows";
        help: "write `if(condition, x, null)`, or move it into an aggregate";
    }

    E0415 function_ignoring_nulls(name: &str, at: Span) {
        "`ignoring nulls` in `{name}`";
        at: "only `first`, `last` and their lists take it";
        help: "remove it";
    }

    /// It skips nulls anyway or takes no argument.
    E0415 aggregate_ignoring_nulls(name: &str, at: Span) {
        "`ignoring nulls` in `{name}`";
        at: "only `first`, `last` and their lists take it";
        help: "remove it: this aggregate never counts nulls";
    }

    E0416 missing_key_column(
        view: &str, entity: &str, key: &str, rows: &str, held: Held<'_>, at: Span, key_at: Span
    ) {
        let help = match held {
            Held::By(field) if field.contains('.') => {
                let name = field.replace('.', "_");
                format!("if `{field}` holds it, write `let {name} = {field}` in a transform of `{rows}`, and read that `by ({name})`")
            }
            Held::By(column) => format!(
                "if `{column}` holds it, write `from {rows} by ({column})`, or call the key `{column}` as well"
            ),
            Held::InTable(table) => looked_up(key, table, rows),
            Held::OfAnother(other) => format!(
                "name the column that holds `{key}`: `by (…)` after `from`; if rows of `{rows}` have none, bring it by a table: \
                 `let {key} = lookup TABLE(…).{key}` in a transform of `{rows}`; if features of each `{other}` are meant, whose key \
                 `{rows}` has, write `of {other}`"
            ),
            Held::Nowhere => format!(
                "name the columns that hold the key: `by (…)` after `from`; if rows of `{rows}` have none, bring it by a table: \
                 `let {key} = lookup TABLE(…).{key}` in a transform of `{rows}`"
            ),
        };
        "view `{view}` finds no column `{key}` in `{rows}`";
        at: "no column holds key `{key}` of `{entity}`";
        key_at: "the key is declared here";
        help: "{help}";
    }

    /// A column after `by` that a table has.
    E0110 key_column_of_a_table(rows: &str, column: &str, at: Span, table: &Table) {
        let help = looked_up(column, table, rows);
        "unknown column `{column}`";
        at: "no such column in `{rows}`";
        help: "{help}";
    }

    E0417 empty_view(view: &str, at: Span) {
        "view `{view}` has no feature";
        at: "computes nothing";
        help: "add a feature, for example `feature events = count() over 1d`";
    }

    /// `condition` is the new argument, which replaces what stands at `old`.
    E0421 count_of_condition(at: Span, argument: &str, old: Span, condition: &str) {
        let argument = whole(argument);
        "`count` of a condition counts where it is false, too";
        at: "true or false: both are counted";
        note: "to count events for which it is true or false, write `count(where {argument} is not null)`";
        offer: "to count events for which it is true, write `count({condition})`", old => condition;
    }

    /// Over a number of events, which a `where` would choose; `call` ends with the argument.
    E0421 count_of_condition_of_events(at: Span, argument: &str, call: Span) {
        "`count` of a condition counts where it is false, too";
        at: "true or false: both are counted";
        help: "to count those of the last events for which it is true, write `sum(if({argument}, 1, 0))`",
            call => format!("sum(if({argument}, 1, 0)");
    }
}

/// How rows come by a column of a table.
fn looked_up(column: &str, table: &Table, rows: &str) -> String {
    let keys: Vec<String> = table.keys().map(|key| key.name).collect();
    let (table, keys) = (&table.name, keys.join(", "));
    format!(
        "table `{table}` has it: write `let {column} = lookup {table}({keys}).{column}` in a transform of `{rows}`, and read that"
    )
}

/// Where the key of a view may be that no column is called like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held<'a> {
    /// In a column, or in a field of a struct.
    By(&'a str),
    /// In a column of the same name of a table, which the rows find by columns called like its keys.
    InTable(&'a Table),
    /// The rows have the keys of another entity instead.
    OfAnother(&'a str),
    Nowhere,
}

/// What a column outside of an aggregate stands beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Features or aggregates: the column of the question itself is meant, most likely.
    Values,
    /// Nothing of the kind, and the feature has a window.
    Window,
    /// Nothing.
    Nothing,
}

/// E0421. `filter`: the `where` that the call has.
pub fn count_of(argument: &str, at: Span, filter: Option<(&str, Span)>) -> Diagnostic {
    match filter {
        None => count_of_condition(at, argument, at, &format!("where {argument}")),
        Some((filter, filter_at)) => {
            let condition = format!("where {} and ({filter})", whole(argument));
            count_of_condition(at, argument, at.to(filter_at), &condition)
        }
    }
}

/// In parentheses, unless it is a name.
pub fn whole(argument: &str) -> String {
    match argument.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        true => argument.to_owned(),
        false => format!("({argument})"),
    }
}
