//! Layout by example.

use crate::diag::FileId;
use insta::assert_snapshot;

fn formatted(text: &str) -> String {
    let outcome = crate::parse(FileId(0), text);
    crate::format(&outcome.value, text).unwrap_or_else(|| format!("{:?}", outcome.diagnostics))
}

#[test]
fn clauses_take_their_order_and_comments_move_along() {
    assert_snapshot!(formatted(
        "module   m  // the module
/// Payments.
source  s{ // head
  // why this delay

  delay 5s // five
  columns(a:int64,b:string?) time   a
  unique (a,)
  // last words
}"
    ), @r#"
    module m // the module

    /// Payments.
    source s { // head
      columns (a: int64, b: string?)
      unique a
      time a
      // why this delay

      delay 5s // five
      // last words
    }
    "#);
}

#[test]
fn comments_inside_statements_move_before_them() {
    assert_snapshot!(formatted(
        "module m
view v // one
  of e // two
  from s {
  feature x = // three
    sum( // four
      a) /// five
    over 7d // six
  ttl 2h
}
// end"
    ), @r#"
    module m

    // one
    // two
    view v of e from s {
      ttl 2h
      // three
      // four
      // five
      feature x = sum(a) over 7d // six
    }
    // end
    "#);
}

#[test]
fn parentheses_are_kept_and_added_where_needed() {
    assert_snapshot!(formatted(
        "module m transform t from s { where ((a)) and (b or c) or not (d = e) let x = a-(b-c)-(d*e) let y = --a+ -(b) let z = a = not b }"
    ), @r#"
    module m

    transform t from s {
      where (a) and (b or c) or not (d = e)
      let x = a - (b - c) - (d * e)
      let y = --a + -(b)
      let z = a = (not b)
    }
    "#);
}

#[test]
fn long_lines_are_broken() {
    assert_snapshot!(formatted(
        "module m entity a(b:int64) entity c(d:int64)

        entity long(column_number_one: decimal(12, 2), column_number_two: decimal(12, 2), column_number_three: int64)
        view v of e from s { feature a_rather_long_name_of_a_feature = sum(some_column_name where another_column_name is not null) over [1h, 1d, 7d] excluding now default 0 }
        service s {} view w of e from s {
          // nothing yet
        }"
    ), @r#"
    module m

    entity a (b: int64)
    entity c (d: int64)

    entity long (
      column_number_one: decimal(12, 2),
      column_number_two: decimal(12, 2),
      column_number_three: int64,
    )

    view v of e from s {
      feature a_rather_long_name_of_a_feature = sum(some_column_name where another_column_name is not null)
        over [1h, 1d, 7d] excluding now default 0
    }

    service s {}

    view w of e from s {
      // nothing yet
    }
    "#);
}

#[test]
fn long_cases_have_a_line_for_each_branch() {
    assert_snapshot!(formatted(
        "module m transform t from s {
          let short = case when a then 1 else 0 end // one
          let size = case when items < 3 then \"small\" when items < 10 then \"medium\" // inside
            when items < 100 then \"large\" else \"very large\" end // behind
          where not (case when a_long_name_of_a_column_that_goes_on then case when b then another_long_name_of_a_column else c end when d then case when b_which_is_long_too then another_long_name_of_a_column else yet_another_column end else true end)
        }
        view v of e from t {
          feature weighted = sum(case when country = \"NL\" then amount when country = \"BE\" then amount * 2 else 0 end where amount > 0) over [1h, 1d] default 0
        }"
    ), @r#"
    module m

    transform t from s {
      let short = case when a then 1 else 0 end // one
      // inside
      let size = case
        when items < 3 then "small"
        when items < 10 then "medium"
        when items < 100 then "large"
        else "very large"
      end // behind
      where not (case
        when a_long_name_of_a_column_that_goes_on then case
          when b then another_long_name_of_a_column
          else c
        end
        when d then case
          when b_which_is_long_too then another_long_name_of_a_column
          else yet_another_column
        end
        else true
      end)
    }

    view v of e from t {
      feature weighted = sum(case
        when country = "NL" then amount
        when country = "BE" then amount * 2
        else 0
      end where amount > 0) over [1h, 1d] default 0
    }
    "#);
}

#[test]
fn tables_are_aligned_and_keep_their_comments() {
    assert_snapshot!(formatted(
        "module m
test   \"a | b\" for v{ // head
 given s // rows
|id|name|at|
// the first

|1|\"a | b\"|2026-01-01T00:00:00Z|   // one
| | caf\u{e9}  |@2026-01-01T00:00:00Z|
 // the question
 expect as   known at @2026-01-01T00:00:00Z(k:- 1){a=1 ok,b=[1,null],}// yes
 expect at @2026-01-01T00:00:00Z { // which
 a = 1, // one
 b = 2 }
}"
    ), @r#"
    module m

    test "a | b" for v { // head
      given s // rows
        | id | name    | at                    |
        // the first

        | 1  | "a | b" | 2026-01-01T00:00:00Z  | // one
        |    | café    | @2026-01-01T00:00:00Z |
      // the question
      expect as known at @2026-01-01T00:00:00Z (k: -1) { a = 1 ok, b = [1, null] } // yes
      expect at @2026-01-01T00:00:00Z { // which
        a = 1, // one
        b = 2,
      }
    }
    "#);
}

#[test]
fn long_expectations_are_broken() {
    assert_snapshot!(formatted(
        "module m
test \"t\" for v { expect at @2026-01-01T00:00:00Z (card: \"a\") { the_first_of_them = 1.5, the_second_of_them = \"text\" missing } }"
    ), @r#"
    module m

    test "t" for v {
      expect at @2026-01-01T00:00:00Z (card: "a") {
        the_first_of_them = 1.5,
        the_second_of_them = "text" missing,
      }
    }
    "#);
}
