//! Where a window of the last N events starts: the N-th candidate before its end that the question sees and does not leave
//! out. One since an event starts with the last candidate.

use crate::bits::Bits;
use crate::questions::{Group, Questions};
use crate::run::{Frame, Lists, Run, position};
use crate::visibility::Visibility;
use featc_ir::Choice;
use featr_kernels::aggregate::Candidates;

/// For each question the row from which the last candidates within `low..high` lie. If they are fewer than wanted, as many as
/// there are, or none.
pub(super) fn lows(
    (run, questions): (&Run, &Questions),
    (visibility, fresh): (&Visibility, Option<&Lists>),
    frame: &Frame,
    choice: Choice,
    (low, high): (&[u32], &[u32]),
) -> Vec<u32> {
    // Law: selection_is_the_end (proofs/theory/Laws.v)
    let candidates = Candidates::new(choice.filter, &run.events);
    let mut lows = low.to_vec();
    let mut rows: Vec<u32> = vec![];
    for (number, group) in questions.groups.iter().enumerate() {
        let search = Search {
            visibility,
            fresh,
            frame,
            choice,
            group,
        };
        if visibility.is_crowded(number) {
            search.by_arrival(&candidates, high, &mut lows);
            continue;
        }
        rows.clear();
        rows.extend(group.events.clone().filter(|row| candidates.holds(*row as usize)));
        for question in group.questions.clone() {
            let span = low[question]..high[question];
            lows[question] = match choice.or_none {
                true => search.begin(&rows, question, span).unwrap_or(high[question]),
                false => search.around_exclusions(&rows, question, span).unwrap_or(low[question]),
            };
        }
    }
    lows
}

struct Search<'a> {
    visibility: &'a Visibility,
    fresh: Option<&'a Lists>,
    frame: &'a Frame,
    choice: Choice,
    group: &'a Group,
}

impl Search<'_> {
    /// What the question does not see, or leaves out, of what it would.
    fn exclusions(&self, question: usize) -> &[u32] {
        let exclusions = if self.frame.excludes_self {
            &self.visibility.late_and_own
        } else {
            &self.visibility.late
        };
        exclusions.rows.get(question)
    }

    /// The last candidate of a span.
    fn begin(&self, rows: &[u32], question: usize, span: std::ops::Range<u32>) -> Option<u32> {
        let exclusions = self.exclusions(question);
        let before = |row: u32| rows.partition_point(|candidate| *candidate < row);
        let candidates = rows[before(span.start)..before(span.end)].iter().rev();
        candidates.copied().find(|row| !exclusions.contains(row))
    }

    /// The candidate at which the last ones of a span begin; `None` if there are no more than wanted. `rows` are all
    /// candidates of the entity.
    fn around_exclusions(&self, rows: &[u32], question: usize, span: std::ops::Range<u32>) -> Option<u32> {
        let exclusions = self.exclusions(question);
        let before = |row: u32| position(rows.partition_point(|candidate| *candidate < row));
        let (first, end) = (before(span.start), before(span.end));
        // Every excluded one among the chosen lets in one more, which may be excluded as well.
        let (mut start, mut left_out) = (end, 0);
        loop {
            let wanted = end.saturating_sub(self.choice.count.saturating_add(left_out));
            if wanted <= first {
                return None;
            }
            if wanted == start {
                return Some(rows[start as usize]);
            }
            start = wanted;
            let among = rows[start as usize]..span.end;
            let is_one = |exclusion: &&u32| among.contains(exclusion) && rows.binary_search(exclusion).is_ok();
            left_out = position(exclusions.iter().filter(is_one).count());
        }
    }

    /// The same for all questions of a crowded entity, in a set of the candidates that have arrived.
    fn by_arrival(&self, candidates: &Candidates<'_>, high: &[u32], lows: &mut [u32]) {
        let start = self.group.events.start;
        let mut arrived = Bits::new(self.group.events.len());
        for question in self.group.questions.clone() {
            let fresh = self.fresh.map_or(&[][..], |fresh| fresh.get(question)).iter();
            let fresh = fresh.filter(|row| candidates.holds(**row as usize));
            fresh.for_each(|row| arrived.set(*row - start));
            let own: &[u32] = if self.frame.excludes_self {
                self.visibility.own.get(question)
            } else {
                &[]
            };
            let (mut found, mut end) = (0, high[question]);
            while found < self.choice.count && end > lows[question] {
                let Some(row) = arrived.at_or_before(end - 1 - start).map(|row| row + start) else {
                    break;
                };
                end = row;
                found += u32::from(own.binary_search(&row).is_err());
            }
            let low = &mut lows[question];
            // The last one that was found may lie before the span.
            let has_all = found == self.choice.count && end >= *low;
            match self.choice.or_none {
                true => *low = if has_all { end } else { high[question] },
                false if has_all => *low = end,
                false => {}
            }
        }
    }
}
