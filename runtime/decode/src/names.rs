//! Names of columns: where one stands, and that they differ.

use crate::error::DecodeError;
use featc_ir::SourceColumn;
use std::collections::HashSet;
use std::hash::Hash;

/// The first name that was there before, in one pass: a file may have 100 000 columns.
pub fn first_twice<N: Copy + Eq + Hash>(names: impl IntoIterator<Item = N>) -> Option<N> {
    let mut seen = HashSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

/// Where a column is among the names of a file.
pub(crate) fn place<N: AsRef<str>>(names: &[N], column: &str, file: &str) -> Result<usize, DecodeError> {
    let mut places = names
        .iter()
        .enumerate()
        .filter(|(_, name)| name.as_ref() == column)
        .map(|(place, _)| place);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => Err(DecodeError::AmbiguousColumn {
            file: file.to_owned(),
            column: column.to_owned(),
        }),
        (None, _) => {
            let found = names.iter().map(|name| name.as_ref().to_owned()).collect();
            Err(DecodeError::MissingColumn {
                file: file.to_owned(),
                column: column.to_owned(),
                found,
                cased: Vec::new(),
                declared: None,
            })
        }
    }
}

/// Of a missing column of a source: with its own name, and the further ones that the file has in capitals, or with
/// blanks or other signs.
pub(crate) fn with_columns(mut error: DecodeError, columns: &[SourceColumn]) -> DecodeError {
    if let DecodeError::MissingColumn {
        column: missing,
        found,
        cased,
        declared,
        ..
    } = &mut error
    {
        let is_missing = |column: &&SourceColumn| column.form.field.as_deref() == Some(missing.as_str());
        *declared = columns.iter().find(is_missing).map(|column| column.name.clone());
        let plain = columns.iter().filter(|column| column.form.field.is_none());
        let others = plain.map(|column| &column.name);
        let others = others.filter(|name| *name != missing && !found.contains(name));
        let in_other_letters = others.filter_map(|name| {
            let there = found.iter().find(|there| letters(there) == letters(name))?;
            Some((name.clone(), there.clone()))
        });
        *cased = in_other_letters.collect();
    }
    error
}

/// The letters and digits of a name, in small letters: those of `Slot At` are those of `slot_at`.
fn letters(name: &str) -> String {
    let plain = name.chars().filter(|c| c.is_alphanumeric());
    plain.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::hash::Hasher;

    /// A name that counts how often it is looked at.
    #[derive(Clone, Copy)]
    struct Counted<'a>(usize, &'a Cell<u64>);

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.1.set(self.1.get() + 1);
            self.0 == other.0
        }
    }

    impl Eq for Counted<'_> {}

    impl Hash for Counted<'_> {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.1.set(self.1.get() + 1);
            self.0.hash(state);
        }
    }

    #[test]
    fn the_work_grows_with_the_names_and_not_with_their_square() {
        let looks = Cell::new(0);
        let work = |names: usize| {
            looks.set(0);
            assert!(first_twice((0..names).map(|name| Counted(name, &looks))).is_none());
            looks.get()
        };
        let (few, many) = (work(1_000), work(100_000));
        assert!(few >= 1_000 && many >= 100_000);
        assert!(many <= 8 * 100_000, "{many} looks at 100 000 names, {few} at 1 000");
    }

    #[test]
    fn the_first_second_one_is_found() {
        assert_eq!(first_twice(["a", "b", "c", "b", "a"]), Some("b"));
        assert_eq!(first_twice::<&str>([]), None);
    }
}
