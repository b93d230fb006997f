//! The modules of a crate form no circles, in every crate.
//!
//! Modules are those at the top of a crate; what lies in the folder of one belongs to it. The root of the crate is one too, by
//! what it defines itself, not by what it passes on.

use featc_tests::{files, read, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Modules, each with those that it names outside of its tests.
type Graph = BTreeMap<String, BTreeSet<String>>;

const ROOT: &str = "the root";

/// A source without its comments and its tests.
fn code(text: &str) -> String {
    let is_tests = |at: &usize| {
        let module = text[*at..].lines().nth(1).unwrap_or_default();
        module.starts_with("mod ") && module.ends_with('{')
    };
    let end = text.match_indices("#[cfg(test)]\n").map(|(at, _)| at).find(is_tests);
    let lines = text[..end.unwrap_or(text.len())].lines();
    let lines: Vec<&str> = lines.map(|line| line.split("//").next().unwrap_or_default()).collect();
    lines.join("\n")
}

/// The word at the beginning of a text.
fn word(text: &str) -> &str {
    let is_other = |c: char| !(c.is_alphanumeric() || c == '_');
    &text[..text.find(is_other).unwrap_or(text.len())]
}

/// First and last name of every path at the beginning of a text: `a::{b, c::d}` is `a`, `b` and `a`, `d`.
fn ends(text: &str) -> Vec<(String, String)> {
    let text = text.trim_start();
    if let Some(list) = text.strip_prefix('{') {
        let (mut depth, mut start, mut found) = (0, 0, vec![]);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.extend(ends(&list[start..at]));
                    start = at + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
        return found;
    }
    let first = word(text);
    let more = text[first.len()..].strip_prefix("::").map(ends).unwrap_or_default();
    if more.is_empty() {
        return vec![(first.to_owned(), first.to_owned())];
    }
    more.into_iter().map(|(_, last)| (first.to_owned(), last)).collect()
}

/// The paths that begin after a prefix such as `crate`.
fn behind(code: &str, prefix: &str) -> Vec<(String, String)> {
    let prefix = format!("{prefix}::");
    let rest = code.split(&prefix).skip(1);
    rest.flat_map(ends).filter(|(first, _)| !first.is_empty()).collect()
}

/// The name that a line defines, if it begins an item.
fn defined(line: &str) -> Option<&str> {
    let mut words = line.split(' ').skip_while(|word| word.starts_with("pub"));
    let mut kind = words.next()?;
    loop {
        let next = words.next()?;
        match (kind, word(next)) {
            ("const" | "async" | "unsafe", "fn" | "unsafe" | "trait") => kind = word(next),
            ("struct" | "enum" | "trait" | "fn" | "type" | "static" | "const" | "union", name) => return Some(name),
            _ => return None,
        }
    }
}

/// The modules below a folder with a `lib.rs`.
fn modules(source: &Path) -> Graph {
    let lib = code(&read(&source.join("lib.rs")));
    let lib: String = lib
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("#!"))
        .collect();
    let mut places = BTreeMap::new();
    for file in files(source, ".rs") {
        let place = file.strip_prefix(source).expect("below it");
        let parts = place
            .iter()
            .map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned());
        let parts: Vec<String> = parts.filter(|part| part != "mod").collect();
        if !["lib", "main"].contains(&parts[0].as_str()) && !parts.iter().any(|part| part == "tests") {
            places.insert(file, parts);
        }
    }
    let names: BTreeSet<String> = places.values().map(|parts| parts[0].clone()).collect();
    // What the root passes on, and what it has itself.
    let passed = lib
        .split(';')
        .filter_map(|item| Some(ends(item.rsplit_once("use ")?.1)));
    let passed: BTreeMap<String, String> = passed
        .flatten()
        .filter(|(module, _)| names.contains(module))
        .map(|(module, name)| (name, module))
        .collect();
    let own: BTreeSet<&str> = lib.lines().filter_map(defined).collect();
    let module_of = |name: &String| match (names.get(name), passed.get(name)) {
        (Some(module), _) | (None, Some(module)) => Some(module.clone()),
        (None, None) => own.contains(name.as_str()).then(|| ROOT.to_owned()),
    };
    let mut found = Graph::new();
    let items = lib.split_inclusive(';').filter(|item| {
        let item = item.trim_start();
        !["pub use", "mod ", "pub mod "]
            .iter()
            .any(|start| item.starts_with(start))
    });
    let words = items.flat_map(|item| item.split(|c: char| !(c.is_alphanumeric() || c == '_')));
    let words: BTreeSet<String> = words.map(str::to_owned).collect();
    found.insert(ROOT.to_owned(), words.iter().filter_map(module_of).collect());
    for (file, parts) in places {
        let code = code(&read(&file));
        let above = vec!["super"; parts.len()].join("::");
        let named = [behind(&code, "crate"), behind(&code, &above)].concat();
        let named = named.iter().filter_map(|(first, _)| module_of(first));
        found.entry(parts[0].clone()).or_default().extend(named);
    }
    for (module, named) in &mut found {
        named.remove(module);
    }
    found
}

