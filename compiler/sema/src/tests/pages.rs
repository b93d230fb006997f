//! The pages of the codes of this crate keep their promises.

use super::compile;
use featc_syntax::diag::Code;

/// The codes that this crate reports.
fn own_codes() -> impl Iterator<Item = Code> {
    let is_own = |code: &Code| matches!(&code.code()[1..3], "01" | "02" | "03" | "04");
    Code::ALL.iter().copied().filter(is_own)
}

/// The blocks of a page with the given info string.
fn blocks(page: &str, info: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut current: Option<String> = None;
    for line in page.lines() {
        match &mut current {
            Some(_) if line == "```" => blocks.extend(current.take()),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
            None if line.strip_prefix("```") == Some(info) => current = Some(String::new()),
            None => {}
        }
    }
    blocks
}

#[test]
fn the_page_of_unknown_functions_lists_all() {
    let page = Code::E0111.explain();
    let functions = featc_ir::Function::ALL.iter().map(|function| function.name());
    let aggregates = featc_ir::Aggregate::ALL.iter().map(|aggregate| aggregate.name());
    for name in functions.chain(aggregates).chain(["coalesce", "if"]) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_message_has_a_place_and_a_next_step() {
    for code in own_codes() {
        for text in blocks(code.explain(), "feat,fails") {
            for diagnostic in compile(&text).0.diagnostics {
                assert!(diagnostic.primary.is_some(), "{code}");
                assert!(diagnostic.help.is_some(), "{code}");
                assert!(!diagnostic.message.ends_with('.'), "{code}: {}", diagnostic.message);
            }
        }
    }
}
