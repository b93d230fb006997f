//! Numbers in the names of files.

/// The number in a name that ends with `suffix`, if it is written in it as `{number:0digits$}` writes it, and another one may
/// follow. So no two names have the same number, and the next one never overflows.
pub fn number(name: &str, suffix: &str, digits: usize) -> Option<u64> {
    let text = name.strip_suffix(suffix)?;
    let number: u64 = text.parse().ok()?;
    (number < u64::MAX && format!("{number:0digits$}") == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn one_name_for_each_number() {
        assert_eq!(number("00000012.wal", ".wal", 8), Some(12));
        assert_eq!(number("123456789.wal", ".wal", 8), Some(123_456_789));
        for none in [
            "12.wal",
            "000000012.wal",
            "+0000012.wal",
            "00000012.snap",
            "0000001x.wal",
            "18446744073709551615.wal",
            "99999999999999999999.wal",
            ".wal",
        ] {
            assert_eq!(number(none, ".wal", 8), None, "{none}");
        }
    }
}
