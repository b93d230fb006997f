//! What names and calls may mean that are nothing here.

use super::feature::{FeatureNames, ViewFeatures};
use super::parameter;
use super::scope::Items;
use super::types::type_of;
use crate::errors::{self, Meant};
use crate::near::{SHOWN, nearest_feature, same_window};
use featc_ir::{Aggregate, FeatureId, Function, Type};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, suggest};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

impl ViewFeatures<'_> {
    /// Whether features over several windows are called so, with the length behind.
    pub(super) fn has_windows(&self, name: &str) -> bool {
        matches!(self.meant(name, None), Meant::Windows(..))
    }

    /// What a name may mean that no feature has, within a feature of the view or elsewhere: its expansions, if a list of
    /// windows has it; a feature of one window, if it says another one; or else the nearest name.
    pub(super) fn meant(&self, name: &str, within: Option<&FeatureNames<'_>>) -> Meant<'_> {
        // In order, those that begin with a name and a digit stand together.
        let digits = format!("{name}_0")..format!("{name}_:");
        let lifetime = self.by_name.get_key_value(&format!("{name}_lifetime"));
        let counted = self.by_name.range(digits).inspect(|_| featc_ir::work::add(1));
        let expansions = counted.chain(lifetime).map(|(known, (id, _))| (*id, known.as_str()));
        let mut expansions: Vec<(FeatureId, &str)> = expansions.take(SHOWN + 1).collect();
        match expansions[..] {
            [] => {}
            [(_, only)] => return Meant::Name(only),
            _ => {
                let more = expansions.len() > SHOWN;
                expansions.truncate(SHOWN);
                expansions.sort_unstable_by_key(|(id, _)| *id);
                return Meant::Windows(expansions.into_iter().map(|(_, name)| name).collect(), more);
            }
        }
        if let Some((feature, window, asked)) = self.of_one_window(name) {
            return match window == asked || same_window(&window, &asked) {
                true => Meant::Name(feature),
                false => Meant::OneWindow { feature, window, asked },
            };
        }
        // Its own feature would read itself.
        let others = || {
            let names = self.names().iter().map(String::as_str);
            names.filter(move |known| within.is_none_or(|within| within.own.text != *known))
        };
        let is_read = |known: &str| within.is_some_and(|within| within.read.contains(known));
        nearest_feature(name, others(), is_read).unwrap_or_else(|| {
            let mut others = others();
            let shown = others.by_ref().take(SHOWN).collect();
            Meant::Nothing(shown, others.count())
        })
    }

    /// Of `total_1d` the feature `total`, its only window and `1d`.
    fn of_one_window(&self, name: &str) -> Option<(&str, String, String)> {
        let (begin, asked) = name.rsplit_once('_')?;
        let (begin, asked) = match asked {
            "events" => begin
                .rsplit_once('_')
                .map(|(begin, count)| (begin, format!("{count} events")))?,
            _ => (begin, asked.to_owned()),
        };
        let is_window = asked == "lifetime" || asked.ends_with(" events") || featc_syntax::duration(&asked).is_some();
        let (id, _) = self.by_name.get(begin).filter(|_| is_window)?;
        let feature = self.view.features.get(*self.owner.get(id.index())?)?;
        let windows = &feature.over.as_ref()?.windows;
        let only = windows.all().first().filter(|_| !windows.is_list())?;
        Some((feature.name.text.as_str(), only.label(), asked))
    }
}

/// Of the field of a request and a feature of the view, another than this one, that is a number whatever its column is:
/// `payment.amount / spend.mean_amount`.
pub(super) fn ratio_to_a_feature(
    items: &Items<'_>,
    within: &FeatureNames<'_>,
    (request, field): (&str, &str),
) -> Option<String> {
    let declared = items.requests.all[*items.requests.by_name.get(request)?];
    let declared = declared.fields.iter().find(|declared| declared.name.text == field)?;
    let ty = type_of(&declared.ty, &mut Vec::new()).filter(|ty| ty.is_numeric())?;
    let view = within.all.view;
    let number = |name: &String| {
        let (id, _) = within.all.by_name.get(name)?;
        let feature = view.features.get(*within.all.owner.get(id.index())?)?;
        let ast::ExprKind::Call(call) = &feature.value.kind else {
            return None;
        };
        let is_float = number_of(Aggregate::named(&call.function.text)?)? == Type::Float64;
        (feature.name.text != within.own.text && feature.over.is_some()).then(|| (is_float, name.clone()))
    };
    let numbers = || within.all.names().iter().filter_map(number);
    let (is_float, name) = numbers().find(|(is_float, _)| *is_float).or_else(|| numbers().next())?;
    let as_float = |value: String, is_float: bool| match is_float {
        true => value,
        false => format!("cast({value} as float64)"),
    };
    Some(format!(
        "{} / {}",
        as_float(format!("{request}.{field}"), ty == Type::Float64),
        as_float(format!("{}.{name}", view.name.text), is_float)
    ))
}

