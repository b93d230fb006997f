//! Options that name a file or a folder of this machine.

use clap::builder::{OsStringValueParser, TypedValueParser};
use std::ffi::OsString;
use std::path::PathBuf;

/// What is said of an address of a store where such a place is wanted.
pub const NOT_LOCAL: &str = "an address, and no place on this machine";

/// Refuses addresses: as a path, `s3://bucket/state` is a folder `s3:` beside the program.
pub fn local() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|text: OsString| match is_address(&text.to_string_lossy()) {
        true => Err(NOT_LOCAL),
        false => Ok(PathBuf::from(text)),
    })
}

/// Whether a text is an address: `s3://…`, `gs://…`, `file://…`.
pub fn is_address(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        let mut letters = scheme.chars();
        let first = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
        first && letters.all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    };
    text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_are_told_from_paths() {
        for address in [
            "s3://bucket/state",
            "gs://b",
            "file:///var/state",
            "s3a://b/",
            "abfss://c@a/x",
        ] {
            assert!(is_address(address), "{address}");
        }
        for path in [
            "state",
            "./s3:/bucket",
            "/var/a://b",
            "C:\\state",
            "a b://c",
            "://x",
            "s3:/bucket",
            "1s://b",
        ] {
            assert!(!is_address(path), "{path}");
        }
    }
}
