//! "did you mean": the nearest name.

/// The candidate nearest to the name, if one is near: at most a third of the longer length in edits (insertion, deletion,
/// substitution, exchange of neighbours), case ignored. Of several equally near ones the first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        let limit = lower.len().max(other.len()).div_ceil(3);
        if lower.len().abs_diff(other.len()) > limit || lower.len() > 200 || other.len() > 200 {
            continue;
        }
        let distance = edit_distance(&lower, &other);
        if distance <= limit && distance < lower.len() && best.is_none_or(|(known, _)| distance < known) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance (Damerau–Levenshtein in which no substring is edited twice), by three rows.
fn edit_distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = vec![];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[right.len()]
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
        let distance = |a: &str, b: &str| edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("same", "same"), 0);
    }
}
