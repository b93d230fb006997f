//! The program that tests serve.

use featr::Program;

const SHOP: &str = "module shop
entity card (card: string)
source payments {
  columns (id: int64, card: string, amount: float64, at: timestamp, seen: timestamp)
  unique id
  time at
  arrival seen
  lateness 7d
}
view spend of card from payments { feature total_1h = sum(amount) over 1h default 0.0 }
service risk { spend.* }
service strict { spend.* fallback gate }
";

/// A view with one feature, a service that answers always, and one that withholds.
pub fn shop() -> Program {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("shop.feat", SHOP.to_owned());
    let outcome = featc_driver::compile(&sources, &[file]);
    let plans = featc_driver::lower(&outcome.value.expect("a program"));
    Program::new(plans.batch, plans.stream, ".")
}
