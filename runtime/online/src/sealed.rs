//! Texts with a version and a checksum: small, and replaced or put whole.
//!
//! ```text
//! MAGIC VERSION
//! {"…": …}
//! xxh3-128 of the two lines, in hexadecimal
//! ```

use std::ops::RangeInclusive;
use xxhash_rust::xxh3::xxh3_128;

/// What is wrong with the bytes of such a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    Damaged(&'static str),
    OtherVersion(u8),
}

/// The text of a body of one line.
pub fn seal((magic, version): (&str, u8), body: &str) -> Vec<u8> {
    let text = format!("{magic} {version}\n{body}\n");
    format!("{text}{:032x}\n", xxh3_128(text.as_bytes())).into_bytes()
}

/// The body of what [`seal`] wrote in one of these versions.
///
/// # Errors
/// Anything else.
pub fn unseal<'a>(bytes: &'a [u8], magic: &str, versions: RangeInclusive<u8>) -> Result<&'a str, Broken> {
    let text = std::str::from_utf8(bytes).map_err(|_| Broken::Damaged("it is no text"))?;
    let rest = text.strip_prefix(magic).and_then(|rest| rest.strip_prefix(' '));
    let rest = rest.ok_or(Broken::Damaged("it does not begin as it should"))?;
    match rest.split('\n').next().and_then(|version| version.parse().ok()) {
        Some(version) if versions.contains(&version) => {}
        Some(other) => return Err(Broken::OtherVersion(other)),
        None => return Err(Broken::Damaged("it says no version")),
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let [first, body, sum, ""] = lines[..] else {
        return Err(Broken::Damaged("it is cut short"));
    };
    match format!("{:032x}", xxh3_128(format!("{first}\n{body}\n").as_bytes())) == sum {
        true => Ok(body),
        false => Err(Broken::Damaged("its checksum is another one")),
    }
}
