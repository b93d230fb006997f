//! Random typed programs, as text: they go through the whole front end.

use crate::rng::Rng;
use std::fmt::Write as _;

/// The text of a program with one source `log`, one or two views and a service `s`, and what a case must know of it.
#[derive(Debug, Clone)]
pub struct Generated {
    pub text: String,
    /// Whether as-of-arrival may be asked.
    pub has_arrival: bool,
}

/// Columns of the source, by type; the generator of events knows them by position.
pub const COLUMNS: [(&str, &str); 12] = [
    ("id", "int64"),
    ("k1", "string?"),
    ("k2", "int64?"),
    ("i", "int64?"),
    ("f", "float64?"),
    ("d", "decimal(10, 2)?"),
    ("s", "string?"),
    ("b", "bool?"),
    ("day", "date?"),
    ("span", "duration?"),
    ("at_", "timestamp?"),
    ("seen", "timestamp"),
];

/// The types that expressions are generated in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ty {
    Bool,
    Int,
    Float,
    Decimal,
    String,
    Timestamp,
    Date,
    Duration,
}

const ALL: [Ty; 8] = [
    Ty::Bool,
    Ty::Int,
    Ty::Float,
    Ty::Decimal,
    Ty::String,
    Ty::Timestamp,
    Ty::Date,
    Ty::Duration,
];

struct Scope<'a> {
    rng: &'a mut Rng,
    /// Names that may be read, with their types.
    names: Vec<(String, Ty)>,
}

/// Draws a program.
pub fn program(rng: &mut Rng) -> Generated {
    let mut text =
        "module drawn\n\nentity one (k1: string)\nentity two (k1: string, k2: int64)\n\nsource log {\n  columns (\n"
            .to_owned();
    for (name, ty) in COLUMNS {
        let _ = writeln!(text, "    {name}: {ty},");
    }
    text += "  )\n";
    text += *rng.pick(&[
        "  unique id\n",
        "  unique id\n",
        "  unique (id, k2)\n",
        "  unique all\n",
    ]);
    text += "  time at_\n";
    let has_arrival = !rng.one_in(5);
    let is_static = !has_arrival && rng.one_in(2);
    if is_static {
        text += "  static\n";
    } else if has_arrival {
        text += *rng.pick(&[
            "  arrival seen\n",
            "  arrival seen\n",
            "  arrival seen\n",
            "  arrival time + 7m\n",
        ]);
        text += *rng.pick(&["", "  delay 5s\n", "  delay 3m\n"]);
        text += *rng.pick(&["  lateness unbounded\n", "  lateness 10m\n", "  lateness 1h\n"]);
        text += *rng.pick(&["", "  skew 1m\n", "  skew 0s\n"]);
    } else {
        text += "  lateness unbounded\n";
    }
    let begins = *rng.pick(&["", "  begins @2024-01-01T00:30:00Z\n"]);
    text += begins;
    text += *rng.pick(&["", "  keep nan\n"]);
    text += "}\n\n";

    let mut names: Vec<(String, Ty)> = [
        ("id", Ty::Int),
        ("k2", Ty::Int),
        ("i", Ty::Int),
        ("i", Ty::Int),
        ("f", Ty::Float),
        ("f", Ty::Float),
        ("d", Ty::Decimal),
        ("s", Ty::String),
        ("k1", Ty::String),
        ("b", Ty::Bool),
        ("day", Ty::Date),
        ("span", Ty::Duration),
        ("at_", Ty::Timestamp),
    ]
    .map(|(name, ty)| (name.to_owned(), ty))
    .to_vec();
    let mut scope = Scope {
        rng,
        names: std::mem::take(&mut names),
    };
    // A source that begins needs a bound.
    let far = if begins.is_empty() {
        " at at_ + span"
    } else {
        " at at_ + span within 20m"
    };
    let at = *scope.rng.pick(&[
        "",
        "",
        "",
        far,
        " at at_ + span within 1h",
        " at at_ + 10m",
        " at least(at_ + abs(span), at_ + 30m)",
    ]);
    let _ = writeln!(text, "transform t from log{at} {{");
    for position in 0..scope.rng.below(3) {
        if scope.rng.one_in(3) {
            let predicate = scope.expr(Ty::Bool, 2);
            let _ = writeln!(text, "  where {predicate}");
        }
        let ty = scope.any_type();
        let value = scope.expr(ty, 2);
        let _ = writeln!(text, "  let x{position} = {value}");
        scope.names.push((format!("x{position}"), ty));
    }
    text += "}\n\n";

    let views = 1 + scope.rng.below(2);
    for view in 0..views {
        let entity = *scope.rng.pick(&["one", "two"]);
        let _ = writeln!(text, "view v{view} of {entity} from t {{\n  owner \"nobody\"");
        let ttl = *scope.rng.pick(&["", "", "  ttl 1m\n"]);
        text += ttl;
        features(&mut scope, &mut text);
        text += "}\n\n";
    }
    text += "service s {\n";
    for view in 0..views {
        let _ = writeln!(text, "  v{view}.*");
    }
    text += "}\n";
    Generated {
        text,
        has_arrival: has_arrival || is_static,
    }
}