/// A circle, if there is one: modules are taken away from below as long as one imports nothing that is left.
fn circle(mut modules: Graph) -> Vec<String> {
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
fn circles_are_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let left = |sources: &[(&str, &str)]| {
        for (name, text) in sources {
            std::fs::write(folder.path().join(name), text).expect("writable");
        }
        circle(modules(folder.path()))
    };
    let lib =
        "#![warn(missing_docs)]\n\nmod a;\nmod b;\npub use b::{Passed, Other as _};\n\n/// What.\npub struct Own;\n";
    let free = ("b.rs", "use std::fmt;\n");
    let a = ("a.rs", "use crate::b;\n");
    assert!(left(&[("lib.rs", lib), a, free]).is_empty());
    let none = "use super::a; // no code of the crate\n#[cfg(test)]\nmod tests {\n    use crate::a;\n}\n";
    assert!(left(&[("b.rs", none.strip_prefix("use super::a; ").expect("it"))]).is_empty());
    for back in [
        none,
        "use crate::a;",
        "use crate::{Own, a::{x, y}};",
        "fn f() { crate::a::f() }",
        "#[cfg(test)]\nmod slow;\nuse super::a;",
    ] {
        assert_eq!(left(&[("b.rs", back)]), ["a", "b"], "{back}");
    }
    assert_eq!(left(&[("a.rs", "use crate::Passed;")]), ["a", "b"]);
    // The root reads a module that reads what it defines.
    let reads = format!("{lib}\nfn f(x: Passed) {{}}\n");
    assert!(left(&[("lib.rs", &reads), a, free]).is_empty());
    assert_eq!(left(&[("b.rs", "use crate::Own;")]), ["a", "b", ROOT]);
}

#[test]
fn modules_form_no_circles() {
    let manifests = files(&root(), "Cargo.toml");
    let sources: Vec<_> = manifests
        .iter()
        .filter(|manifest| read(manifest).contains("[package]"))
        .map(|manifest| manifest.with_file_name("src"))
        .map(|source| match source.exists() {
            true => source,
            false => source.with_file_name("support"),
        })
        .collect();
    assert!(sources.len() > 18, "{sources:?}");
    for source in &sources {
        let left = circle(modules(source));
        assert!(
            left.is_empty(),
            "{}: a circle among {}",
            source.display(),
            left.join(", ")
        );
    }
}

#[test]
fn the_floors_of_the_batch_engine_are_its_modules() {
    let page = read(&root().join("docs/architecture.md"));
    let table = page.split("| floor | modules |").nth(1).expect("the floors");
    let table = table.split("\n\n").next().unwrap_or_default();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| "));
    let floors: Vec<BTreeSet<&str>> = rows.map(|row| row.split('`').skip(1).step_by(2).collect()).collect();
    let mut modules = modules(&root().join("runtime/batch/src"));
    modules.remove(ROOT);
    let told: BTreeSet<&str> = floors.iter().flatten().copied().collect();
    assert_eq!(told, modules.keys().map(String::as_str).collect::<BTreeSet<_>>());
    let floor = |module: &str| floors.iter().position(|floor| floor.contains(module));
    let climbs = modules.iter().flat_map(|(module, named)| {
        let climbs = |other: &&String| floor(other) < floor(module);
        named
            .iter()
            .filter(climbs)
            .map(move |other| format!("{module} imports {other}"))
    });
    let climbs: Vec<String> = climbs.collect();
    assert!(climbs.is_empty(), "modules import those above them: {climbs:?}");
}
