//! The tree keeps its own rules: imports, sizes, forbidden words, claimed fixtures.

use featc_tests::{files, read, root};
use std::collections::{BTreeMap, BTreeSet};

/// The table between the markers of `docs/architecture.md`: crate → crates of the workspace that it may import.
fn allowed_imports() -> BTreeMap<String, BTreeSet<String>> {
    let page = read(&root().join("docs/architecture.md"));
    let table = page
        .split("<!-- imports -->")
        .nth(1)
        .expect("architecture.md has the import table between markers");
    let mut rules = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let names =
            |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        rules.insert(names(cells[0]).into_iter().next().expect("a crate"), names(cells[1]));
    }
    rules
}

#[test]
fn crates_import_only_what_the_table_allows() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let rules = allowed_imports();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let Some(allowed) = rules.get(name) else {
            wrong.push(format!("{name} is not in the table of docs/architecture.md"));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let import = dependency["name"].as_str().expect("a name");
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if for_tests && ours.contains(import) {
                continue;
            }
            let walled = ours.contains(import) || ["datafusion", "tokio", "arrow", "parquet", "pest"].contains(&import);
            if walled && !for_tests && !allowed.contains(import) {
                wrong.push(format!("{name} may not import {import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn notices_list_every_crate_of_the_binary_and_the_package() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = std::process::Command::new(cargo)
        .args([
            "tree",
            "-p",
            "featc",
            "-p",
            "featc-python",
            "-e",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .args(["--locked", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let linked: BTreeSet<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(
            |line| match line.trim_end_matches(" (*)").split(' ').collect::<Vec<_>>()[..] {
                [name, version] => Some(format!("{name} {}", version.trim_start_matches('v'))),
                // Our own say where they are.
                _ => None,
            },
        )
        .collect();
    let notices = read(&root().join("NOTICES.txt"));
    let list = notices.split("\n\n").nth(1).expect("a list after the first paragraph");
    let told: BTreeSet<String> = list
        .lines()
        .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
        .collect();
    assert!(linked.len() > 200, "{linked:?}");
    let missing: Vec<_> = linked.difference(&told).collect();
    let stale: Vec<_> = told.difference(&linked).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "run cli/notices.py: {missing:?} {stale:?}"
    );
}

#[test]
fn sources_stay_readable() {
    let mut wrong = Vec::new();
    // Spelt in two halves, so that this file does not contain them.
    let forbidden = [
        ["#[ign", "ore"].concat(),
        ["#[should_", "panic"].concat(),
        ["todo", "!("].concat(),
        ["FIX", "ME"].concat(),
    ];
    for file in files(&root(), ".rs") {
        let text = read(&file);
        let lines = text.lines().count();
        let is_test = file
            .iter()
            .any(|part| ["tests", "tests.rs", "benches"].iter().any(|name| part == *name));
        let limit = if is_test { 800 } else { 400 };
        if lines > limit {
            wrong.push(format!("{}: {lines} lines, the limit is {limit}", file.display()));
        }
        for word in &forbidden {
            if text.contains(word.as_str()) {
                wrong.push(format!("{}: contains {word}", file.display()));
            }
        }
        let is_test_module = file.file_name().is_some_and(|name| name == "tests.rs")
            || file.parent().is_some_and(|folder| folder.ends_with("src/tests"));
        if !text.starts_with("//!") && !is_test_module {
            wrong.push(format!(
                "{}: does not say what it is for (`//!` on the first line)",
                file.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines that a function has at most, unless `tests/long_functions.txt` names it.
const FUNCTION_LINES_MAX: usize = 70;

/// The functions of a formatted file, with their lines: from the line with `fn` to the brace in its column.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let name = |line: &str| {
        let words = line.trim_start().split_once("fn ")?;
        let is_head = words
            .0
            .split_whitespace()
            .all(|word| word.starts_with("pub") || ["const", "async", "unsafe"].contains(&word) || word.ends_with(')'));
        let end = words.1.find(['(', '<'])?;
        is_head.then(|| words.1[..end].to_owned())
    };
    let length = |from: usize| {
        let indent = lines[from].len() - lines[from].trim_start().len();
        let close = format!("{}}}", " ".repeat(indent));
        let is_over = |line: &str| line.ends_with([';', '}']) && line.len() - line.trim_start().len() == indent;
        let end = lines[from..].iter().position(|line| is_over(line))?;
        (lines[from + end] == close).then_some(end + 1)
    };
    let all = lines.iter().enumerate();
    all.filter_map(|(at, line)| Some((name(line)?, length(at)?))).collect()
}

/// Long functions are those that a list names: tables of cases, and some that are to be split. Who shortens one takes it off.
#[test]
fn functions_are_short_or_listed() {
    let list = read(&root().join("tests/long_functions.txt"));
    let listed: BTreeSet<String> = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let (mut long, mut all) = (BTreeSet::new(), 0);
    for file in files(&root(), ".rs") {
        let is_test = ["tests", "tests.rs", "benches"];
        if file.iter().any(|part| is_test.iter().any(|name| part == *name)) {
            continue;
        }
        let path = file.strip_prefix(root()).expect("below the root").display().to_string();
        for (name, lines) in functions(&read(&file)) {
            all += 1;
            if lines > FUNCTION_LINES_MAX {
                long.insert(format!("{path} {name}"));
            }
        }
    }
    assert!(all > 5_000, "{all} functions");
    let more: Vec<_> = long.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&long).collect();
    assert!(
        more.is_empty() && gone.is_empty(),
        "longer than {FUNCTION_LINES_MAX} lines and not listed: {more:#?}; listed and not so: {gone:#?}"
    );
}

/// Where a clock is read: by the server, for bars of progress, for the metrics of a plan, and for the commits of a table,
/// which have to say when. No value depends on any (NO-CLOCK).
const CLOCKS: [&str; 6] = [
    "cli/src/progress.rs",
    "runtime/batch/src/source/scan.rs",
    "runtime/lake/src/delta/commit.rs",
    "runtime/follow/src/",
    "runtime/kafka/src/",
    "runtime/online/src/",
];

#[test]
fn clocks_are_read_in_few_places() {
    let clocks = [
        ["SystemTime::", "now"].concat(),
        ["Instant::", "now"].concat(),
        ["Utc::", "now"].concat(),
    ];
    let (mut read_in, mut wrong) = (BTreeSet::new(), Vec::new());
    for file in files(&root(), ".rs") {
        let name = file
            .strip_prefix(root())
            .expect("below the root")
            .to_string_lossy()
            .into_owned();
        let is_product = ["compiler/", "runtime/", "cli/src/", "python/src/"]
            .iter()
            .any(|folder| name.starts_with(folder));
        let is_test = ["/tests/", "/examples/", "/benches/"]
            .iter()
            .any(|part| name.contains(part))
            || name.ends_with("/tests.rs");
        let text = read(&file);
        if !is_product || is_test || !clocks.iter().any(|clock| text.contains(clock.as_str())) {
            continue;
        }
        match CLOCKS.iter().find(|place| name.starts_with(**place)) {
            Some(place) => drop(read_in.insert(*place)),
            None => wrong.push(name),
        }
    }
    assert!(wrong.is_empty(), "these read a clock: {wrong:?}");
    assert_eq!(
        read_in.len(),
        CLOCKS.len(),
        "of the places in the list only these read one: {read_in:?}"
    );
}

/// They are tried at the end of CI; an edit of the lowering that leaves one behind is told at once.
#[test]
fn wrong_lowerings_apply() {
    let mut patches: Vec<_> = files(&root().join("tests/wrong-lowerings"), ".patch")
        .into_iter()
        .collect();
    patches.sort();
    assert!(patches.len() >= 13, "{} patches", patches.len());
    let tried = std::process::Command::new("git")
        .args(["apply", "--check"])
        .args(&patches)
        .current_dir(root())
        .output()
        .expect("git");
    assert!(tried.status.success(), "{}", String::from_utf8_lossy(&tried.stderr));
}

#[test]
fn every_fixture_is_claimed() {
    let claims: [(&str, &[&str]); 4] = [
        ("tests/ui", &[".feat", ".stderr", ".console", ".http", ".log"]),
        ("tests/golden", &[".feat", ".snap"]),
        ("tests/spec", &[".md"]),
        ("tests/corpus", &[".jsonl.zst"]),
    ];
    let mut wrong = Vec::new();
    for (folder, suffixes) in claims {
        for file in files(&root().join(folder), "") {
            let name = file.file_name().expect("a file").to_string_lossy().into_owned();
            if !suffixes.iter().any(|suffix| name.ends_with(suffix)) {
                wrong.push(format!("{}: no suite reads it", file.display()));
            }
            // Of one program there may be several: `x.snap`, `x.physical.snap`.
            let stem = name.split('.').next().unwrap_or_default();
            let input = |to: &str| file.with_file_name(format!("{stem}.{to}"));
            let needs = |from: &str, to: &str| name.ends_with(from) && !input(to).exists();
            if needs(".stderr", "feat") || needs(".snap", "feat") {
                wrong.push(format!("{}: expected output without its input", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_style_page_quotes_the_code() {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted: BTreeSet<String> = files(&root(), ".rs")
        .iter()
        .chain(&files(&root().join("tests/ui/E0303"), ".stderr"))
        .flat_map(|path| read(path).lines().map(squeezed).collect::<Vec<_>>())
        .collect();
    let page = read(&root().join("docs/style.md"));
    let blocks = page.split("```").skip(1).step_by(2);
    let lines = blocks.flat_map(|block| block.lines().skip(1));
    // A signature may be quoted without what opens its body.
    let stands = |line: &str| ["", " {"].iter().any(|end| quoted.contains(&(squeezed(line) + end)));
    let missing: Vec<&str> = lines.filter(|line| !stands(line)).collect();
    assert!(
        missing.is_empty(),
        "docs/style.md quotes what is not there:\n{}",
        missing.join("\n")
    );
}

#[test]
fn the_glossary_is_in_order() {
    let page = read(&root().join("docs/glossary.md"));
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")).skip(1);
    let word = |row: &str| {
        row.split([',', '(', '|'])
            .next()
            .unwrap_or_default()
            .trim()
            .to_lowercase()
    };
    let words: Vec<String> = rows.map(word).collect();
    let wrong: Vec<_> = words.windows(2).filter(|pair| pair[0] >= pair[1]).collect();
    assert!(words.len() > 50 && wrong.is_empty(), "out of order: {wrong:?}");
}

/// A page without its code, where brackets mean other things: lines of blocks are empty, quoted words are gone.
fn prose(page: &str) -> String {
    let mut in_block = false;
    let lines = page.lines().map(|line| {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        if in_block || is_fence { "" } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What links to the headings of a page end in: their words, small, joined by `-`.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in prose(page).lines().filter(|line| line.starts_with('#')) {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        // Of a link its text.
        let words = words
            .split("](")
            .map(|part| part.split_once(')').map_or(part, |(_, rest)| rest));
        let is_kept = |c: &char| c.is_alphanumeric() || ['-', '_'].contains(c);
        let words: String = words
            .collect::<String>()
            .replace(' ', "-")
            .chars()
            .filter(is_kept)
            .collect();
        let mut anchor = words.clone();
        let mut number = 0;
        while !found.insert(anchor.clone()) {
            number += 1;
            anchor = format!("{words}-{number}");
        }
    }
    found
}

#[test]
fn links_lead_somewhere() {
    assert_eq!(
        anchors("# One `two`, [three](x.md)!\n```\n# no\n```\n## One two three"),
        ["one-two-three", "one-two-three-1"].map(str::to_owned).into()
    );
    let pages = files(&root(), ".md");
    let (mut wrong, mut links) = (Vec::new(), 0);
    for page in &pages {
        let text = prose(&read(page));
        let outside_of_quotes: Vec<&str> = text.split('`').step_by(2).collect();
        let text = outside_of_quotes.join("`");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (target, _) in targets.filter(|(target, _)| !target.contains(':')) {
            links += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = match path {
                "" => page.clone(),
                path => page.parent().expect("a folder").join(path),
            };
            if !file.exists() || !anchor.is_empty() && !anchors(&read(&file)).contains(anchor) {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(links > 400, "{links} links in {} pages", pages.len());
    assert!(wrong.is_empty(), "links to what is not there:\n{}", wrong.join("\n"));
}