fn features(scope: &mut Scope<'_>, text: &mut String) {
    let mut numeric = Vec::new();
    let count = 1 + scope.rng.below(5);
    for position in 0..count {
        let window = *scope.rng.pick(&["1m", "10m", "1h", "2h", "1d", "1us", "lifetime"]);
        let excluding = *scope.rng.pick(&["", "", "", " excluding now", " excluding self"]);
        let (body, is_float) = scope.feature();
        let cap = if body.starts_with("count_distinct") && !body.contains('/') {
            *scope.rng.pick(&["", " cap 2", " cap 3"])
        } else {
            ""
        };
        let default = if is_float {
            *scope.rng.pick(&["", "", " default 0.5"])
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  /// Drawn.\n  feature g{position} = {body} over {window}{excluding}{cap}{default}"
        );
        if is_float {
            numeric.push(format!("g{position}"));
        }
    }
    if numeric.len() >= 2 && scope.rng.one_in(2) {
        let _ = writeln!(
            text,
            "  /// Drawn.\n  feature h = {} - {} / 3.0 default 1.0",
            numeric[0], numeric[1]
        );
        let _ = writeln!(text, "  /// Drawn.\n  feature h2 = if(h > 0.0, h, -{})", numeric[1]);
    }
}

impl Scope<'_> {
    fn any_type(&mut self) -> Ty {
        *self.rng.pick(&ALL)
    }

    /// An aggregate expression, and whether it is a float64.
    fn feature(&mut self) -> (String, bool) {
        let filter = if self.rng.one_in(3) {
            format!(" where {}", self.expr(Ty::Bool, 1))
        } else {
            String::new()
        };
        let numeric = *self.rng.pick(&[Ty::Int, Ty::Float, Ty::Float, Ty::Decimal]);
        let any = self.any_type();
        let nulls = *self.rng.pick(&["", " ignoring nulls"]);
        match self.rng.below(14) {
            0 => (format!("count({})", filter.trim_start()), false),
            // What is a condition is not counted by its values.
            1 if any == Ty::Bool => (format!("count(where {})", self.expr(any, 1)), false),
            1 => (format!("count({}{filter})", self.expr(any, 1)), false),
            2 | 3 => {
                let ty = if self.rng.one_in(2) { Ty::Float } else { numeric };
                (format!("sum({}{filter})", self.expr(ty, 2)), ty == Ty::Float)
            }
            4 | 5 => (format!("mean({}{filter})", self.expr(numeric, 1)), true),
            6 => (format!("min({}{filter})", self.expr(any, 1)), any == Ty::Float),
            7 => (format!("max({}{filter})", self.expr(any, 1)), any == Ty::Float),
            8 => (format!("first({}{filter}{nulls})", self.expr(any, 1)), any == Ty::Float),
            9 => (format!("last({}{filter}{nulls})", self.expr(any, 1)), any == Ty::Float),
            10 => {
                let name = *self.rng.pick(&["variance", "stddev", "variance_pop", "stddev_pop"]);
                (format!("{name}({}{filter})", self.expr(numeric, 1)), true)
            }
            11 => (format!("count_distinct({}{filter})", self.expr(any, 1)), false),
            12 => (format!("time_since_last({})", filter.trim_start()), false),
            _ => (format!("count(where {}) / count()", self.expr(Ty::Bool, 1)), true),
        }
    }

    fn name_of(&mut self, ty: Ty) -> String {
        let fitting: Vec<String> = self
            .names
            .iter()
            .filter(|(_, t)| *t == ty)
            .map(|(n, _)| n.clone())
            .collect();
        if fitting.is_empty() {
            self.literal(ty)
        } else {
            self.rng.pick(&fitting).clone()
        }
    }

    fn literal(&mut self, ty: Ty) -> String {
        let rng = &mut self.rng;
        (*match ty {
            Ty::Bool => rng.pick(&["true", "false"]),
            Ty::Int => rng.pick(&["0", "1", "-3", "7", "9223372036854775807", "4611686018427387904"]),
            Ty::Float => rng.pick(&["0.0", "0.1", "-2.5", "1e308", "5e-324", "3.0"]),
            Ty::Decimal => rng.pick(&["cast(1 as decimal(10, 2))", "cast(\"-12.34\" as decimal(10, 2))"]),
            Ty::String => rng.pick(&["\"\"", "\"a\"", "\"é\"", "\"ab\""]),
            Ty::Timestamp => rng.pick(&["@2024-01-01T00:30:00Z", "@2024-01-01T01:00:00Z"]),
            Ty::Date => rng.pick(&["@2024-01-01", "@2024-01-02"]),
            Ty::Duration => rng.pick(&["1m", "10s", "2h"]),
        })
        .to_owned()
    }

    /// An expression of a type, at most `depth` operators deep.
    fn expr(&mut self, ty: Ty, depth: usize) -> String {
        if depth == 0 || self.rng.one_in(3) {
            return if self.rng.one_in(5) {
                self.literal(ty)
            } else {
                self.name_of(ty)
            };
        }
        let deeper = depth - 1;
        match self.rng.below(8) {
            0 => return format!("coalesce({}, {})", self.expr(ty, deeper), self.expr(ty, deeper)),
            1 => {
                let (when, then, otherwise) = (
                    self.expr(Ty::Bool, deeper),
                    self.expr(ty, deeper),
                    self.expr(ty, deeper),
                );
                return format!("if({when}, {then}, {otherwise})");
            }
            _ => {}
        }
        match ty {
            Ty::Bool => self.predicate(deeper),
            Ty::Int => match self.rng.below(7) {
                0 => format!("length({})", self.expr(Ty::String, deeper)),
                1 => format!("hour({})", self.expr(Ty::Timestamp, deeper)),
                2 => format!("cast({} as int64)", self.expr(Ty::Float, deeper)),
                3 => format!("({} div {})", self.expr(Ty::Int, deeper), self.expr(Ty::Int, deeper)),
                4 => format!("({} mod {})", self.expr(Ty::Int, deeper), self.expr(Ty::Int, deeper)),
                _ => self.arithmetic(Ty::Int, deeper),
            },
            Ty::Float => match self.rng.below(8) {
                0 => format!("cast({} as float64)", self.expr(Ty::Int, deeper)),
                1 => format!("({} / {})", self.expr(Ty::Int, deeper), self.expr(Ty::Int, deeper)),
                2 => format!("({} / {})", self.expr(Ty::Float, deeper), self.expr(Ty::Float, deeper)),
                3 => format!("sqrt({})", self.expr(Ty::Float, deeper)),
                4 => format!("minutes({})", self.expr(Ty::Duration, deeper)),
                5 => format!("({} / {})", self.expr(Ty::Decimal, deeper), self.expr(Ty::Int, deeper)),
                _ => self.arithmetic(Ty::Float, deeper),
            },
            Ty::Decimal => format!("cast({} as decimal(10, 2))", self.arithmetic(Ty::Decimal, deeper)),
            Ty::String => match self.rng.below(4) {
                0 => format!("upper({})", self.expr(Ty::String, deeper)),
                1 => format!("substring({}, 1, 1)", self.expr(Ty::String, deeper)),
                2 => format!("cast({} as string)", self.expr(Ty::Int, deeper)),
                _ => format!(
                    "concat({}, {})",
                    self.expr(Ty::String, deeper),
                    self.expr(Ty::String, deeper)
                ),
            },
            Ty::Timestamp => format!(
                "({} + {})",
                self.expr(Ty::Timestamp, deeper),
                self.expr(Ty::Duration, deeper)
            ),
            Ty::Date => format!("date({})", self.expr(Ty::Timestamp, deeper)),
            Ty::Duration => match self.rng.below(3) {
                0 => format!(
                    "({} - {})",
                    self.expr(Ty::Timestamp, deeper),
                    self.expr(Ty::Timestamp, deeper)
                ),
                1 => format!("({} * {})", self.expr(Ty::Duration, deeper), self.expr(Ty::Int, deeper)),
                _ => format!(
                    "({} + {})",
                    self.expr(Ty::Duration, deeper),
                    self.expr(Ty::Duration, deeper)
                ),
            },
        }
    }

    fn arithmetic(&mut self, ty: Ty, depth: usize) -> String {
        let op = *self.rng.pick(&["+", "-", "*"]);
        format!("({} {op} {})", self.expr(ty, depth), self.expr(ty, depth))
    }

    fn predicate(&mut self, depth: usize) -> String {
        match self.rng.below(6) {
            0 => format!("({} and {})", self.expr(Ty::Bool, depth), self.expr(Ty::Bool, depth)),
            1 => format!("({} or {})", self.expr(Ty::Bool, depth), self.expr(Ty::Bool, depth)),
            2 => format!("(not {})", self.expr(Ty::Bool, depth)),
            3 => {
                let ty = self.any_type();
                format!("({} is not null)", self.expr(ty, depth))
            }
            _ => {
                let ty = self.any_type();
                let op = *self.rng.pick(&["=", "!=", "<", "<=", ">", ">="]);
                format!("({} {op} {})", self.expr(ty, depth), self.expr(ty, depth))
            }
        }
    }
}
