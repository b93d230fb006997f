//! Numbers as people and programs write them.

/// For a number with a comma.
pub const COMMA: &str =
    "a comma is no point: write digits, with a point before those of the fraction, and nothing between thousands";

/// How many digits stand after the point.
pub fn places(plain: &str) -> usize {
    plain.split_once('.').map_or(0, |(_, places)| places.len())
}

/// `6.0`: a whole number with a point.
pub fn is_whole(plain: &str) -> bool {
    plain.parse::<f64>().is_ok_and(|number| number.fract() == 0.0)
}

/// What fills the place of a value that is absent, as in `///`, `--` and `?`.
const FILLERS: [char; 11] = ['-', '–', '—', '_', '/', '.', '?', '*', '#', ':', ' '];

/// Whether a text stands for nothing.
pub fn is_absent(plain: &str) -> bool {
    let is_filler = !plain.is_empty() && plain.chars().all(|c| FILLERS.contains(&c));
    is_filler
        || matches!(
            plain.to_lowercase().as_str(),
            "na" | "n/a" | "#n/a" | "n.a." | "nan" | "null" | "none" | "nil" | "nat" | "missing" | NULL_OF_DUMPS
        )
}

/// `\N` in small letters, with its backslash written twice as in all that messages show.
const NULL_OF_DUMPS: &str = "\\\\n";

/// For a value that stands for nothing; `more` is what is to be done besides.
pub fn absent(plain: &str, more: &str) -> String {
    let (shown, how) = match plain.to_lowercase() == NULL_OF_DUMPS {
        true => ("\\N", "dumps of MySQL and Hive have `\\N` there"),
        false => (plain, "in pandas `to_csv(path, na_rep=\"\")`"),
    };
    format!("what is absent is an empty field ({how}): write nothing in place of `{shown}`{more}")
}

/// Whether a bound stands in place of a number, as `<15` of a laboratory does.
pub fn is_bound(written: &str) -> bool {
    written.starts_with(['<', '>', '≤', '≥']) && written.contains(|c: char| c.is_ascii_digit())
}

/// For a bound.
pub fn bound(column: &str, written: &str) -> String {
    format!(
        "`{written}` is a bound, and no number: declare `{column}: string`, compare and cast it in a transform, or write into the file what \
         stands for it, and a column that says so"
    )
}

/// A number with a comma for its point, or with a currency beside it, as it can be read. Where a comma may stand between
/// thousands it is not told which is meant.
pub fn as_number(written: &str) -> Option<String> {
    let bare = written.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '+');
    let bare = bare.trim();
    let point = match bare.split_once(',') {
        Some((whole, fraction)) if fraction.len() != 3 && !whole.contains('.') => format!("{whole}.{fraction}"),
        Some(_) => return None,
        None => bare.to_owned(),
    };
    (point != written && point.parse::<f64>().is_ok()).then_some(point)
}

/// Digits with a comma.
pub fn is_comma(written: &str) -> bool {
    written.contains(',')
        && written
            .replace([',', '.', '-'], "")
            .bytes()
            .all(|byte| byte.is_ascii_digit())
}
