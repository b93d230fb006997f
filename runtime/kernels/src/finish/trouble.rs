//! How many answers are not what was asked for: errors, windows that are cut off, a pipeline that is too far behind.

use super::{any, truncated_before};
use crate::column::{Column, Data, Tag};
use featc_ir::plan::FinishSpec;
use featc_ir::{ErrorCode, Status, Window};

/// Answers of one feature that are not what was asked for, by status. A derived feature has its own errors only. And whether
/// there is anything in its answers at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Per error, in the order of their numbers.
    pub errors: [u64; 3],
    pub truncated: u64,
    pub stale: u64,
    /// Whether some answer is more than null, zero, false or an empty text, before the default.
    pub says: bool,
}

/// Where troubles are counted.
#[derive(Debug)]
pub struct Told<'a> {
    /// The instants of the questions, in microseconds; empty where the source does not say when it begins.
    pub times: &'a [i64],
    /// One per feature of the spec.
    pub troubles: &'a mut [Trouble],
}

impl Trouble {
    /// How often each status occurred; none that did not.
    pub fn counts(&self) -> impl Iterator<Item = (Status, u64)> + use<> {
        let errors = (1u8..).zip(self.errors);
        let errors = errors.filter_map(|(number, count)| Some((Status::Error(ErrorCode::from_number(number)?), count)));
        let others = [(Status::Stale, self.stale), (Status::Truncated, self.truncated)];
        errors
            .chain(others)
            .filter(|(_, count)| *count > 0)
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Whether some answers are errors, and no other says more than null or zero.
    pub fn only_fails(&self) -> bool {
        !self.says && self.errors.iter().any(|count| *count > 0) && self.truncated == 0 && self.stale == 0
    }

    /// Adds what another part of the answers counted.
    pub fn add(&mut self, other: &Trouble) {
        for (count, more) in self.errors.iter_mut().zip(other.errors) {
            *count += more;
        }
        self.truncated += other.truncated;
        self.stale += other.stale;
        self.says |= other.says;
    }

    /// Counts answers: an error of one of the slots (of several the greatest), or else of the expression. Of those that are
    /// stale nothing else counts.
    pub(super) fn count(
        &mut self,
        slots: &[&Column],
        values: &Column,
        rows: usize,
        (cut, stale): (Option<(&[i64], i128)>, Option<&[bool]>),
    ) {
        self.says = self.says || says(values, rows);
        let is_stale = |row: usize| stale.is_some_and(|stale| stale[row]);
        self.stale += (0..rows).filter(|row| is_stale(*row)).count() as u64;
        let tags = |column: &Column| {
            let tags = column.tags.clone().unwrap_or_default();
            any(&tags, |tag| tag > Tag::NULL).then_some(tags)
        };
        let of_slots: Vec<Vec<u8>> = slots.iter().filter_map(|slot| tags(slot)).collect();
        let of_values = tags(values);
        let error = |row: usize| {
            let worst = of_slots
                .iter()
                .map(|tags| tags[row])
                .max()
                .filter(|tag| *tag > Tag::NULL);
            Tag::as_error(worst.or_else(|| Some(of_values.as_ref()?[row]))?)
        };
        if !of_slots.is_empty() || of_values.is_some() {
            for code in (0..rows).filter(|row| !is_stale(*row)).filter_map(error) {
                self.errors[code as usize - 1] += 1;
            }
        }
        if let Some((times, before)) = cut {
            let is_cut = |row: &usize| i128::from(times[*row]) < before && error(*row).is_none() && !is_stale(*row);
            self.truncated += (0..times.len()).filter(is_cut).count() as u64;
        }
    }
}

/// Whether a value is more than null, an error, zero, false or an empty text.
fn says(values: &Column, rows: usize) -> bool {
    let is_valid = |row: usize| values.tags.as_ref().is_none_or(|tags| tags[row] == Tag::VALID);
    let is_more = |row: usize| match &values.data {
        Data::Bool(values) => values[row],
        Data::I64(values) => values[row] != 0,
        Data::F64(values) => values[row] != 0.0,
        Data::I128(values) => values[row] != 0,
        Data::Str(texts) => !texts.get(row).is_empty(),
    };
    (0..rows).any(|row| is_valid(row) && is_more(row))
}

impl Told<'_> {
    /// The instants, and before which of them the window is cut off.
    pub(super) fn cut(&self, window: &Window, spec: &FinishSpec) -> Option<(&[i64], i128)> {
        truncated_before(window, spec).map(|before| (self.times, before))
    }
}
