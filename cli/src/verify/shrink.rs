//! The fewest events and questions that still show a difference: delta debugging (Zeller and Hildebrandt, "Simplifying and
//! isolating failure-inducing input").

use super::case::Case;

/// How much may be tried.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Runs of the evaluators.
    pub runs: u64,
    /// Events in all these runs.
    pub events: u64,
}

impl Budget {
    pub const USUAL: Budget = Budget {
        runs: 5_000,
        events: 100_000_000,
    };

    fn is_spent(&self) -> bool {
        self.runs == 0 || self.events == 0
    }

    fn spend(&mut self, events: usize) {
        self.runs = self.runs.saturating_sub(1);
        self.events = self.events.saturating_sub(events as u64);
    }
}

/// What a case was shrunk to.
#[derive(Debug)]
pub struct Shrunk {
    pub case: Case,
    /// Whether no single event and no single question can be left out, rows of tables that are looked into aside; else the budget was spent before.
    pub is_fewest: bool,
    pub runs: u64,
}

/// Shrinks a case around the question of a row. `differs` says whether a case shows the difference. `None`: the case
/// itself does not.
pub fn shrink(case: &Case, row: usize, mut budget: Budget, differs: &dyn Fn(&Case) -> bool) -> Option<Shrunk> {
    let most = budget.runs;
    let tried = |case: &Case, budget: &mut Budget| {
        budget.spend(case.events());
        differs(case)
    };
    if !tried(case, &mut budget) {
        return None;
    }
    let mut case = case.clone();
    let alone = asking(&case, &[row as u32]);
    if case.asked.len() > 1 && tried(&alone, &mut budget) {
        case = alone;
    }
    loop {
        let before = (case.events(), case.asked.len());
        let rows = case
            .sources
            .iter()
            .enumerate()
            .filter(|(_, events)| !events.is_looked_into);
        let rows: Vec<(usize, u32)> = rows
            .flat_map(|(source, events)| (0..events.rows.rows as u32).map(move |row| (source, row)))
            .collect();
        let kept = fewest(rows, &mut budget, |rows, budget| tried(&having(&case, rows), budget));
        case = having(&case, &kept);
        if case.asked.len() > 1 {
            let all: Vec<u32> = (0..case.asked.len() as u32).collect();
            let kept = fewest(all, &mut budget, |rows, budget| {
                !rows.is_empty() && tried(&asking(&case, rows), budget)
            });
            case = asking(&case, &kept);
        }
        if budget.is_spent() || before == (case.events(), case.asked.len()) {
            return Some(Shrunk {
                case,
                is_fewest: !budget.is_spent(),
                runs: most - budget.runs,
            });
        }
    }
}

/// The case with some of its questions.
fn asking(case: &Case, rows: &[u32]) -> Case {
    Case {
        sources: case.sources.clone(),
        asked: case.asked.take(rows),
    }
}

/// The case with some of its rows, source and row, ascending; and with all rows of tables that are looked into.
fn having(case: &Case, rows: &[(usize, u32)]) -> Case {
    let of_source = |place: usize| -> Vec<u32> {
        let of_it = rows.iter().filter(|(source, _)| *source == place);
        of_it.map(|(_, row)| *row).collect()
    };
    let sources = case.sources.iter().enumerate();
    Case {
        sources: sources
            .map(|(place, events)| match events.is_looked_into {
                true => events.clone(),
                false => events.take(&of_source(place)),
            })
            .collect(),
        asked: case.asked.clone(),
    }
}

/// Items of which none can be left out, if the budget lasts: `fails` holds of them, and of no list with one fewer.
fn fewest<T: Clone>(
    mut items: Vec<T>,
    budget: &mut Budget,
    mut fails: impl FnMut(&[T], &mut Budget) -> bool,
) -> Vec<T> {
    let mut parts = 2;
    while !items.is_empty() && !budget.is_spent() {
        let parts_now = parts.min(items.len());
        let cut = |part: usize| part * items.len() / parts_now;
        let mut without = (0..parts_now).map(|part| [&items[..cut(part)], &items[cut(part + 1)..]].concat());
        let smaller = without.find(|rest| !budget.is_spent() && fails(rest, budget));
        match smaller {
            Some(smaller) => {
                items = smaller;
                parts = (parts_now - 1).max(2);
            }
            None if parts_now == items.len() => break,
            None => parts = parts_now * 2,
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_item_that_matters_is_left_out_and_no_other_is_kept() {
        for needed in [
            vec![],
            vec![0],
            vec![99],
            vec![3, 50, 51],
            (20..40).collect::<Vec<u32>>(),
        ] {
            let mut budget = Budget::USUAL;
            let kept = fewest((0..100).collect(), &mut budget, |items: &[u32], budget| {
                budget.spend(items.len());
                needed.iter().all(|item| items.contains(item))
            });
            assert_eq!(kept, needed);
            assert!(!budget.is_spent());
        }
    }

    #[test]
    fn a_budget_ends_the_search() {
        let mut budget = Budget { runs: 5, events: 1_000 };
        let kept = fewest((0..100).collect(), &mut budget, |items: &[u32], budget| {
            budget.spend(items.len());
            items.contains(&7)
        });
        assert!(kept.contains(&7) && kept.len() > 1 && kept.len() < 100, "{kept:?}");
    }
}
