//! Puts another text into the file of a program: whole or not at all.

use featr::Aside;
use std::io::Write as _;
use std::path::Path;

/// Replaces a file's content, keeping its permissions. A link stays, and where it leads is rewritten. A file with several
/// names is refused: replacing it would part them.
pub fn rewrite(path: &Path, text: &str) -> Result<(), String> {
    let about = std::fs::metadata(path).map_err(|error| featr::plain(&error))?;
    let names = names(&about);
    if names > 1 {
        return Err(format!(
            "it has {names} names (hard links), and would keep its content under the others"
        ));
    }
    let replace = || {
        let aside = Aside::create(path)?;
        let mut file = aside.file();
        file.write_all(text.as_bytes())?;
        file.set_permissions(about.permissions())?;
        aside.put()
    };
    replace().map_err(|error: std::io::Error| featr::plain(&error))
}

#[cfg(unix)]
fn names(about: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(about)
}

#[cfg(not(unix))]
fn names(_about: &std::fs::Metadata) -> u64 {
    1
}
