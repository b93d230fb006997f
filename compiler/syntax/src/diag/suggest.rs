//! "did you mean": the nearest name.

/// Names longer than this are near to none.
const LENGTH_MAX: usize = 200;

/// The candidate nearest to the name, if one is near: at most a third of the longer length in edits (insertion, deletion,
/// substitution, exchange of neighbours), case ignored. Of several equally near ones the first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower: Vec<char> = name.chars().flat_map(char::to_lowercase).take(LENGTH_MAX + 1).collect();
    let (mut other, mut rows) = (Vec::new(), Rows::default());
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        other.clear();
        other.extend(candidate.chars().flat_map(char::to_lowercase).take(LENGTH_MAX + 1));
        let (left, right) = (lower.len(), other.len());
        // An empty name resembles nothing, nor does one all of whose letters are others; the first of equals stays.
        let better = best.map_or(left, |(known, _)| known).saturating_sub(1);
        let limit = left.max(right).div_ceil(3).min(better);
        if left == 0 || left.abs_diff(right) > limit || left.max(right) > LENGTH_MAX {
            continue;
        }
        if let Some(distance) = rows.distance(&lower, &other, limit) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Three rows of the table of distances, kept from one candidate to the next.
#[derive(Default)]
struct Rows {
    before: Vec<usize>,
    last: Vec<usize>,
    row: Vec<usize>,
}

impl Rows {
    /// Optimal string alignment distance (Damerau–Levenshtein in which no substring is edited twice), if it is at most
    /// `limit`; what cannot be is given up at the first row that says so.
    fn distance(&mut self, left: &[char], right: &[char], limit: usize) -> Option<usize> {
        let Rows { before, last, row } = self;
        before.clear();
        last.clear();
        last.extend(0..=right.len());
        for (i, a) in left.iter().enumerate() {
            row.clear();
            row.push(i + 1);
            for (j, b) in right.iter().enumerate() {
                let mut best = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
                if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                    best = best.min(before[j - 1] + 1);
                }
                row.push(best);
            }
            // An exchange of neighbours reaches over one row, so two of them must be beyond the limit.
            if row.iter().chain(&*last).all(|distance| *distance > limit) {
                return None;
            }
            std::mem::swap(before, last);
            std::mem::swap(last, row);
        }
        Some(last[right.len()]).filter(|distance| *distance <= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typing_errors() {
        let columns = ["amount", "at", "card", "carrier"];
        assert_eq!(nearest("amout", columns), Some("amount"));
        assert_eq!(nearest("Amount", columns), Some("amount"));
        assert_eq!(nearest("crad", columns), Some("card"));
        assert_eq!(nearest("zebra", columns), None);
        assert_eq!(nearest("x", columns), None);
        assert_eq!(nearest("", columns), None);
    }

    #[test]
    fn counts_edits() {
        let within = |a: &str, b: &str, limit| {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            Rows::default().distance(&a, &b, limit)
        };
        for (a, b, edits) in [
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
            ("same", "same", 0),
            ("abcd", "badc", 2),
        ] {
            assert_eq!(within(a, b, 9), Some(edits), "{a} {b}");
            assert_eq!(within(a, b, edits), Some(edits), "{a} {b}");
            if edits > 0 {
                assert_eq!(within(a, b, edits - 1), None, "{a} {b}");
            }
        }
    }
}
