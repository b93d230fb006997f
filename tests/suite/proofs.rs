//! The theorems of `proofs/README.md` and the places of the Rust that rely on them name each other.

use featc_tests::{files, read, root};
use std::collections::BTreeSet;

/// A line of the table: the theorem, the file that proves it, the Rust that relies on it.
type Line = (String, String, String);

fn words(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The table of headline theorems; `none yet` stands for no Rust.
fn table() -> Vec<Line> {
    let page = read(&root().join("proofs/README.md"));
    let table = page
        .split("<!-- theorems -->")
        .nth(1)
        .expect("the table between its marks");
    let mut lines = Vec::new();
    for line in table
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
    {
        let cells: Vec<&str> = line.split(" | ").collect();
        let named = cells
            .iter()
            .position(|cell| cell.contains("](theory/"))
            .expect("a theorem");
        let theory = cells[named]
            .split("](theory/")
            .nth(1)
            .and_then(|rest| rest.split(')').next());
        let theory = theory.expect("the file of a theorem").to_owned();
        let rust = words(cells[named + 2]);
        assert!(rust.len() == 1 || cells[named + 2].trim() == "none yet", "{line}");
        lines.push((words(cells[named])[0].clone(), theory, rust.concat()));
    }
    lines
}

/// What the Rust says: `// Law: name (proofs/theory/File.v)`.
fn laws() -> BTreeSet<Line> {
    let mut found = BTreeSet::new();
    for folder in ["runtime", "compiler"] {
        for file in files(&root().join(folder), ".rs") {
            let name = file.strip_prefix(root()).expect("in the tree").display().to_string();
            for line in read(&file).lines() {
                let Some(law) = line.trim_start().strip_prefix("// Law: ") else {
                    continue;
                };
                let (theorem, theory) = law.split_once(" (proofs/theory/").expect("a theorem and its file");
                found.insert((
                    theorem.to_owned(),
                    theory.trim_end_matches(')').to_owned(),
                    name.clone(),
                ));
            }
        }
    }
    found
}

#[test]
fn theorems_and_the_rust_that_relies_on_them_name_each_other() {
    let lines = table();
    assert!(lines.len() > 30, "{lines:?}");
    let listed: BTreeSet<Line> = lines.iter().filter(|(_, _, rust)| !rust.is_empty()).cloned().collect();
    let said = laws();
    let silent: Vec<_> = listed.difference(&said).collect();
    let unlisted: Vec<_> = said.difference(&listed).collect();
    assert!(
        silent.is_empty() && unlisted.is_empty(),
        "listed, but the Rust does not say so: {silent:#?}\nsaid, but not listed: {unlisted:#?}"
    );
    for (theorem, theory, _) in lines {
        let text = read(&root().join("proofs/theory").join(&theory));
        let starts = [format!("Theorem {theorem} "), format!("Theorem {theorem}\n")];
        let is_there = starts.iter().any(|start| text.contains(start.as_str()));
        assert!(is_there, "{theory} has no theorem {theorem}");
    }
}

#[test]
fn wrong_edits_are_listed() {
    let edits = read(&root().join("proofs/wrong/edits.txt"));
    let page = read(&root().join("proofs/README.md")).replace('`', "");
    let edits: Vec<&str> = edits.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(edits.len() >= 10);
    for edit in edits {
        let name = edit.split('\t').next().expect("a name");
        assert!(
            page.contains(&format!("| {name} | ")),
            "proofs/README.md does not list: {name}"
        );
    }
}
