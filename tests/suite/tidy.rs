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
    let list = notices.split("\n\n").nth(1).expect("a list behind the first paragraph");
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

/// The modules of a crate at its top, each with those that it names as `crate::…` outside of its tests.
fn modules(source: &std::path::Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files(source, ".rs") {
        let place = file.strip_prefix(source).expect("below it");
        let parts: Vec<String> = place
            .iter()
            .map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned())
            .collect();
        if ["lib", "main"].contains(&parts[0].as_str()) || parts.iter().any(|part| part == "tests") {
            continue;
        }
        let text = read(&file);
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: Vec<&str> = text
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .collect();
        let code = code.join("\n");
        let named = found.entry(parts[0].clone()).or_default();
        for rest in code.split("crate::").skip(1) {
            let word = |text: &str| -> String {
                let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
                text.trim_start().chars().take_while(is_word).collect()
            };
            match rest.strip_prefix('{') {
                // One level is enough: inner braces belong to one of its names.
                Some(list) => {
                    let list = list.split(';').next().unwrap_or_default();
                    named.extend(list.split(',').map(word));
                }
                None => _ = named.insert(word(rest)),
            }
        }
    }
    let known: BTreeSet<String> = found.keys().cloned().collect();
    for (module, named) in &mut found {
        named.retain(|other| known.contains(other) && other != module);
    }
    found
}

/// A circle, if there is one: modules are taken away from below as long as one imports nothing that is left.
fn circle(mut modules: BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    while let Some(lowest) = modules
        .iter()
        .find(|(_, named)| named.is_empty())
        .map(|(module, _)| module.clone())
    {
        modules.remove(&lowest);
        modules.values_mut().for_each(|named| _ = named.remove(&lowest));
    }
    modules.into_keys().collect()
}

#[test]
fn modules_form_no_circles() {
    let ends = |named: &[&str]| named.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let three = [
        ("a", ends(&["b"])),
        ("b", ends(&["c"])),
        ("c", ends(&["b"])),
        ("d", ends(&["a"])),
    ];
    let three = three.map(|(module, named)| (module.to_owned(), named));
    assert_eq!(
        circle(three.into()),
        ["a", "b", "c", "d"],
        "what cannot be put on floors"
    );
    let free = [
        "compiler/ir",
        "compiler/syntax",
        "compiler/sema",
        "compiler/lower",
        "compiler/driver",
        "runtime/batch",
        "runtime/kernels",
        "runtime/decode",
        "runtime/lake",
        "runtime/merge",
        "runtime/stream",
        "runtime/engine",
        "runtime/model",
    ];
    for of_crate in free {
        let modules = modules(&root().join(of_crate).join("src"));
        assert!(modules.len() > 1, "{of_crate}");
        let left = circle(modules);
        assert!(left.is_empty(), "{of_crate}: a circle among {}", left.join(", "));
    }
    // The list of floors in the page is that of the modules.
    let page = read(&root().join("docs/architecture.md"));
    let table = page
        .split("| floor | modules |")
        .nth(1)
        .expect("the floors")
        .split("\n\n")
        .next();
    let told: BTreeSet<&str> = table.unwrap_or_default().split('`').skip(1).step_by(2).collect();
    let modules = modules(&root().join("runtime/batch/src"));
    assert_eq!(told, modules.keys().map(String::as_str).collect::<BTreeSet<_>>());
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
        if lines > 800 {
            wrong.push(format!("{}: {lines} lines, the limit is 800", file.display()));
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

#[test]
fn every_fixture_is_claimed() {
    let claims: [(&str, &[&str]); 4] = [
        ("tests/ui", &[".feat", ".stderr", ".console", ".http"]),
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