/// The number that an aggregate gives where its arguments are integers, if it gives nothing but numbers.
fn number_of(aggregate: Aggregate) -> Option<Type> {
    let arguments = *aggregate.row().arity.end();
    let of = |ty: Type| aggregate.result(&vec![ty; arguments]);
    let is_number = of(Type::String).is_none_or(Type::is_numeric);
    of(Type::Int64).filter(|ty| is_number && ty.is_numeric())
}

/// The function for what other languages write as a field of an instant.
pub(super) fn part_of_calendar(field: &str) -> Option<&'static str> {
    Some(match field {
        "year" => "year",
        "month" => "month",
        "day" => "day_of_month",
        "hour" => "hour",
        "minute" => "minute",
        "date" => "date",
        "weekday" | "dayofweek" | "day_of_week" => "day_of_week",
        "dayofyear" | "day_of_year" => "day_of_year",
        _ => return None,
    })
}

/// The function of one value for what other languages write as a member of it.
pub(super) fn function_of(member: &str) -> Option<&'static str> {
    Some(match member.to_ascii_lowercase().as_str() {
        "length" | "len" | "size" | "count" => "length",
        "lower" | "lowercase" => "lower",
        "upper" | "uppercase" => "upper",
        "abs" => "abs",
        "trim" | "strip" => "trim",
        _ => return None,
    })
}

