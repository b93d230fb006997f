//! Templates and parameters are what they would be written out.

use super::{codes, compile};
use featc_ir::Program;
use featc_syntax::diag::SourceMap;

const HEAD: &str = r#"module m
entity k (k: string)
source s {
  columns (id: int64, k: string, fee: float64?, tip: float64?, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
"#;

/// What is the same in both forms, with holes.
const SHORT: &str = r#"
  lateness {slow}
}
param slow = 12h
param week = 7d
param low = -1.5
param zone = "x"
transform t from s at at within {slow} {
  where fee > {low} and concat({zone}, "y") != k
}
/// Of a column.
template spend(col) {
  /// Sum of {col}, {week} and {set}.
  feature {col}_sum = sum({col}) over [1d, {week}] excluding now
  /// Its share.
  feature {col}_share_of_{col} = ({col}_sum_1d / {col}_sum_7d) default {low}
  /// Last.
  feature last_{col} = mean(if({col} > {low}, {col}, 2.0) where {col} is not null) over {week} every 1d after {slow}
}
view v of k from t {
  owner "o"
  ttl {week}
  /// First.
  feature first = count() over {week}
  use spend for (fee, tip)
  /// Reads them.
  feature both = fee_sum_1d - tip_sum_1d
}
service all { v.* feature scaled = v.both * {low} }
"#;

const LONG: &str = r#"
  lateness 12h
}
transform t from s at at within 12h {
  where fee > -1.5 and concat("x", "y") != k
}
view v of k from t {
  owner "o"
  ttl 7d
  /// First.
  feature first = count() over 7d
  /// Sum of fee, {week} and {set}.
  feature fee_sum = sum(fee) over [1d, 7d] excluding now
  /// Its share.
  feature fee_share_of_fee = (fee_sum_1d / fee_sum_7d) default -1.5
  /// Last.
  feature last_fee = mean(if(fee > -1.5, fee, 2.0) where fee is not null) over 7d every 1d after 12h
  /// Sum of tip, {week} and {set}.
  feature tip_sum = sum(tip) over [1d, 7d] excluding now
  /// Its share.
  feature tip_share_of_tip = (tip_sum_1d / tip_sum_7d) default -1.5
  /// Last.
  feature last_tip = mean(if(tip > -1.5, tip, 2.0) where tip is not null) over 7d every 1d after 12h
  /// Reads them.
  feature both = fee_sum_1d - tip_sum_1d
}
service all { v.* feature scaled = v.both * -1.5 }
"#;

/// A program with both.
pub(super) fn whole() -> String {
    format!("{HEAD}{SHORT}")
}

fn program(text: &str) -> Program {
    let (outcome, _) = compile(text);
    assert_eq!(codes(&outcome.diagnostics), [""; 0]);
    outcome.value.expect("a sound program")
}

/// Without the places of declarations.
fn unplaced(mut program: Program) -> Program {
    program.origins = featc_ir::Origins::default();
    program
}

#[test]
fn they_are_what_they_would_be_written_out() {
    let [short, long] = [SHORT, LONG].map(|tail| unplaced(program(&format!("{HEAD}{tail}"))));
    assert_eq!(featc_ir::display::program(&short), featc_ir::display::program(&long));
    assert_eq!(short, long);
}

#[test]
fn they_may_stand_in_any_file_of_the_module() {
    let whole = whole();
    let (head, tail) = whole.split_at(whole.find("param slow").unwrap_or(0));
    let (declared, views) = tail.split_at(tail.find("view v").unwrap_or(0));
    let mut sources = SourceMap::new();
    let texts = [format!("{head}{views}"), format!("module m\n{declared}")];
    let files: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| featc_syntax::parse(sources.add(format!("{at}.feat"), text.as_str()), text).value)
        .collect();
    let merged = crate::analyse(&files, &sources).value.expect("a sound program");
    let origin = merged.origins.0["feature v.tip_sum_1d"].clone();
    assert_eq!((origin.file.as_str(), origin.line), ("1.feat", 12), "in the template");
    assert_eq!(unplaced(merged), unplaced(program(&whole)));
}

#[test]
fn another_name_of_a_template_changes_nothing() {
    let text = whole();
    let renamed = text
        .replace("spend", "totals")
        .replace("{col}", "{c}")
        .replace("(col)", "(c)");
    assert_eq!(unplaced(program(&text)), unplaced(program(&renamed)));
    let longer = text.replace("week = 7d", "week = 8d").replace("_7d", "_8d");
    assert_ne!(unplaced(program(&text)), unplaced(program(&longer)));
}

#[test]
fn many_columns_are_made_in_time_that_grows_with_them() {
    let columns: Vec<String> = (0..1000).map(|at| format!("c{at}")).collect();
    let typed: Vec<String> = columns.iter().map(|name| format!("{name}: int64")).collect();
    let text = format!(
        "module m entity k (k: string) source s {{ columns (k: string, at: timestamp, {}) unique all time at }}\n\
         /// d\ntemplate t(col) {{ /// d\n feature {{col}}_sum = sum({{col}}) over 1d\n /// d\n feature {{col}}_max = max({{col}}) over [1d, 2d] }}\n\
         view v of k from s {{ owner \"o\" use t for ({}) }}",
        typed.join(", "),
        columns.join(", ")
    );
    let (outcome, sources) = compile(&text);
    let said = featc_syntax::diag::terminal::render(&outcome.diagnostics, &sources, false);
    let program = outcome.value.unwrap_or_else(|| panic!("{said}"));
    assert_eq!(program.views[0].features.len(), 3000);
}
