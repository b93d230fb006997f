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
    ), @"");
}

#[test]
fn places_count_characters() {
    assert_snapshot!(messages("module m\r\n// é\r\nentity é (x: int64) é\r\n"), @"");
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
    ), @"");
}

#[test]
fn bodies_end_with_their_brace() {
    assert_snapshot!(messages("module m\nview v of e from s {\n  feature a = count() over 7d\n\nview w of e from s {\n  feature b = 1\n}\n}\n"), @"");
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
  unique
  tiem a
  lateness 24
  begins @2013-01-01
  batch parket \"a\"
  zone 3
  keep nans
}
"
    ), @"");
}

#[test]
fn modules_come_first_and_once() {
    assert_snapshot!(messages("entity e (a: int64)\nmodule m\nmodule n\n"), @"");
    assert_snapshot!(messages(""), @"");
}
