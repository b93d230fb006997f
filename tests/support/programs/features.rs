//! Features: aggregates with every modifier, expressions over them, derived features over those.

use super::expressions::Scope;
use crate::pools::{self, Numbers, Reach, Style, Times};
use crate::rng::Rng;
use featc_ir::Type;
use std::fmt::Write as _;

/// Writes the features of a view over rows with these columns; gives their names and types.
pub fn write(rng: &mut Rng, text: &mut String, columns: Vec<(String, Type)>, style: Style) -> Vec<(String, Type)> {
    let mut known: Vec<(String, Type)> = Vec::new();
    for position in 0..2 + rng.below(7) {
        let mut scope = Scope::new(rng, columns.clone(), style);
        let ty = scope.any_type();
        // Ties show where columns are summed as they are.
        let plain = style.numbers == Numbers::Ties || scope.rng.one_in(2);
        let (value, ty) = if !style.summarised && scope.rng.one_in(10) {
            scope.list()
        } else if scope.rng.one_in(3) {
            scope.single()
        } else if plain {
            scope.aggregate()
        } else {
            (scope.over_aggregates(ty, 1), ty)
        };
        let since = scope.predicate(1);
        let (over, names) = window(rng, (style, 0), &since, &format!("q{position}"));
        let cap = if value.contains("count_distinct(") {
            *rng.pick(&["", " cap 2", " cap 3", " cap 1"])
        } else {
            cap_of_ranks(rng, &value)
        };
        let default = default(rng, ty, style);
        let _ = writeln!(
            text,
            "  /// Drawn.\n  feature q{position} = {value} {over}{cap}{default}"
        );
        known.extend(names.into_iter().map(|name| (name, ty)));
    }
    // What has many forms, so that each is drawn often.
    for position in 0..if style.summarised { 0 } else { rng.below(16) } {
        let mut scope = Scope::new(rng, columns.clone(), style);
        let (value, ty) = scope.of_many_forms();
        let since = scope.predicate(1);
        // Of a single event the first and the last are the same: most windows here are long.
        let least = *rng.pick(&[0, 3, 3, 3]);
        let (mut over, mut names) = window(rng, (style, least), &since, &format!("r{position}"));
        if rng.one_in(6) {
            let offset = *rng.pick(&["1us", "1m", "30m", "1h", "1d"]);
            (over, names) = (format!("over lifetime offset {offset}"), vec![format!("r{position}")]);
        }
        let (cap, default) = (cap_of_ranks(rng, &value), default(rng, ty, style));
        let _ = writeln!(
            text,
            "  /// Drawn.\n  feature r{position} = {value} {over}{cap}{default}"
        );
        known.extend(names.into_iter().map(|name| (name, ty)));
    }
    // Whether the `where` or the number of events chooses first is seldom seen in an answer: conditions over long windows.
    for position in 0..if style.summarised { 0 } else { rng.below(3) } {
        let (value, ty) = Scope::new(rng, columns.clone(), style).conditional();
        let count = *rng.pick(&["2", "3", "7"]);
        let length = match (style.times, style.reach) {
            (Times::Near, Reach::Short) => "30m",
            (Times::Near, _) => "365d",
            (Times::Years, Reach::Short) => "7d",
            (Times::Years, _) => "3650d",
            (Times::Ends, _) => "19723d",
        };
        let _ = writeln!(
            text,
            "  /// Drawn.\n  feature w{position} = {value} over {count} events max {length}"
        );
        known.push((format!("w{position}"), ty));
    }
    for position in 0..*rng.pick(&[0, 0, 1, 2, 4]) {
        let mut scope = Scope::new(rng, known.clone(), style);
        let read = scope.rng.pick(&known).clone();
        let ty = if scope.rng.one_in(2) { read.1 } else { scope.any_type() };
        let value = scope.reading(&read, ty);
        let default = default(rng, ty, style);
        let _ = writeln!(text, "  /// Drawn.\n  feature h{position} = {value}{default}");
        // What was derived last is read most, so that features are derived from derived ones.
        for _ in 0..3 {
            known.push((format!("h{position}"), ty));
        }
    }
    known
}

