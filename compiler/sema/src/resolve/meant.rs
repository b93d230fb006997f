//! What names and calls may mean that are nothing here.

use super::feature::ViewFeatures;
use crate::errors::{self, Meant};
use featc_ir::{Aggregate, Function};
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, suggest};

/// So many names are listed.
const SHOWN: usize = 8;

impl ViewFeatures<'_> {
    /// Whether features over several windows are called so, with the length behind.
    pub(super) fn has_windows(&self, name: &str) -> bool {
        matches!(self.meant(name), Meant::Windows(..))
    }

    /// What a name may mean that no feature has: its expansions, if a list of windows has it; a feature of one window, if
    /// it says another one; or else the nearest name.
    pub(super) fn meant(&self, name: &str) -> Meant<'_> {
        // In order, those that begin with a name and a digit stand together.
        let digits = format!("{name}_0")..format!("{name}_:");
        let lifetime = self.by_name.get_key_value(&format!("{name}_lifetime"));
        let counted = self.by_name.range(digits).inspect(|_| featc_ir::work::add(1));
        let mut expansions = counted.chain(lifetime).map(|(known, _)| known.as_str());
        match (expansions.next(), expansions.next()) {
            (Some(first), Some(second)) => return Meant::Windows(first, second),
            (Some(only), None) => return Meant::Name(only),
            (None, _) => {}
        }
        if let Some((feature, window, asked)) = self.of_one_window(name) {
            return match window == asked {
                true => Meant::Name(feature),
                false => Meant::OneWindow { feature, window, asked },
            };
        }
        let digits = |name: &str| name.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
        match suggest::nearest(name, self.names().iter().map(String::as_str)) {
            // The number is what was meant, most likely.
            Some(near) if digits(near) != digits(name) => Meant::OtherNumber(near),
            Some(near) => Meant::Name(near),
            None => {
                let names = self.names().iter().map(String::as_str);
                Meant::Nothing(names.take(SHOWN).collect(), self.names().len().saturating_sub(SHOWN))
            }
        }
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

/// Of `last(x, dropna=true)` the call that is meant.
pub(super) fn ignoring_nulls(call: &errors::Written<'_>, second: &ast::Expr) -> Option<String> {
    let ast::ExprKind::Binary {
        op: ast::BinaryOp::Equal,
        left,
        right,
        ..
    } = &second.kind
    else {
        return None;
    };
    let ast::ExprKind::Name(option) = &left.kind else {
        return None;
    };
    let is_option = matches!(
        option.text.to_ascii_lowercase().as_str(),
        "dropna" | "skipna" | "skip_na" | "drop_nulls" | "ignore_nulls" | "ignorenulls" | "skip_nulls"
    );
    let says_true = match &right.kind {
        ast::ExprKind::Literal(ast::Literal::Bool(value)) => *value,
        ast::ExprKind::Name(name) => name.text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    let value = call.arguments.first().filter(|_| is_option && says_true)?;
    Some(format!("{}({value} ignoring nulls)", call.name))
}

/// E0212 of `truncate(at, day)` and `truncate(at, "day")`.
pub(super) fn unit_of_truncate(call: &ast::Call) -> Option<Diagnostic> {
    const UNITS: [&str; 8] = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
    let [_, unit] = &call.arguments[..] else { return None };
    let word = match &unit.kind {
        ast::ExprKind::Name(name) => name.text.to_ascii_lowercase(),
        ast::ExprKind::Literal(ast::Literal::String(text)) => text.to_ascii_lowercase(),
        _ => return None,
    };
    let is_unit = UNITS.contains(&word.strip_suffix('s').unwrap_or(&word));
    let example = match word.as_str() {
        "second" | "seconds" => "1s",
        "minute" | "minutes" => "1m",
        "hour" | "hours" => "1h",
        _ => "1d",
    };
    is_unit.then(|| errors::not_a_literal("truncate", "a positive duration", example, unit.span))
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
pub(super) fn joined(call: &errors::Written<'_>) -> Option<String> {
    let is_short = |argument: &&str| argument.len() <= 60 && !argument.contains(['\n', '`']);
    let fits = call.name == "count_distinct" && call.arguments.len() > 1 && call.arguments.iter().all(is_short);
    fits.then(|| format!("count_distinct(concat({}))", call.arguments.join(", \"|\", ")))
}

/// Whether a text has the call of an aggregate.
pub(super) fn has_aggregate(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = text.match_indices('(').map(|(at, _)| &text[..at]);
    let mut names = before.map(|before| before.rsplit(|c| !is_part(c)).next().unwrap_or(""));
    names.any(|name| Aggregate::named(name).is_some())
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
