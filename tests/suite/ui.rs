//! `tests/ui/<CODE>/<point>.feat`: the rendered messages of a program, in `<point>.stderr` beside it.

use featc_tests::{compare, files, read, root};

/// The only lines that know the compiler's interface.
fn check(name: &str, text: &str) -> String {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add(name, text);
    let outcome = featc_driver::compile(&sources, &[file]);
    featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false)
}

#[test]
fn every_fixture_says_what_it_said() {
    let folder = root().join("tests/ui");
    let fixtures = files(&folder, ".feat");
    assert!(!fixtures.is_empty());
    let mut wrong = Vec::new();
    for fixture in fixtures {
        let code = fixture
            .parent()
            .and_then(|f| f.file_name())
            .expect("a folder per code")
            .to_string_lossy()
            .into_owned();
        let name = fixture.file_name().expect("a file").to_string_lossy().into_owned();
        let said = check(&name, &read(&fixture));
        if !said.contains(&format!("[{code}]")) {
            wrong.push(format!("{}: does not raise {code}:\n{said}", fixture.display()));
        }
        wrong.extend(compare(&fixture.with_extension("stderr"), &said));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
