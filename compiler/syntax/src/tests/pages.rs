//! The pages of this crate's codes show what they say, as far as this crate can see.

use crate::diag::{Code, FileId, SourceMap, terminal};

/// The fenced blocks with this info string.
fn blocks<'a>(page: &'a str, info: &str) -> Vec<&'a str> {
    let fence = format!("\n```{info}\n");
    page.match_indices(&fence)
        .filter_map(|(at, _)| page[at + fence.len()..].split_once("\n```").map(|(block, _)| block))
        .collect()
}

#[test]
fn pages_of_syntax_codes_do_what_they_say() {
    // W0002 is said by printing, what formats there are by the next phase.
    let others = [Code::NotShown, Code::UnknownFileFormat, Code::VersionOfFiles];
    let is_own = |code: &&Code| code.code()[1..].starts_with("00") && !others.contains(code);
    for code in Code::ALL.iter().filter(is_own) {
        let (fails, passes) = (
            blocks(code.explain(), "feat,fails"),
            blocks(code.explain(), "feat,passes"),
        );
        assert!(!fails.is_empty() && !passes.is_empty(), "{code}");
        for text in fails {
            let found = crate::parse(FileId(0), text).diagnostics;
            assert!(
                !found.is_empty() && found.iter().all(|found| found.code == *code),
                "{code}: {found:?}"
            );
        }
        for text in passes {
            assert_eq!(crate::parse(FileId(0), text).diagnostics, vec![], "{code}");
        }
    }
}

/// Programs of other pages parse: their codes are about meaning.
#[test]
fn programs_of_other_pages_parse() {
    for code in Code::ALL.iter().filter(|code| !code.code()[1..].starts_with("00")) {
        let texts = [
            blocks(code.explain(), "feat,fails"),
            blocks(code.explain(), "feat,passes"),
        ]
        .concat();
        for text in texts {
            let mut sources = SourceMap::new();
            let file = sources.add("page.feat", text);
            let found = crate::parse(file, text).diagnostics;
            assert!(
                found.is_empty(),
                "{code}:\n{}",
                terminal::render(&found, &sources, false)
            );
        }
    }
}