/// The name of `window="28d"`, an argument by its name in other languages.
pub(super) fn named_argument(argument: &ast::Expr) -> Option<&ast::Name> {
    match &argument.kind {
        ast::ExprKind::Binary {
            op: ast::BinaryOp::Equal,
            left,
            right,
            ..
        } if matches!(right.kind, ast::ExprKind::Literal(_)) => match &left.kind {
            ast::ExprKind::Name(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// `na.rm` of R.
fn is_na_rm(option: &ast::Expr) -> bool {
    matches!(&option.kind, ast::ExprKind::Dotted(parts) if parts.len() == 2 && parts[0].text == "na" && parts[1].text == "rm")
}

/// `sum(x, na.rm = TRUE)`
pub(super) fn leaves_out_nulls(argument: &ast::Expr) -> bool {
    matches!(&argument.kind, ast::ExprKind::Binary { op: ast::BinaryOp::Equal, left, .. } if is_na_rm(left))
}

/// Of `last(x, dropna=true)` and `last(x, true)` the call that is meant.
pub(super) fn ignoring_nulls(call: &errors::Written<'_>, second: &ast::Expr) -> Option<String> {
    let (option, ignores) = match &second.kind {
        ast::ExprKind::Binary {
            op: ast::BinaryOp::Equal,
            left,
            right,
            ..
        } => (Some(left), right.as_ref()),
        _ => (None, second),
    };
    let is_option = option.is_none_or(|option| {
        let option = match &option.kind {
            ast::ExprKind::Name(option) => option,
            _ => return is_na_rm(option),
        };
        matches!(
            option.text.to_ascii_lowercase().as_str(),
            "dropna" | "skipna" | "skip_na" | "drop_nulls" | "ignore_nulls" | "ignorenulls" | "skip_nulls"
        )
    });
    let ignores = match &ignores.kind {
        ast::ExprKind::Literal(ast::Literal::Bool(value)) => *value,
        ast::ExprKind::Name(name) => match name.text.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return None,
        },
        _ => return None,
    };
    let value = call.arguments.first().filter(|_| is_option)?;
    Some(match ignores {
        true => format!("{}({value} ignoring nulls)", call.name),
        false => format!("{}({value})", call.name),
    })
}

/// The word of a unit, as a name or a text: `second` in `datediff(second, a, b)`.
pub(super) fn unit_of_time(argument: &ast::Expr) -> Option<String> {
    const UNITS: [&str; 8] = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
    let word = match &argument.kind {
        ast::ExprKind::Name(name) => name.text.to_ascii_lowercase(),
        ast::ExprKind::Literal(ast::Literal::String(text)) => text.to_ascii_lowercase(),
        _ => return None,
    };
    UNITS.contains(&word.strip_suffix('s').unwrap_or(&word)).then_some(word)
}

/// E0212 of `truncate(at, day)` and `truncate(at, "day")`, where no parameter is called so.
pub(super) fn unit_of_truncate(call: &ast::Call, params: &BTreeSet<&str>) -> Option<Diagnostic> {
    let [_, unit] = &call.arguments[..] else { return None };
    if Function::from_name(&call.function.text) != Some(Function::Truncate) {
        return None;
    }
    if matches!(&unit.kind, ast::ExprKind::Name(name) if params.contains(name.text.as_str())) {
        return None;
    }
    let word = unit_of_time(unit)?;
    let example = match word.as_str() {
        "second" | "seconds" => "1s",
        "minute" | "minutes" => "1m",
        "hour" | "hours" => "1h",
        _ => "1d",
    };
    Some(errors::not_a_literal(
        "truncate",
        "a positive duration",
        example,
        unit.span,
    ))
}

/// What an aggregate is meant as that has more arguments than it takes.
pub(super) fn with_more_arguments(name: &str, arguments: usize) -> Option<&'static str> {
    Some(match (name, arguments) {
        ("first", 2) => "first_n",
        ("last", 2) => "last_n",
        ("min", 2..) => "least",
        ("max", 2..) => "greatest",
        ("mode", 2) => "mode_n",
        _ => return None,
    })
}

/// The names in an expression.
pub(super) fn names_of(expr: &ast::Expr) -> BTreeSet<&str> {
    let (mut names, mut open) = (BTreeSet::new(), vec![expr]);
    while let Some(expr) = open.pop() {
        if let ast::ExprKind::Name(name) = &expr.kind {
            names.insert(name.text.as_str());
        }
        open.extend(expr.children());
    }
    names
}

/// The first aggregate that an expression calls, by name.
pub(super) fn first_aggregate(expr: &ast::Expr) -> Option<&ast::Name> {
    if let ast::ExprKind::Call(call) = &expr.kind
        && Aggregate::named(&call.function.text).is_some()
    {
        return Some(&call.function);
    }
    expr.children().into_iter().find_map(first_aggregate)
}

/// `count_distinct(a, b)`: the different pairs are those of one text.
fn joined(call: &errors::Written<'_>) -> Option<String> {
    let are_short = call.arguments.iter().all(|argument| errors::is_short_part(argument));
    let fits = call.name == "count_distinct" && call.arguments.len() > 1 && are_short;
    fits.then(|| format!("count_distinct(concat({}))", call.arguments.join(", \"|\", ")))
}

/// What is wrong with the number of an aggregate's arguments.
pub(super) fn wrong_arguments(call: &errors::Written<'_>, aggregate: Aggregate) -> Diagnostic {
    let (name, count, at) = (call.name, call.arguments.len(), call.name_at);
    if let Some((usage, filtered)) = filtered(call, &aggregate.row().arity) {
        return errors::argument_or_condition(name, &usage, &filtered, count, at);
    }
    let only = match call.arguments[..] {
        [only] if errors::is_short_part(only) => Some(only),
        _ => None,
    };
    let example = only.zip(parameter::of(aggregate));
    let example = example.map(|(only, parameter)| format!("{name}({only}, {})", parameter.example));
    let usage = example.or_else(|| joined(call));
    errors::wrong_argument_count(name, usage.as_deref().unwrap_or(aggregate.row().usage), count, at)
}

/// A call with one argument too many, which may be a condition: without it, and with it as one.
fn filtered(call: &errors::Written<'_>, arity: &RangeInclusive<usize>) -> Option<(String, String)> {
    let (condition, values) = call.arguments.split_last()?;
    let are_short = call.arguments.iter().all(|argument| errors::is_short_part(argument));
    let is_of_conditions = matches!(call.name, "all" | "any" | "count_distinct");
    let fits = arity.contains(&values.len()) && call.is_plain() && errors::may_be_a_condition(condition);
    if !are_short || !fits || is_of_conditions {
        return None;
    }
    let name = call.name;
    let (values, space) = (values.join(", "), if values.is_empty() { "" } else { " " });
    Some((
        format!("{name}({values})"),
        format!("{name}({values}{space}where {condition})"),
    ))
}

/// Whether an aggregate stands in a call.
pub(super) fn has_aggregate(call: &ast::Call) -> bool {
    let mut inside = call.arguments.iter().chain(call.filter.as_deref());
    inside.any(|expr| first_aggregate(expr).is_some())
}

/// The function or aggregate that is meant by a slip of the hand. What other languages call them stands in a table.
pub(super) fn nearest_function(name: &str) -> Option<&'static str> {
    let functions = Function::ALL.iter().map(|function| function.name());
    let aggregates = Aggregate::ALL.iter().map(|aggregate| aggregate.name());
    suggest::slip(name, functions.chain(aggregates).chain(["coalesce", "if"]))
}

/// What stands before the member: before `dt.hour` and `str.len` of pandas, too.
pub(super) fn before_the_member(names: &[ast::Name]) -> String {
    match names {
        [value @ .., accessor, _] if !value.is_empty() && matches!(accessor.text.as_str(), "dt" | "str") => dots(value),
        [value @ .., _] => dots(value),
        [] => String::new(),
    }
}

/// Names with dots between them.
pub(super) fn dots(names: &[ast::Name]) -> String {
    let words: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
    words.join(".")
}
