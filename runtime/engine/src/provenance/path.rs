//! Paths in records, and the first difference of two records.

use serde_json::Value;
use std::path::{Component, Path, PathBuf};

/// Stands before a byte that is no text, as two hexadecimal digits. No path has it.
const MARK: char = '\0';

/// A path as records say it: its text, where each byte that is not UTF-8 is a NUL and two hexadecimal digits.
/// [`path_of`] gives it back.
#[cfg(unix)]
pub fn name_of(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let mut name = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        name.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(name, "{MARK}{byte:02x}");
        }
    }
    name
}

/// The path that [`name_of`] says so.
#[cfg(unix)]
pub fn path_of(name: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    let mut parts = name.split(MARK);
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend(byte);
        bytes.extend_from_slice(part.get(2..).unwrap_or(part).as_bytes());
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// A path as records say it.
#[cfg(not(unix))]
pub fn name_of(path: &Path) -> String {
    path.display().to_string()
}

/// The path that [`name_of`] says so.
#[cfg(not(unix))]
pub fn path_of(name: &str) -> PathBuf {
    PathBuf::from(name)
}

/// `path` seen from the folder `base`, by their names alone: links are not followed.
pub fn relative(path: &Path, base: &Path) -> PathBuf {
    let absolute = |path: &Path| tidy(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let (path, base) = (absolute(path), absolute(base));
    let common = path
        .components()
        .zip(base.components())
        .take_while(|(left, right)| left == right)
        .count();
    let mut seen: PathBuf = base.components().skip(common).map(|_| Component::ParentDir).collect();
    seen.extend(path.components().skip(common));
    if seen.as_os_str().is_empty() {
        seen.push(".");
    }
    seen
}

/// Without `.` and `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => tidy.push(part),
        }
    }
    tidy
}

/// The first place where two documents differ, with both values.
pub(super) fn first_difference(at: &str, left: &Value, right: &Value) -> Option<(String, String, String)> {
    let below = |name: &str| {
        if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}.{name}")
        }
    };
    match (left, right) {
        (Value::Object(one), Value::Object(other)) => {
            let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            names.into_iter().find_map(|name| {
                let side = |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or(Value::Null);
                first_difference(&below(name), &side(one), &side(other))
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find_map(|(place, (left, right))| first_difference(&below(&place.to_string()), left, right)),
        _ => (left != right).then(|| (at.to_owned(), left.to_string(), right.to_string())),
    }
}
