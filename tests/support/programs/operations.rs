//! Single operations on columns, of those that are rare in drawn expressions or seldom of use there.

use super::expressions::{COMPARISONS, Scope, no_literal};
use super::{LONG, SHORT};
use featc_ir::Type;

impl Scope<'_> {
    /// One operation on columns, and its type.
    pub fn operation(&mut self) -> (String, Type) {
        let instant = *self.rng.pick(&[Type::Timestamp, Type::Date]);
        let number = *self.rng.pick(&[Type::Int64, Type::Float64, SHORT, Type::Duration]);
        let decimal = *self.rng.pick(&[SHORT, LONG]);
        let of_theory = self.style.of_theory;
        match self.rng.below(if of_theory { 15 } else { 18 }) {
            15 | 16 => {
                let ty = self.kind();
                (format!("hash({})", self.name_of(ty)), Type::Int64)
            }
            17 => {
                let (list, place) = (self.texts(0), self.place());
                match self.rng.below(3) {
                    0 => (format!("{list}[{place}]"), Type::String),
                    1 => (format!("join({list}, \"+\")"), Type::String),
                    _ => (format!("contains({list}, {})", self.name_of(Type::String)), Type::Bool),
                }
            }
            0 | 1 => {
                let parts = ["year", "month", "day_of_month", "day_of_week", "day_of_year"];
                let part = *self.rng.pick(&parts);
                (format!("{part}({})", self.name_of(instant)), Type::Int64)
            }
            2 => {
                let part = *self.rng.pick(&["hour", "minute", "day_of_week", "month"]);
                let zone = *self
                    .rng
                    .pick(&["", "", " in \"Asia/Kolkata\"", " in \"America/New_York\""]);
                let zone = if of_theory { "" } else { zone };
                (format!("{part}({}{zone})", self.name_of(Type::Timestamp)), Type::Int64)
            }
            3 | 14 => (format!("abs({})", self.name_of(number)), number),
            4 => (format!("-({})", self.name_of(number)), number),
            5 | 6 => {
                let pairs = [
                    (Type::Int64, decimal),
                    (decimal, Type::Int64),
                    (Type::Int64, Type::Float64),
                    (Type::Float64, Type::Int64),
                    (Type::Int64, Type::Int64),
                    (Type::Duration, Type::Duration),
                    (decimal, decimal),
                ];
                let (left, right) = *self.rng.pick(&pairs);
                let value = format!("{} / {}", self.name_of(left), self.name_of(right));
                (value, Type::Float64)
            }
            7 => {
                let function = *self.rng.pick(&[
                    "round", "round", "round", "floor", "ceil", "ceil", "sqrt", "ln", "log10", "exp",
                ]);
                let digits = match function {
                    "round" if !of_theory => *self.rng.pick(&["", "", ", 0", ", 1", ", 2", ", 16"]),
                    _ => "",
                };
                let of = match digits {
                    "" => self.name_of(Type::Float64),
                    _ => no_literal(self.name_of(Type::Float64)),
                };
                let value = format!("{function}({of}{digits})");
                (value, Type::Float64)
            }
            8 => {
                let unit = *self.rng.pick(&["milliseconds", "seconds", "minutes", "hours", "days"]);
                (format!("{unit}({})", self.name_of(Type::Duration)), Type::Float64)
            }
            _ => self.operation_on_any(),
        }
    }

    fn operation_on_any(&mut self) -> (String, Type) {
        match self.rng.below(5) {
            0 | 1 => {
                let ty = *self
                    .rng
                    .pick(&[Type::Timestamp, Type::Timestamp, Type::String, Type::Date]);
                let op = *self.rng.pick(&COMPARISONS);
                let value = format!("({} {op} {})", self.name_of(ty), self.name_of(ty));
                (value, Type::Bool)
            }
            2 if !self.style.of_theory && self.rng.one_in(2) => {
                let function = *self.rng.pick(&[
                    "like(T, \"%a_\")",
                    "like(T, \"_\")",
                    "regexp_matches(T, \"[a-m]$\")",
                    "regexp_matches(T, \"(?i)b|^.$\")",
                ]);
                (function.replace('T', &self.name_of(Type::String)), Type::Bool)
            }
            2 => {
                let function = *self.rng.pick(&["starts_with", "ends_with", "contains", "contains"]);
                let part = *self.rng.pick(&["a", "b", " ", "z"]);
                let value = format!("{function}({}, \"{part}\")", self.name_of(Type::String));
                (value, Type::Bool)
            }
            3 => {
                let text = self.name_of(Type::String);
                let value = match self.rng.below(4) {
                    0 => format!("replace({text}, \"a\", \"é\")"),
                    1 if !self.style.of_theory => format!("regexp_extract({text}, \"^.(.)\")"),
                    _ => format!("trim({text})"),
                };
                (value, Type::String)
            }
            _ => {
                // Equal where the other is greater.
                let ty = *self
                    .rng
                    .pick(&[Type::String, Type::String, Type::Timestamp, Type::Date, Type::Duration]);
                let (one, two) = (self.name_of(ty), self.name_of(ty));
                (format!("nullif({one}, least({one}, {two}))"), ty)
            }
        }
    }
}
