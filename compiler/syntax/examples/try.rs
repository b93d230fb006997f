//! Parses a file and prints what came out.
use featc_syntax::diag::{SourceMap, terminal};
fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut sources = SourceMap::new();
    let file = sources.add(path, text);
    let outcome = featc_syntax::parse(file, sources.text(file));
    if std::env::args().nth(2).is_some() { println!("{}", featc_syntax::dump(&outcome.value)); }
    println!("{}", terminal::render(&outcome.diagnostics, &sources, false));
}