/// Writes features of a service over those of its views, fields of a request, and the instant of the question.
pub fn write_own(rng: &mut Rng, text: &mut String, of_views: &[(String, Type)], style: Style) {
    let mut known: Vec<(String, Type)> = vec![("at".to_owned(), Type::Timestamp)];
    known.extend(super::FIELDS.iter().map(|(name, ty)| (format!("asked.{name}"), *ty)));
    for position in 0..*rng.pick(&[0, 0, 1, 2, 4]) {
        let mut scope = Scope::new(rng, known.clone(), style);
        let mut read = scope.rng.pick(of_views).clone();
        scope.names.extend([read.clone(), scope.rng.pick(of_views).clone()]);
        if scope.rng.one_in(2) {
            read = scope.rng.pick(&known).clone();
        }
        let ty = if scope.rng.one_in(2) { read.1 } else { scope.any_type() };
        let value = scope.reading(&read, ty);
        let default = default(rng, ty, style);
        let _ = writeln!(text, "  /// Drawn.\n  feature own{position} = {value}{default}");
        known.push((format!("own{position}"), ty));
    }
}

/// A cap of what is about values in order: seldom, so that it hides few of them.
fn cap_of_ranks(rng: &mut Rng, value: &str) -> &'static str {
    match ["median(", "quantile(", "mode(", "mode_n("]
        .iter()
        .any(|name| value.contains(name))
    {
        true => *rng.pick(&["", "", "", "", " cap 2", " cap 3"]),
        false => "",
    }
}

fn default(rng: &mut Rng, ty: Type, style: Style) -> String {
    if ty.is_list() || !rng.one_in(4) {
        return String::new();
    }
    // A default is a literal, which a cast is not.
    let literal = match ty {
        Type::Decimal { .. } => (*rng.pick(&["0", "1", "-2"])).to_owned(),
        Type::Timestamp => "@2024-01-01T00:00:00Z".to_owned(),
        _ => pools::literal(rng, ty, style),
    };
    format!(" default {literal}")
}

/// A window clause of lengths from the `least` one of the style on, and the names of the features that it makes of one.
/// One that holds events since some does so by this condition.
fn window(rng: &mut Rng, (style, least): (Style, usize), since: &str, name: &str) -> (String, Vec<String>) {
    let lengths: &[&str] = match style.times {
        Times::Near => &["1us", "1m", "10m", "30m", "1h", "2h", "1d", "365d", "lifetime"],
        Times::Years => &["1us", "1h", "1d", "7d", "30d", "365d", "3650d", "lifetime"],
        Times::Ends => &["1us", "1m", "10m", "19723d", "106751991d", "lifetime"],
    };
    let lengths = match style.reach {
        Reach::Short => &lengths[..4],
        Reach::Long => &lengths[..lengths.len() - 1],
        Reach::Ever => lengths,
    };
    let (shifts_by, lengths) = (&lengths[..4], &lengths[least..]);
    let excluding = *rng.pick(&["", "", "", "", " excluding now", " excluding self"]);
    let shifts = excluding != " excluding now";
    let chooses = !style.summarised;
    let offsets = if shifts && chooses { shifts_by } else { &[] };
    let offsets = (offsets, style.times);
    let since = chooses.then_some(since);
    let counts = chooses || style.of_theory;
    let one = written(rng, lengths, offsets, (since, counts));
    if rng.one_in(6) {
        let two = written(rng, lengths, offsets, (since, counts));
        let label = |window: &str| match window.rsplit_once(" max ") {
            Some((begin, max)) if begin.starts_with("since") => format!("since max {max}"),
            _ => window.replace('"', ""),
        };
        let names = [&one, &two].map(|window| format!("{name}_{}", label(window).replace([' ', '/'], "_")));
        if names[0] != names[1] {
            return (format!("over [{one}, {two}]{excluding}"), names.to_vec());
        }
    }
    (format!("over {one}{excluding}"), vec![name.to_owned()])
}

