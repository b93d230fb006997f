//! Trees by example.

use super::tree;
use insta::assert_snapshot;

fn expr(text: &str) -> String {
    let whole = tree(&format!("module m transform t from s {{ where {text} }}"));
    let line = whole
        .lines()
        .find(|line| line.starts_with("  (where "))
        .unwrap_or(&whole);
    line.trim()
        .trim_start_matches("(where ")
        .trim_end_matches(')')
        .to_owned()
}

/// Both texts have one tree.
fn same(left: &str, right: &str) {
    assert_eq!(expr(left), expr(right));
}

#[test]
fn operators_bind_as_documented() {
    same("a or b and c", "a or (b and c)");
    same("a or b or c", "(a or b) or c");
    same("not a and b", "(not a) and b");
    same("not a = b", "not (a = b)");
    same("not a is null", "not (a is null)");
    same("a = b + c", "a = (b + c)");
    same("a + b is null", "(a + b) is null");
    same("a - b - c", "(a - b) - c");
    same("a + b * c div d", "a + ((b * c) div d)");
    same("-a * b", "(-a) * b");
    same("-a is null", "(-a) is null");
    same("a - -b", "a - (-b)");
    same("a = not b = c", "a = (not (b = c))");
    same("a not in (1, 2) and b", "(a not in (1, 2)) and b");
    same("a*b mod c", "(a * b) mod c");
}

#[test]
fn every_clause_has_its_place() {
    assert_snapshot!(tree(include_str!("all.feat")), @"");
}

#[test]
fn broken_pieces_leave_their_names() {
    assert_snapshot!(tree(
        "module m
source s { time = x  }
view v of e from s {
  feature a = sum( over 7d
  feature b = count() over 7d
}
view w off e from s { feature c = 1 }
service x { v.b }"
    ), @"");
}

#[test]
fn a_byte_order_mark_and_crlf_are_white_space() {
    assert_snapshot!(tree("\u{feff}module m\r\n/// doc\r\nentity e (a: int64)\r\nentity f (a: x y)\r\n"), @"");
}
