//! "did you mean": the nearest name.

use std::cell::Cell;

/// Names longer than this are near to none.
const LENGTH_MAX: usize = 200;

/// How much is compared for the messages of one program: the letters of candidates, and the cells of the tables of
/// distances. Messages after that suggest nothing; a program with so many mistakes has more than are shown.
const WORK_MAX: u64 = 20_000_000;

thread_local! {
    /// What is left, within [`bounded`].
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Makes the messages of one program: all names that are looked for in it share a bound on the work.
pub fn bounded<T>(messages: impl FnOnce() -> T) -> T {
    struct Before(Option<u64>);
    impl Drop for Before {
        fn drop(&mut self) {
            LEFT.set(self.0);
        }
    }
    let _before = Before(LEFT.replace(Some(WORK_MAX)));
    messages()
}

/// Takes so much of what is left; `false` where that is too little.
fn take(work: usize) -> bool {
    let Some(left) = LEFT.get() else { return true };
    let less = left.checked_sub(work as u64);
    LEFT.set(Some(less.unwrap_or(0)));
    less.is_some()
}

/// The candidate nearest to the name, if one is near: at most a third of the longer length in edits (insertion, deletion,
/// substitution, exchange of neighbours), case ignored. Of several equally near ones the first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower: Vec<char> = name.chars().flat_map(char::to_lowercase).take(LENGTH_MAX + 1).collect();
    let (mut other, mut rows) = (Vec::new(), Rows::default());
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        other.clear();
        other.extend(candidate.chars().flat_map(char::to_lowercase).take(LENGTH_MAX + 1));
        if !take(other.len() + 1) {
            return None;
        }
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

/// The candidate that is plainly meant, where all of them are other words: a [`slip`], or at most a quarter of the longer
/// length in edits.
pub fn close<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let lower = |text: &str| text.to_lowercase().chars().take(LENGTH_MAX).collect::<Vec<_>>();
    let wanted = lower(name);
    let edits = |candidate: &&str| {
        let other = lower(candidate);
        let limit = wanted.len().max(other.len()) / 4;
        Rows::default().distance(&wanted, &other, limit)
    };
    let nearest = candidates
        .iter()
        .filter_map(|one| Some((edits(one)?, *one)))
        .min_by_key(|(edits, _)| *edits);
    slip(name, candidates.iter().copied()).or(nearest.map(|(_, one)| one))
}

/// The candidate that the name is by a slip of the hand: the same but for case and `_`, one edit after the first letter
/// (in names of four letters an exchange or a letter twice), or a beginning that no other has. Names that are only near
/// may mean something else.
pub fn slip<'a>(name: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('_', "");
    let wanted = plain(name);
    if wanted.is_empty() || wanted.len() > LENGTH_MAX {
        return None;
    }
    let letters = |text: &str| text.chars().collect::<Vec<_>>();
    let kinds = |text: &str| text.chars().collect::<std::collections::BTreeSet<_>>();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_near = |candidate: &str| {
        let other = plain(candidate);
        let is_long = wanted.len().max(other.len()) >= 5 && wanted.get(..1) == other.get(..1);
        digits(&wanted) == digits(&other)
            && (is_long || kinds(&wanted) == kinds(&other))
            && Rows::default()
                .distance(&letters(&wanted), &letters(&other), 1)
                .is_some()
    };
    let same = candidates.clone().find(|candidate| plain(candidate) == wanted);
    same.or_else(|| candidates.clone().find(|candidate| is_near(candidate)))
        .or_else(|| {
            let mut longer = candidates.filter(|candidate| plain(candidate).starts_with(&wanted));
            let only = longer.next().filter(|_| wanted.len() >= 4);
            only.filter(|_| longer.next().is_none())
        })
}