/// A window of one of the lengths, shifted by one, or of some events within one if it `counts`.
fn written(
    rng: &mut Rng,
    lengths: &[&str],
    (offsets, times): (&[&str], Times),
    (since, counts): (Option<&str>, bool),
) -> String {
    let length = *rng.pick(lengths);
    match (rng.below(9), since) {
        (4, Some(since)) if length != "lifetime" => format!("since ({since}) max {length}"),
        (3, _) if !offsets.is_empty() => {
            let unit = *rng.pick(&["hour", "day", "week", "week", "month", "quarter", "quarter", "year"]);
            let zone = *rng.pick(&[
                "",
                " in \"Europe/Paris\"",
                " in \"America/Havana\"",
                " in \"Australia/Lord_Howe\"",
            ]);
            match rng.below(2) {
                0 => format!("this {unit}{zone}"),
                _ => format!("last {} {unit}s{zone}", rng.pick(&["2", "3"])),
            }
        }
        (2, _) if !offsets.is_empty() && length != "lifetime" => {
            let every = match times {
                Times::Near => *rng.pick(&["1us", "7m", "1h", "1d"]),
                Times::Years | Times::Ends => *rng.pick(&["1h", "1d", "7d", "365d"]),
            };
            let after = *rng.pick(&["", "", " after 1us", " after 10m"]);
            // A copy, so that what is drawn afterwards does not depend on it.
            let zones = [
                "",
                " in \"Europe/Paris\"",
                " in \"America/Havana\"",
                " in \"Asia/Kathmandu\"",
            ];
            let zone = match every {
                "1us" => "",
                _ => *rng.clone().pick(&zones),
            };
            format!("{length} every {every}{after}{zone}")
        }
        (0, _) if !offsets.is_empty() => {
            let offset = rng.pick(offsets);
            format!("{length} offset {offset}")
        }
        (1, _) if counts => {
            let count = rng.pick(&["1", "2", "3", "7"]);
            match length {
                "lifetime" => format!("{count} events"),
                _ => format!("{count} events max {length}"),
            }
        }
        _ => length.to_owned(),
    }
}

