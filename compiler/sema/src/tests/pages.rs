//! The pages of the codes of this crate keep their promises.

use super::{codes, compile};
use crate::tests::render;
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
fn every_page_fails_and_passes_as_it_says() {
    let mut wrong = Vec::new();
    for code in own_codes() {
        let page = code.explain();
        let (fails, passes) = (blocks(page, "feat,fails"), blocks(page, "feat,passes"));
        if fails.is_empty() || passes.is_empty() {
            wrong.push(format!("{code}: a block is missing"));
        }
        for text in fails {
            let found = codes(&compile(&text).0.diagnostics);
            if found != [code.code()] {
                wrong.push(format!("{code}: the failing block gives {found:?}\n{}", render(&text)));
            }
        }
        for text in passes {
            let (outcome, _) = compile(&text);
            if !outcome.diagnostics.is_empty() || outcome.value.is_none() {
                wrong.push(format!("{code}: the passing block fails\n{}", render(&text)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
fn every_fixture_raises_its_code() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/ui");
    let mut wrong = Vec::new();
    for code in own_codes() {
        let files = std::fs::read_dir(folder.join(code.code())).map(|entries| entries.filter_map(Result::ok).collect());
        let files: Vec<std::fs::DirEntry> = files.unwrap_or_default();
        let programs: Vec<_> = files
            .iter()
            .map(std::fs::DirEntry::path)
            .filter(|path| path.extension().is_some_and(|e| e == "feat"))
            .collect();
        if programs.is_empty() {
            wrong.push(format!("{code}: no fixture"));
        }
        for path in programs {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let (outcome, _) = compile(&text);
            let found = codes(&outcome.diagnostics);
            if !found.contains(&code.code()) {
                wrong.push(format!("{}: gives {found:?}", path.display()));
            }
            let is_error = outcome.diagnostics.iter().any(featc_syntax::diag::Diagnostic::is_error);
            if is_error == outcome.value.is_some() {
                wrong.push(format!("{}: a program iff no error", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
