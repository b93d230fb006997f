//! Types of expressions, over columns of every type.

use super::compile;
use featc_ir::FeatureKind;
use std::fmt::Write as _;

/// The type of `last(expr)` with its expression, or the codes of what is wrong with it.
fn type_of(expr: &str) -> String {
    let text = format!(
        "module m\nentity k (s: string)\n\
         source rows {{ columns (b: bool, i: int64, f: float64, d: decimal(10, 2), e: decimal(20, 4), s: string, \
         t: timestamp, y: date, u: duration) unique all time t }}\n\
         view v of k from rows {{ owner \"o\"\n /// x\n feature x = last({expr}) over 1d }}\n"
    );
    let (outcome, _) = compile(&text);
    let Some(program) = outcome.value else {
        return super::codes(&outcome.diagnostics).join(" ");
    };
    let view = &program.views[0];
    assert!(matches!(view.features[0].kind, FeatureKind::Aggregate { .. }));
    let names = &program.transforms[0].columns;
    let shown = featc_ir::display::expression(&view.lifts[0], &|id| names[id.index()].name.clone());
    format!("{}   {shown}", view.features[0].ty)
}

fn table(exprs: &[&str]) -> String {
    let mut table = String::new();
    for expr in exprs {
        let _ = writeln!(table, "{expr:<28} {}", type_of(expr));
    }
    table
}

