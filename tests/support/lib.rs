//! What the suites share: where things are, and the text of a failed comparison.

pub mod logs;
pub mod pools;
pub mod programs;
pub mod rng;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests live in a folder of the repository")
        .to_owned()
}

/// All files under `folder` whose name ends in `suffix`, sorted.
pub fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != ".git" {
                folders.push(path);
            } else if name.ends_with(suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Reads a text file of the repository.
///
/// # Panics
/// When it cannot be read: the test that asked has no meaning then.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether expected outputs are to be rewritten instead of compared (`FEATC_BLESS=1`). Never set by CI.
pub fn blessing() -> bool {
    std::env::var_os("FEATC_BLESS").is_some_and(|value| value == "1")
}

/// Compares a rendered text with the file that holds what is expected, or writes that file when blessing.
/// Returns what is wrong.
pub fn compare(expected_file: &Path, actual: &str) -> Option<String> {
    if blessing() {
        std::fs::write(expected_file, actual).expect("fixtures are writable when blessing");
        return None;
    }
    let expected = std::fs::read_to_string(expected_file).unwrap_or_default();
    (expected != actual).then(|| {
        format!(
            "{}\n--- expected\n{expected}\n--- actual\n{actual}\n(FEATC_BLESS=1 rewrites it)",
            expected_file.display()
        )
    })
}