/// Whether nothing but a slip of the hand parts a name from another: the same but for case and `_`, or one edit in a part of at
/// least three letters, its first letter kept. `price_a` is no slip of `price_b`, nor `amount_1` of `amount_2`.
pub fn is_slip(written: &str, meant: &str) -> bool {
    let lower = |text: &str| text.trim_matches(['"', '{', '}']).to_lowercase();
    let (written, meant) = (lower(written), lower(meant));
    if written.replace('_', "") == meant.replace('_', "") {
        return !written.is_empty();
    }
    let parts = |text: &str| {
        text.split('_')
            .map(|part| part.chars().collect())
            .collect::<Vec<Vec<char>>>()
    };
    let (left, right) = (parts(&written), parts(&meant));
    let is_same = |left: &[char], right: &[char]| {
        let digits = |text: &[char]| text.iter().filter(|c| c.is_ascii_digit()).collect::<String>();
        let is_long = left.len().min(right.len()) >= 3 && left.first() == right.first();
        left == right || is_long && digits(left) == digits(right) && Rows::default().distance(left, right, 1).is_some()
    };
    let pairs = || left.iter().zip(&right);
    left.len() == right.len()
        && pairs().all(|(left, right)| is_same(left, right))
        && pairs().filter(|(left, right)| left != right).count() == 1
}

/// Whether two names begin with the same letter and at most so many edits part them.
pub fn is_within(left: &str, right: &str, edits: usize) -> bool {
    let [left, right] = [left, right].map(|text| text.chars().take(LENGTH_MAX).collect::<Vec<_>>());
    left.first() == right.first() && Rows::default().distance(&left, &right, edits).is_some()
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
            if !take(right.len()) {
                return None;
            }
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
    fn a_slip_is_one_edit_in_a_long_part() {
        for (written, meant) in [
            ("amuont", "amount"),
            ("Total_1d", "total_1d"),
            ("totl_1d", "total_1d"),
            ("total1d", "total_1d"),
            ("amounts", "amount"),
            ("\"Europe/Amsterdm\"", "\"Europe/Amsterdam\""),
            ("{weak}", "{wek}"),
        ] {
            assert!(is_slip(written, meant), "{written} {meant}");
        }
        for (written, meant) in [
            ("last", "at"),
            ("epoch", "epoch_seconds"),
            ("CET+1", "CET"),
            ("price_a", "price_b"),
            ("total_1d", "total_7d"),
            ("total_1d", "total"),
            ("amount1", "amount2"),
            ("paid", "said"),
            ("at", "it"),
            ("", ""),
        ] {
            assert!(!is_slip(written, meant), "{written} {meant}");
        }
    }

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
    fn other_words_are_not_close() {
        let words = ["strict", "service", "delay", "lock", "version", "token-file", "threads"];
        for (written, meant) in [
            ("srvice", Some("service")),
            ("thraeds", Some("threads")),
            ("token", Some("token-file")),
            ("start", None),
            ("numeric", None),
            ("reload", None),
            ("docs", None),
            ("sessions", None),
            ("", None),
        ] {
            assert_eq!(close(written, words), meant, "{written}");
        }
    }

    #[test]
    fn a_slip_is_the_same_word() {
        let functions =
            "sum min mean sqrt exp log10 lower upper day_of_year starts_with seconds milliseconds correlation";
        let slip = |name: &str| slip(name, functions.split(' '));
        for (written, meant) in [
            ("SUM", "sum"),
            ("smu", "sum"),
            ("summ", "sum"),
            ("lowr", "lower"),
            ("dayofyear", "day_of_year"),
            ("startswith", "starts_with"),
            ("corr", "correlation"),
        ] {
            assert_eq!(slip(written), Some(meant), "{written}");
        }
        for other in [
            "",
            "power",
            "log1p",
            "exp2",
            "sqr",
            "gmean",
            "total_seconds",
            "diff",
            "mix",
            "se",
        ] {
            assert_eq!(slip(other), None, "{other}");
        }
    }

    #[test]
    fn many_names_share_a_bound_on_the_work() {
        let names: Vec<String> = (0..4_000).map(|number| format!("column_{number}")).collect();
        let found = |name: &str| nearest(name, names.iter().map(String::as_str)).is_some();
        let first = bounded(|| names.iter().take_while(|name| found(&name.replace('c', "k"))).count());
        assert!(first > 50 && first < 2_000, "{first} names of 4000");
        let spent = |count: usize| {
            bounded(|| {
                for name in &names[..count] {
                    found(&name.replace('c', "k"));
                }
                WORK_MAX - LEFT.get().unwrap_or(0)
            })
        };
        let one = spent(1);
        assert!(one > 40_000 && spent(2) < 3 * one, "one costs {one}");
        assert_eq!(spent(4_000), WORK_MAX);
        assert_eq!(LEFT.get(), None);
        assert!(found("kolumn_3999"), "nothing is bound elsewhere");
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