#[test]
fn arithmetic() {
    insta::assert_snapshot!(table(&[
        "i + 1", "i * i", "i - 1.5", "i / 2", "i / f", "i div 3", "i mod 0", "f + 1", "f * 1.5", "f / i", "f div 2",
        "d + e", "d * e", "d * 2", "d + 0.125", "d + i", "d * f", "d / e", "d / 2", "d / i", "d / f", "e * e",
        "e * e * e", "-i", "-d", "-u", "-s", "-9223372036854775808", "9223372036854775808", "1e-3", "1 + 2.5",
    ]), @r#"
i + 1                        int64   (i + 1)
i * i                        int64   (i * i)
i - 1.5                      E0201
i / 2                        float64   (i / 2)
i / f                        float64   (i / f)
i div 3                      int64   (i div 3)
i mod 0                      int64   (i mod 0)
f + 1                        float64   (f + 1.0)
f * 1.5                      float64   (f * 1.5)
f / i                        float64   (f / i)
f div 2                      E0202
d + e                        decimal(21, 4)   (d + e)
d * e                        decimal(30, 6)   (d * e)
d * 2                        decimal(11, 2)   (d * 2)
d + 0.125                    decimal(12, 3)   (d + 0.125)
d + i                        E0201
d * f                        E0201
d / e                        float64   (d / e)
d / 2                        float64   (d / 2)
d / i                        float64   (d / i)
d / f                        E0202
e * e                        E0208
e * e * e                    E0208
-i                           int64   (-i)
-d                           decimal(10, 2)   (-d)
-u                           duration   (-u)
-s                           E0202
-9223372036854775808         int64   -9223372036854775808
9223372036854775808          E0207
1e-3                         float64   0.001
1 + 2.5                      float64   (1.0 + 2.5)
"#);
}

#[test]
fn instants_and_durations() {
    insta::assert_snapshot!(table(&[
        "t + 1h", "1h + t", "u + t", "t - 1h", "t - t", "y - y", "y + 1d", "u + u", "u * 2", "2 * u", "i * u", "u * i",
        "u * 1.5", "u / u", "u / 2", "t * 2", "t + t", "-1h", "t > @2025-01-01T00:00:00Z", "y = @2025-01-01",
        "t > y", "u > 15m", "u > 15", "truncate(t, 1h)", "truncate(t, u)", "hour(t)", "hour(y)", "year(y)", "date(t)",
        "minutes(u)", "minutes(i)",
    ]), @r#"
t + 1h                       timestamp   (t + 1h)
1h + t                       timestamp   (t + 1h)
u + t                        E0202
t - 1h                       timestamp   (t - 1h)
t - t                        duration   (t - t)
y - y                        duration   (y - y)
y + 1d                       E0202
u + u                        duration   (u + u)
u * 2                        duration   (u * 2)
2 * u                        duration   (u * 2)
i * u                        E0202
u * i                        duration   (u * i)
u * 1.5                      E0202
u / u                        float64   (u / u)
u / 2                        E0202
t * 2                        E0202
t + t                        E0202
-1h                          duration   -1h
t > @2025-01-01T00:00:00Z    bool   (t > @2025-01-01T00:00:00Z)
y = @2025-01-01              bool   (y = @2025-01-01)
t > y                        E0215
u > 15m                      bool   (u > 15m)
u > 15                       E0215
truncate(t, 1h)              timestamp   truncate(t, 1h)
truncate(t, u)               E0212
hour(t)                      int64   hour(t)
hour(y)                      E0206
year(y)                      int64   year(y)
date(t)                      date   date(t)
minutes(u)                   float64   minutes(u)
minutes(i)                   E0206
"#);
}

#[test]
fn comparisons_and_conditions() {
    insta::assert_snapshot!(table(&[
        "i = 1", "i = 1.5", "1 = i", "d = 1.005", "d < e", "d = i", "f > 1", "s = \"x\"", "s < t", "b = true", "b and i > 0",
        "not b or null", "i", "i = null", "null = null", "i is null", "null is null", "s in (\"a\", \"b\")",
        "i not in (1, 2, 3)", "i in (1, \"a\")", "f in (1, 2.5)", "i and b",
    ]), @r#"
i = 1                        bool   (i = 1)
i = 1.5                      E0201
1 = i                        bool   (1 = i)
d = 1.005                    bool   (d = 1.005)
d < e                        bool   (d < e)
d = i                        E0201
f > 1                        bool   (f > 1.0)
s = "x"                      bool   (s = "x")
s < t                        E0215
b = true                     bool   (b = true)
b and i > 0                  bool   (b and (i > 0))
not b or null                bool   ((not b) or null)
i                            int64   i
i = null                     E0211
null = null                  E0211
i is null                    bool   (i is null)
null is null                 E0210
s in ("a", "b")              bool   ((s = "a") or (s = "b"))
i not in (1, 2, 3)           bool   (not (((i = 1) or (i = 2)) or (i = 3)))
i in (1, "a")                E0215
f in (1, 2.5)                bool   ((f = 1.0) or (f = 2.5))
i and b                      E0203
"#);
}

#[test]
fn alternatives() {
    insta::assert_snapshot!(table(&[
        "case when b then 1 else f end", "case when b then 1 when i > 0 then 2.5 end", "if(b, d, 0)", "if(b, d, 0.125)",
        "if(b, d, e)", "if(b, null, s)", "if(i, 1, 2)", "coalesce(i, 0)", "coalesce(null, null)", "coalesce(i)",
        "least(f, 1)", "greatest(i, f)", "nullif(s, \"\")", "nullif(i, 0, 1)",
    ]), @r#"
case when b then 1 else f end float64   case when b then 1.0 else f end
case when b then 1 when i > 0 then 2.5 end float64   case when b then 1.0 when (i > 0) then 2.5 end
if(b, d, 0)                  decimal(10, 2)   case when b then d else 0.00 end
if(b, d, 0.125)              E0207
if(b, d, e)                  E0209
if(b, null, s)               string   case when b then null else s end
if(i, 1, 2)                  E0203
coalesce(i, 0)               int64   coalesce(i, 0)
coalesce(null, null)         E0210
coalesce(i)                  E0205
least(f, 1)                  float64   least(f, 1.0)
greatest(i, f)               E0209
nullif(s, "")                string   nullif(s, "")
nullif(i, 0, 1)              E0205
"#);
}

#[test]
fn functions_and_casts() {
    insta::assert_snapshot!(table(&[
        "abs(u)", "abs(d)", "abs(-1)", "abs(s)", "round(f)", "round(d)", "round(d, 1)", "round(d, 2)", "round(d, 3)",
        "round(e, 30)", "round(f, 1)", "round(i, 1)", "floor(d)", "ceil(f)", "sqrt(2)", "sqrt(i)", "pow(f, 2)",
        "div(i, i, 4)", "div(d, 3, 2)", "div(f, 3, 2)", "div(d, 1.5, 2)", "div(d, e, 39)", "div(d, e, i)",
        "concat(s, \"x\", s)", "concat(s)", "substring(s, 1, 2)", "length(i)", "contains(s, null)",
        "cast(i as float64)", "cast(1 as float64)", "cast(1.5 as int64)", "cast(1.005 as decimal(3, 2))",
        "cast(1.5 as decimal(3, 2))", "cast(null as date)", "cast(b as float64)", "cast(u as int64)", "cast(u as string)",
        "cast(i as int64)", "cast(s as timestamp)", "cast(y as timestamp)", "cast(i as nothing)",
    ]), @r#"
abs(u)                       duration   abs(u)
abs(d)                       decimal(10, 2)   abs(d)
abs(-1)                      int64   abs(-1)
abs(s)                       E0206
round(f)                     float64   round(f)
round(d)                     E0206
round(d, 1)                  decimal(10, 1)   round(d, 1)
round(d, 2)                  decimal(10, 2)   round(d, 2)
round(d, 3)                  decimal(11, 3)   round(d, 3)
round(e, 30)                 E0208
round(f, 1)                  float64   round(f, 1)
round(i, 1)                  E0206
floor(d)                     decimal(10, 0)   floor(d)
ceil(f)                      float64   ceil(f)
sqrt(2)                      float64   sqrt(2.0)
sqrt(i)                      E0206
pow(f, 2)                    float64   pow(f, 2.0)
div(i, i, 4)                 decimal(38, 4)   div(i, i, 4)
div(d, 3, 2)                 decimal(38, 2)   div(d, 3, 2)
div(f, 3, 2)                 E0206
div(d, 1.5, 2)               decimal(38, 2)   div(d, 1.5, 2)
div(d, e, 39)                E0212
div(d, e, i)                 E0212
concat(s, "x", s)            string   concat(s, "x", s)
concat(s)                    E0205
substring(s, 1, 2)           string   substring(s, 1, 2)
length(i)                    E0206
contains(s, null)            bool   contains(s, null)
cast(i as float64)           float64   cast(i as float64)
cast(1 as float64)           float64   1.0
cast(1.5 as int64)           int64   cast(1.5 as int64)
cast(1.005 as decimal(3, 2)) decimal(3, 2)   cast(1.005 as decimal(3, 2))
cast(1.5 as decimal(3, 2))   decimal(3, 2)   1.50
cast(null as date)           date   null
cast(b as float64)           E0204
cast(u as int64)             int64   cast(u as int64)
cast(u as string)            E0204
cast(i as int64)             int64   i
cast(s as timestamp)         timestamp   cast(s as timestamp)
cast(y as timestamp)         timestamp   cast(y as timestamp)
cast(i as nothing)           E0112
"#);
}
