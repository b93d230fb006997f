//! Messages by example. Every code has a page and a fixture too; here are the finer points.

use super::{in_view, messages};
use insta::assert_snapshot;

#[test]
fn a_file_gives_several_messages() {
    assert_snapshot!(messages(
        "entity card (card: int64
source s { time at foo }
view v of card from s {
  feature a = sum(x over 7d
  feature b = count() over 7d
  feature c = count() ovr 7d
}"
    ), @r#"
    error[E0009]: the file does not say which module it is
      ┌─ a.feat:1:1
      │
    1 │ entity card (card: int64
      │ ^^^^^^ `module` is missing here
      │
      = help: begin the file with a line such as `module shop`

    error[E0014]: `(` is never closed
      ┌─ a.feat:1:13
      │
    1 │ entity card (card: int64
      │             ^           - `)` is missing here
      │             │
      │             opened here
      │
      = help: write `)`

    error[E0001]: unexpected `foo`
      ┌─ a.feat:2:20
      │
    2 │ source s { time at foo }
      │                    ^^^ does not fit here
      │
      = help: `time` is written like this: `time paid_at`

    error[E0014]: `(` is never closed
      ┌─ a.feat:4:18
      │
    4 │   feature a = sum(x over 7d
      │                  ^ - `)` is missing here
      │                  │
      │                  opened here
      │
      = help: write `)`

    error[E0015]: `ovr` is not a keyword
      ┌─ a.feat:6:23
      │
    6 │   feature c = count() ovr 7d
      │                       ^^^ not known here
      │
      = help: did you mean `over`?
    "#);
}

#[test]
fn places_count_characters() {
    assert_snapshot!(messages("module m\r\n// é\r\nentity é (x: int64) é\r\n"), @r#"
    error[E0004]: the name `é` has letters that names cannot have
      ┌─ a.feat:3:8
      │
    3 │ entity é (x: int64) é
      │        ^ not a name
      │
      = help: use the letters a to z, digits and `_`

    error[E0004]: the name `é` has letters that names cannot have
      ┌─ a.feat:3:21
      │
    3 │ entity é (x: int64) é
      │                     ^ not a name
      │
      = help: use the letters a to z, digits and `_`

    error[E0001]: this part does not fit the grammar
      ┌─ a.feat:3:21
      │
    3 │ entity é (x: int64) é
      │                     ^
    "#);
}

#[test]
fn statements_tell_what_is_wrong() {
    assert_snapshot!(in_view(
        "feature a = sum(x) + over 7d
feature b = .5
feature c = 1. + 2
feature d = x y
feature e over 7d
feature where = 1
feature f = sum(end) over 7d
feature g = sum(x)) over 7d
feature h = sum(x over 7d
feature i = a < b < c
feature j = a is null = true
feature k = sum(x) over 7 days
feature l = sum(x) over 7days
feature m = sum(x) over 7
feature n = 'it' + “is”
feature o = x && !y == z
feature p = @2013-01-01 00:00:00
feature q = @2013-01-01T00:00:00
feature r = @yesterday
feature s = 1 over 7d over 8d
feature t = 1_000
feature u = \"a\\q\"
mean_x = mean(x) over 7d
feture v = 1
time x
feature w = sum(größe) over 7d
feature x = cast(x, int64)
feature y = case when a then b
feature z = 1 cap 1.5"
    ), @r#"
    E0001 at `over`: expected an expression, found `over`; `feature` is written like this: `feature spend = sum(amount) over 7d default 0`
    E0012 at `.5`: a number has digits on both sides of its point; write `0.5`
    E0012 at `1.`: a number has digits on both sides of its point; write `1.0`
    E0001 at `y`: expected `over`, `cap`, `default` or an operator, found `y`; `feature` is written like this: `feature spend = sum(amount) over 7d default 0`
    E0001 at `over`: `=` stands after the name of a feature; write for example `feature e = count() over 7d`
    E0013 at `where`: `where` is a reserved word; choose another name, for example `where_`
    E0013 at `end`: `end` is a reserved word; choose another name, for example `end_`
    E0014 at `)`: `)` closes nothing; remove it
    E0014 at `(`: `(` is never closed; write `)`
    E0007 at `<`: comparisons do not chain; write `a < b and b < c`
    E0007 at `=`: comparisons do not chain; put one of the comparisons into parentheses, or join two by `and`
    E0011 at `7 days`: a duration is written as one word; write `7d`
    E0011 at `7days`: `days` is not a unit of time; write `7d`
    E0011 at `7`: `7` has no unit; write the unit after the number: `7d`, `7h`, `7m`, `7s`, or `7 events`
    E0004 at `'it'`: strings stand in double quotes; write `"it"`
    E0004 at `“is”`: strings stand in plain double quotes; write `"is"`
    E0006 at `&&`: `&&` is not an operator of this language; write `and`
    E0006 at `!`: `!` is not an operator of this language; write `not`
    E0006 at `==`: `==` is not an operator of this language; write `=`
    E0010 at `@2013-01-01 00`: the instant is not written as one piece; write `@2025-01-31` or `@2025-01-31T12:00:00Z`
    E0010 at `@2013-01-01T00:00:00`: a timestamp needs an offset from UTC; write `@2013-01-01T00:00:00Z`
    E0010 at `@yesterday`: `@yesterday` is neither a date nor a timestamp; write `@2025-01-31` or `@2025-01-31T12:00:00Z`
    E0008 at `over 8d`: `over` is given twice; keep one of them
    E0012 at `1_000`: numbers are written without `_`; write `1000`
    E0003 at `\q`: `\q` is not an escape; the escapes are `\"`, `\\`, `\n`, `\t` and `\u{e9}`; a backslash is written `\\`
    E0015 at `mean_x`: `mean_x` begins no statement of a view; write `feature mean_x = …`
    E0015 at `feture`: `feture` begins no statement of a view; did you mean `feature`?
    E0004 at `größe`: the name `größe` has letters that names cannot have; use the letters a to z, digits and `_`
    E0001 at `,`: expected `as` or an operator, found `,`; `cast` is written like this: `cast(amount as float64)`
    E0001 at ``: expected `when`, `else`, `end` or an operator, found `feature`; `case` is written like this: `case when late then 1 else 0 end`
    E0012 at `1.5`: `1.5` is not a whole number; write digits only
    "#);
}

#[test]
fn bodies_end_with_their_brace() {
    assert_snapshot!(messages("module m\nview v of e from s {\n  feature a = count() over 7d\n\nview w of e from s {\n  feature b = 1\n}\n}\n"), @r#"
    error[E0014]: `{` is never closed
      ┌─ a.feat:2:20
      │
    2 │ view v of e from s {
      │                    ^ opened here
    3 │   feature a = count() over 7d
      │                              - `}` is missing here
      │
      = help: write `}`

    error[E0014]: `}` closes nothing
      ┌─ a.feat:8:1
      │
    8 │ }
      │ ^ no bracket is open here
      │
      = help: remove it
    "#);
}

#[test]
fn sources_tell_what_is_wrong() {
    assert_snapshot!(messages(
        "module m
source s {
  columns (
    a: int64
    time: timestamp,
  )
  unique x
  tiem a
  lateness 24
  begins @2013-01-01
  batch parket \"a\"
  zone 3
  keep nans
}
"
    ), @r#"
    error[E0001]: expected `)` or `,`, found `time`
      ┌─ a.feat:4:13
      │
    4 │     a: int64
      │             ^ something is missing here
      │
      = help: `columns` is written like this: `columns (card: int64, amount: decimal(12, 2)?)`

    error[E0015]: `tiem` begins no clause of a source
      ┌─ a.feat:8:3
      │
    8 │   tiem a
      │   ^^^^ not a clause
      │
      = help: did you mean `time`?

    error[E0011]: `24` has no unit
      ┌─ a.feat:9:12
      │
    9 │   lateness 24
      │            ^^
      │
      = help: write the unit after the number: `24d`, `24h`, `24m`, `24s`

    error[E0010]: a date is not an instant
       ┌─ a.feat:10:10
       │
    10 │   begins @2013-01-01
       │          ^^^^^^^^^^^ has no time of day
       │
       = help: write `@2013-01-01T00:00:00Z`

    error[E0001]: expected a string in double quotes, found `3`
       ┌─ a.feat:12:8
       │
    12 │   zone 3
       │        ^ does not fit here
       │
       = help: `zone` is written like this: `zone "Europe/Paris"`

    error[E0001]: expected `nan`, found `nans`
       ┌─ a.feat:13:8
       │
    13 │   keep nans
       │        ^^^^ does not fit here
       │
       = help: `keep` is written like this: `keep nan`
    "#);
}

#[test]
fn modules_come_first_and_once() {
    assert_snapshot!(messages("entity e (a: int64)\nmodule m\nmodule n\n"), @r#"
    error[E0016]: `module` comes after another declaration
      ┌─ a.feat:2:1
      │
    1 │ entity e (a: int64)
      │ - this one is before it
    2 │ module m
      │ ^^^^^^^^ too late
      │
      = help: move the `module` line to the top of the file

    error[E0016]: a file has one `module` line
      ┌─ a.feat:3:1
      │
    2 │ module m
      │ -------- the first one
    3 │ module n
      │ ^^^^^^^^ the second one
      │
      = help: keep one of them
    "#);
    assert_snapshot!(messages(""), @r#"
    error[E0009]: the file does not say which module it is
      ┌─ a.feat:1:1
      │
    1 │
      │ ^ `module` is missing here
      │
      = help: begin the file with a line such as `module shop`
    "#);
}

#[test]
fn types_within_each_other_are_bounded() {
    for (open, close) in [("list<", ">"), ("struct<a: ", ">"), ("list<", "")] {
        for depth in [100, 1001, 20_000] {
            let ty = format!("{}int64{}", open.repeat(depth), close.repeat(depth));
            let said = messages(&format!(
                "module m\nsource s {{\n  columns (a: {ty})\n  time a\n}}\nrequest r (b: int64)\n"
            ));
            assert!(
                said.contains("E0005") || close.is_empty() && depth == 100,
                "{depth} of {open}"
            );
            assert!(!said.contains("E9999"), "{depth} of {open}");
        }
    }
    // Comparisons are no types.
    let many: Vec<String> = (0..2000).map(|at| format!("  where list < {at}\n")).collect();
    let said = messages(&format!("module m\ntransform t from s {{\n{}}}\n", many.concat()));
    assert!(!said.contains("E0005"), "{said}");
}

#[test]
fn rows_behind_no_given_are_one_message() {
    let rows = "    | id | card | at |\n".repeat(60);
    let said = messages(&format!("module m\ntest \"one\" for v {{\n{rows}}}\n"));
    assert_eq!(said.matches("error[").count(), 1, "{said}");
}
