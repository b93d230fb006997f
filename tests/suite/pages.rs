//! `docs/errors/<CODE>.md`: the page of every code, executed. Its headings are tested beside the registry of codes.

use featc_driver::diag::{Code, Severity};
use featc_tests::{compare, files, read, root};
use std::collections::BTreeSet;

fn blocks<'a>(page: &'a str, kind: &str) -> Vec<&'a str> {
    let open = format!("```{kind}\n");
    page.split(open.as_str())
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .collect()
}

fn codes(text: &str) -> Vec<Code> {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("page.feat", text);
    featc_driver::compile(&sources, &[file])
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

/// Codes about files, data, arguments and printing, whose examples are console sessions, and the bug code.
fn is_about_runs(code: Code) -> bool {
    let ranges = ["E06", "E07", "E08", "E09", "W07"];
    ranges.iter().any(|range| code.code().starts_with(range)) || matches!(code, Code::Bug | Code::NotShown)
}

#[test]
fn every_page_does_what_it_says() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let page = code.explain();
        if is_about_runs(*code) {
            continue;
        }
        let (fails, passes) = (blocks(page, "feat,fails"), blocks(page, "feat,passes"));
        if fails.is_empty() || passes.is_empty() {
            wrong.push(format!("{code}: needs a `feat,fails` and a `feat,passes` block"));
        }
        for text in fails {
            let said = codes(text);
            if said.is_empty() || said.iter().any(|other| other != code) {
                wrong.push(format!("{code}: its failing example says {said:?}"));
            }
        }
        for text in passes {
            let said = codes(text);
            if !said.is_empty() {
                wrong.push(format!("{code}: its passing example says {said:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A line of a message without what is another in every run: quoted texts, and words with digits, dots or slashes.
fn masked(line: &str) -> String {
    let mut text = line.trim().to_owned();
    for quote in ['`', '"'] {
        let parts = text.split(quote).enumerate();
        text = parts
            .map(|(place, part)| if place % 2 == 0 { part } else { "*" })
            .collect();
    }
    let word = |word: &str| {
        let core = word.trim_end_matches(['.', ',', ':', ';']);
        let varies = core.contains(|letter: char| letter.is_ascii_digit() || letter == '.' || letter == '/');
        match varies && !core.starts_with("error[") && !core.starts_with("warning[") {
            true => format!("*{}", &word[core.len()..]),
            false => word.to_owned(),
        }
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn pages_about_runs_quote_what_is_said() {
    let (mut wrong, mut quoted) = (Vec::new(), 0);
    for code in Code::ALL {
        let name = code.code();
        if !["E06", "E07", "E09", "W07"].iter().any(|range| name.starts_with(range)) {
            continue;
        }
        // Further examples are of what no session can make happen.
        let Some(example) = blocks(code.explain(), "console").into_iter().next() else {
            wrong.push(format!("{name}: no `console` block"));
            continue;
        };
        let mut said = BTreeSet::new();
        for session in files(&root().join("tests/ui").join(name), ".console") {
            said.extend(read(&session).lines().map(masked));
        }
        let is_said = |line: &&str| {
            line.starts_with("error[") || line.starts_with("warning[") || line.trim_start().starts_with("= help:")
        };
        for line in example.lines().filter(is_said) {
            quoted += 1;
            if !said.contains(&masked(line)) {
                wrong.push(format!("{name}: no session says `{line}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(quoted > 60, "only {quoted} lines");
}

#[test]
fn the_index_lists_every_code() {
    let mut index =
        "# Messages\n\nEvery message of featc has a code; `featc explain CODE` prints its page.\n".to_owned();
    for (severity, title) in [(Severity::Error, "Errors"), (Severity::Warning, "Warnings")] {
        index += &format!("\n## {title}\n\n| code | cause | since |\n|---|---|---|\n");
        for code in Code::ALL.iter().filter(|code| code.severity() == severity) {
            index += &format!("| [{code}]({code}.md) | {} | {} |\n", code.title(), code.since());
        }
    }
    let problem = compare(&root().join("docs/errors/README.md"), &index);
    assert!(problem.is_none(), "{}", problem.unwrap_or_default());
}

#[test]
fn every_code_has_a_fixture() {
    let folder = root().join("tests/ui");
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| **code != Code::Bug)
        .map(|code| code.code())
        .filter(|code| std::fs::read_dir(folder.join(code)).map_or(0, Iterator::count) == 0)
        .collect();
    assert!(missing.is_empty(), "codes without a fixture in tests/ui: {missing:?}");
    for entry in std::fs::read_dir(&folder).expect("tests/ui") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        assert!(Code::from_code(&name).is_some(), "tests/ui/{name} is no code");
    }
}

/// The programs of the front page and of all pages of docs/: each must compile without a word.
#[test]
fn programs_in_the_docs_compile() {
    let mut pages = files(&root().join("docs"), ".md");
    pages.retain(|page| !page.starts_with(root().join("docs/errors")));
    pages.push(root().join("README.md"));
    let mut programs = 0;
    for page in pages {
        for program in blocks(&read(&page), "feat") {
            programs += 1;
            assert_eq!(codes(program), [], "{}:\n{program}", page.display());
        }
    }
    assert!(programs >= 8, "only {programs} programs found");
}

/// A program with a line of `docs/phrases.md` in the place where such a line stands; `None` of what is no line of a program.
fn with_phrase(line: &str) -> Option<String> {
    let word = line.split_whitespace().next()?;
    let is = |words: &[&str]| words.contains(&word);
    if line.contains('…')
        || !is(&[
            "arrival", "entity", "feature", "lateness", "let", "service", "static", "time", "unique", "where", "zone",
        ])
    {
        return None;
    }
    let clauses = ["unique id", "time paid_at", "arrival known_at", "lateness 1d"];
    let clauses = clauses.into_iter().filter(|clause| {
        !clause.starts_with(word)
            && !(word == "static" && (clause.starts_with("arrival") || clause.starts_with("lateness")))
    });
    let own = is(&["arrival", "lateness", "static", "time", "unique", "zone"]).then_some(line);
    let clauses: Vec<&str> = clauses.chain(own).collect();
    let or = |words: &[&str], usual: &'static str| if is(words) { line.to_owned() } else { usual.to_owned() };
    Some(format!(
        "module phrases\n{}\nsource payments {{\n  columns (id: int64, card: string, amount: float64, price: decimal(10, 2), \
         quantity: int64, country: string?, ok: bool, paid_at: timestamp, known_at: timestamp, returned_at: timestamp?)\n  {}\n}}\n\
         transform chosen from payments {{\n  {}\n}}\nview spend of card from chosen {{\n  owner \"shop\"\n  /// One.\n  \
         feature a = sum(amount) over 2d\n  /// Two.\n  feature b = sum(amount) over 3d\n  /// Three.\n  {}\n}}\n{}\n",
        or(&["entity"], "entity card (card: string)"),
        clauses.join("\n  "),
        or(&["where", "let"], "where ok"),
        or(&["feature"], "feature x = max(amount) over 5d"),
        or(&["service"], "service risk { spend.* }"),
    ))
}

#[test]
fn phrases_compile() {
    let page = read(&root().join("docs/phrases.md"));
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit_once("| "));
    let lines = cells.flat_map(|(_, cell)| cell.split('`').skip(1).step_by(2));
    let mut programs = 0;
    for program in lines.filter_map(with_phrase) {
        programs += 1;
        assert_eq!(codes(&program), [], "docs/phrases.md:\n{program}");
    }
    assert!(programs >= 45, "only {programs} phrases found");
}