impl Scope<'_> {
    /// An expression of a type whose leaves are aggregates.
    fn over_aggregates(&mut self, ty: Type, depth: usize) -> String {
        let mut leaves = Vec::new();
        for _ in 0..3 {
            leaves.push(self.aggregate());
        }
        leaves.push((self.aggregate_of(ty), ty));
        let read = leaves[3].clone();
        let mut scope = Scope::new(self.rng, leaves, self.style);
        match depth {
            0 => read.0,
            _ => scope.reading(&read, ty),
        }
    }

    /// An expression of a type that certainly reads something of the scope.
    pub fn reading(&mut self, read: &(String, Type), ty: Type) -> String {
        let (name, from) = read;
        let depth = 1 + self.rng.below(2);
        if *from == ty && ty.is_list() {
            return format!("if({}, {name}, null)", self.predicate(depth));
        }
        if from.is_list() {
            let of = if let Type::List(of) = from { **of } else { Type::Int64 };
            let place = match self.rng.below(4) {
                // There is no item 0, and a literal says so.
                0 => Some(self.name_of(Type::Int64))
                    .filter(|place| place != "0")
                    .unwrap_or("1".to_owned()),
                _ => (*self.rng.pick(&["1", "-1", "2", "-2", "3"])).to_owned(),
            };
            let measured = match self.rng.below(6) {
                3.. => (format!("{name}[{place}]"), of),
                0 => (format!("length({name})"), Type::Int64),
                1 => (format!("({name} is null)"), Type::Bool),
                _ => (format!("({name} is not null)"), Type::Bool),
            };
            return match measured.1 == ty {
                true => measured.0,
                false => self.reading(&measured, ty),
            };
        }
        if *from == ty {
            return match self.rng.below(4) {
                0 => format!("coalesce({name}, {})", self.expr(ty, depth)),
                1 => format!("if({}, {name}, {})", self.predicate(depth), self.expr(ty, depth)),
                2 => {
                    let others = [self.expr(ty, depth), self.expr(ty, depth)];
                    let (one, two) = (self.predicate(1), self.predicate(depth));
                    format!(
                        "case when {one} then {} when {two} then {name} else {} end",
                        others[0], others[1]
                    )
                }
                _ => {
                    let function = *self.rng.pick(&["greatest", "least", "nullif"]);
                    format!("{function}({name}, {})", self.expr(ty, depth))
                }
            };
        }
        let op = *self.rng.pick(&["=", "!=", "<", "<=", ">", ">="]);
        let other = self.expr(*from, 1);
        format!(
            "if({name} {op} {other}, {}, {})",
            self.expr(ty, depth),
            self.expr(ty, depth)
        )
    }

    fn filter(&mut self) -> String {
        if self.rng.one_in(3) {
            format!("where {}", self.predicate(2))
        } else {
            String::new()
        }
    }

    /// An aggregate of a column under a condition, which makes nothing of null.
    fn conditional(&mut self) -> (String, Type) {
        let ty = self.kind();
        let (column, condition) = (self.name_of(ty), self.predicate(1));
        match *self.rng.pick(&["min", "max", "count"]) {
            // `count` takes no condition.
            "count" if ty != Type::Bool => (format!("count({column} where {condition})"), Type::Int64),
            "min" => (format!("min({column} where {condition})"), ty),
            _ => (format!("max({column} where {condition})"), ty),
        }
    }

    /// An aggregate of one operation or column: each kind and type as often as the others, so that few errors and nulls
    /// hide it.
    fn single(&mut self) -> (String, Type) {
        let filter = if self.rng.one_in(4) {
            self.filter()
        } else {
            String::new()
        };
        if self.rng.one_in(2) {
            let (value, ty) = self.operation();
            let name = *self.rng.pick(&["min", "max", "first", "last"]);
            return (format!("{name}({value} {filter})"), ty);
        }
        let ty = self.kind();
        let column = self.name_of(ty);
        // Of two values the first and the last are often the same.
        let place = match ty {
            Type::Bool if self.style.summarised => *self.rng.pick(&[0, 1, 2, 3, 4, 4, 4, 5, 5, 5, 7]),
            Type::Bool => *self.rng.pick(&[0, 1, 2, 3, 4, 4, 4, 5, 5, 5, 7, 8, 10, 13, 15, 16]),
            _ if self.rng.one_in(8) => *self.rng.pick(&[4, 5]),
            _ if self.style.of_theory => self.rng.below(8),
            _ if self.style.summarised => *self.rng.pick(&[0, 1, 2, 3, 4, 5, 6, 7, 16]),
            _ => self.rng.below(19),
        };
        match place {
            8 | 9 => self.chosen_by(&filter),
            10..=12 => self.of_pairs(&filter),
            13 | 14 => self.of_conditions(&filter),
            15 => (format!("time_since_first({filter})"), Type::Duration),
            16 | 17 => self.ranked(&filter),
            18 => self.of_shape(&filter),
            0 => (format!("min({column} {filter})"), ty),
            1 => (format!("max({column} {filter})"), ty),
            2 => (format!("first({column} {filter})"), ty),
            3 => (format!("last({column} {filter})"), ty),
            4 => (format!("first({column} {filter} ignoring nulls)"), ty),
            5 => (format!("last({column} {filter} ignoring nulls)"), ty),
            // `count` takes no condition.
            6 => (format!("count({column} {filter})"), Type::Int64),
            _ => (format!("count_distinct({column} {filter})"), Type::Int64),
        }
    }

    /// An aggregate that is another one for each type, or pair of types.
    fn of_many_forms(&mut self) -> (String, Type) {
        let filter = match self.rng.one_in(3) {
            true => format!("where {}", self.predicate(1)),
            false => String::new(),
        };
        match self.rng.below(73) {
            55..=67 => self.list(),
            68 | 69 => self.of_shape(&filter),
            70.. => self.chosen_by(&filter),
            51..=54 => self.ranked(&filter),
            43..=50 => self.of_pairs(&filter),
            40..=42 => self.of_shape(&filter),
            33..=39 => self.ranked(&filter),
            0..=7 => self.chosen_by(&filter),
            8..=12 => self.of_pairs(&filter),
            13 | 16 => self.of_conditions(&filter),
            14 => {
                let name = *self.rng.pick(&["first", "last"]);
                let ty = *self.rng.pick(&[Type::Bool, Type::Date, Type::Int64]);
                let nulls = *self.rng.pick(&["", " ignoring nulls", " ignoring nulls"]);
                (format!("{name}({} {filter}{nulls})", self.name_of(ty)), ty)
            }
            15 => (format!("time_since_first({filter})"), Type::Duration),
            _ => self.list(),
        }
    }

    /// Of values in order.
    fn ranked(&mut self, filter: &str) -> (String, Type) {
        if self.rng.one_in(3) {
            let ty = self.numeric();
            return (format!("median({} {filter})", self.name_of(ty)), Type::Float64);
        }
        let ty = match self.rng.below(8) {
            0 => Type::Bool,
            1 => Type::Date,
            _ => self.kind(),
        };
        if self.rng.one_in(2) {
            return (format!("mode({} {filter})", self.name_of(ty)), ty);
        }
        let portions = ["0.5", "0.5", "0.25", "0.75", "0.1", "0.9", "0.333333333", "0.2e-8", "1"];
        let portion = *self.rng.pick(&portions);
        (format!("quantile({}, {portion} {filter})", self.name_of(ty)), ty)
    }

    /// The value at the least or greatest of another column.
    fn chosen_by(&mut self, filter: &str) -> (String, Type) {
        let ty = match self.rng.below(8) {
            0 => Type::Bool,
            1 => Type::Date,
            _ => self.kind(),
        };
        let by = self.kind();
        let name = *self.rng.pick(&["arg_min", "arg_max"]);
        (
            format!("{name}({}, {} {filter})", self.name_of(ty), self.name_of(by)),
            ty,
        )
    }

    fn of_pairs(&mut self, filter: &str) -> (String, Type) {
        let (left, right) = self.pair();
        let name = *self
            .rng
            .pick(&["covariance", "correlation", "weighted_mean", "slope", "intercept"]);
        (format!("{name}({left}, {right} {filter})"), Type::Float64)
    }

    fn of_shape(&mut self, filter: &str) -> (String, Type) {
        let (name, ty) = (*self.rng.pick(&["skewness", "kurtosis"]), self.numeric());
        (format!("{name}({} {filter})", self.name_of(ty)), Type::Float64)
    }

    fn of_conditions(&mut self, filter: &str) -> (String, Type) {
        let name = *self.rng.pick(&["any", "all"]);
        (format!("{name}({} {filter})", self.expr(Type::Bool, 1)), Type::Bool)
    }

    /// A list, or its length.
    fn list(&mut self) -> (String, Type) {
        // Of few values the first and the last are often the same.
        let of = match self.rng.below(12) {
            0 => Type::Bool,
            1 | 2 => Type::Date,
            _ => self.kind(),
        };
        let (column, filter) = (self.name_of(of), self.filter());
        let (name, items) = (
            *self.rng.pick(&[
                "first_n",
                "last_n",
                "first_n",
                "last_n",
                "first_n",
                "last_n",
                "last_distinct_n",
                "top_k",
                "bottom_k",
                "mode_n",
            ]),
            *self.rng.pick(&["1", "1", "1", "2", "2", "3", "1000"]),
        );
        let nulls = match name {
            "first_n" | "last_n" => *self.rng.pick(&["", " ignoring nulls"]),
            _ => "",
        };
        let list = format!("{name}({column}, {items} {filter}{nulls})");
        let place = *self.rng.pick(&["1", "-1", "2", "-2", "3"]);
        match of.list() {
            Some(ty) if !self.rng.one_in(4) => (list, ty),
            _ if self.rng.one_in(2) => (format!("{list}[{place}]"), of),
            _ => (format!("length({list})"), Type::Int64),
        }
    }

    /// Two columns of numbers, both floats or both exact.
    fn pair(&mut self) -> (String, String) {
        let first = if self.rng.one_in(4) {
            Type::Int64
        } else {
            self.numeric()
        };
        let mut second = if self.rng.one_in(4) {
            Type::Int64
        } else {
            self.numeric()
        };
        while (first == Type::Float64) != (second == Type::Float64) {
            second = self.numeric();
        }
        (self.name_of(first), self.name_of(second))
    }

    /// An aggregate of any kind, with its type.
    fn aggregate(&mut self) -> (String, Type) {
        if self.rng.one_in(if self.style.numbers == Numbers::Ties { 2 } else { 3 }) {
            let (numeric, filter) = (self.numeric(), self.filter());
            let names = ["variance", "stddev", "variance_pop", "stddev_pop", "mean"];
            let name = *self.rng.pick(&names);
            return (format!("{name}({} {filter})", self.name_of(numeric)), Type::Float64);
        }
        if self.rng.one_in(4) {
            let (ty, filter) = (self.any_type(), self.filter());
            let depth = self.rng.below(2);
            let argument = self.expr(ty, depth);
            // `count` takes no condition.
            return match ty != Type::Bool && self.rng.one_in(2) {
                true => (format!("count({argument} {filter})"), Type::Int64),
                false => (format!("count_distinct({argument} {filter})"), Type::Int64),
            };
        }
        let ty = self.any_type();
        if let Type::Decimal { scale, .. } = ty
            && self.rng.one_in(3)
        {
            let sum = format!("sum({} {})", self.expr(ty, 1), self.filter());
            return (sum, Type::Decimal { precision: 38, scale });
        }
        (self.aggregate_of(ty), ty)
    }

    /// An aggregate of a type.
    fn aggregate_of(&mut self, ty: Type) -> String {
        let filter = self.filter();
        let depth = *self.rng.pick(&[0, 0, 1, 2]);
        if self.rng.one_in(2) || !matches!(ty, Type::Int64 | Type::Float64 | Type::Duration) {
            let nulls = *self.rng.pick(&["", " ignoring nulls"]);
            let argument = self.expr(ty, depth);
            return match self.rng.below(4) {
                0 => format!("min({argument} {filter})"),
                1 => format!("max({argument} {filter})"),
                2 => format!("first({argument} {filter}{nulls})"),
                _ => format!("last({argument} {filter}{nulls})"),
            };
        }
        let any = self.any_type();
        // `count` takes no condition.
        let counted = if any == Type::Bool { Type::String } else { any };
        let counted = self.expr(counted, depth);
        let numeric = self.numeric();
        match ty {
            Type::Int64 => match self.rng.below(6) {
                0 => format!("count({filter})"),
                1 => format!("count({counted} {filter})"),
                2 => format!("count_distinct({} {filter})", self.expr(any, depth)),
                _ => format!("sum({} {filter})", self.expr(ty, depth)),
            },
            Type::Float64 => match self.rng.below(6) {
                0 | 1 => format!("sum({} {filter})", self.expr(ty, depth)),
                2 => format!("mean({} {filter})", self.expr(numeric, depth)),
                _ => {
                    let name = *self
                        .rng
                        .pick(&["variance", "stddev", "variance_pop", "stddev_pop", "mean"]);
                    format!("{name}({} {filter})", self.expr(numeric, depth))
                }
            },
            _ => {
                let last_only = self.style.summarised;
                let names = ["time_since_last", "time_since_first"];
                let name = names[if last_only { 0 } else { self.rng.below(2) }];
                format!("{name}({filter})")
            }
        }
    }
}
