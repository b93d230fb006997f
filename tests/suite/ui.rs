//! `tests/ui/<CODE>/<point>.feat`: the rendered messages of a program, in `<point>.stderr` beside it.

use featc_tests::{compare, files, read, root};

/// What is said of a program; there is one iff nothing that is said is an error.
/// The only lines that know the compiler's interface.
fn check(name: &str, text: &str) -> String {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add(name, text);
    let outcome = featc_driver::compile(&sources, &[file]);
    let is_refused = outcome.diagnostics.iter().any(featc_driver::diag::Diagnostic::is_error);
    assert_eq!(outcome.value.is_none(), is_refused, "{name}");
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

fn compiled(name: &str, text: &str) -> Vec<featc_driver::diag::Diagnostic> {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add(name, text);
    featc_driver::compile(&sources, &[file]).diagnostics
}

/// Who applies the edit that a message offers does not read the same message again.
#[test]
fn every_offered_edit_ends_its_message() {
    let (mut edits, mut wrong) = (0, Vec::new());
    for fixture in files(&root().join("tests/ui"), ".feat") {
        let name = fixture.display().to_string();
        let text = read(&fixture);
        let before = compiled(&name, &text);
        for one in &before {
            let Some((span, replacement)) = one.help.as_ref().and_then(|help| help.edit.as_ref()) else {
                continue;
            };
            edits += 1;
            let edited = format!("{}{replacement}{}", &text[..span.start], &text[span.end..]);
            let same =
                |other: &&featc_driver::diag::Diagnostic| (other.code, &other.message) == (one.code, &one.message);
            let (was, is) = (
                before.iter().filter(same).count(),
                compiled(&name, &edited).iter().filter(same).count(),
            );
            if is >= was {
                wrong.push(format!("{name}: `{}` stays after `{replacement}`", one.message));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(edits > 40, "{edits} edits");
}
