//! Questions about one entity in groups in which neither instants nor cuts go back.

/// `questions` come by instant. The groups are as few as there can be: a question goes to the one whose last cut is the
/// greatest that is not beyond its own. `None` lies before all cuts.
pub fn chains(questions: &[u32], cut: impl Fn(u32) -> Option<i64>) -> Vec<Vec<u32>> {
    let mut chains: Vec<Vec<u32>> = vec![];
    // The last cut of each, descending: it stays so, for a cut takes the place of the greatest that is not beyond it.
    let mut ends: Vec<Option<i64>> = vec![];
    for question in questions {
        let cut = cut(*question);
        let at = ends.partition_point(|end| *end > cut);
        if at == ends.len() {
            ends.push(cut);
            chains.push(vec![]);
        }
        ends[at] = cut;
        chains[at].push(*question);
    }
    chains
}

#[cfg(test)]
mod tests {
    use super::chains;

    fn of(cuts: &[Option<i64>]) -> Vec<Vec<u32>> {
        let questions: Vec<u32> = (0..cuts.len() as u32).collect();
        chains(&questions, |question| cuts[question as usize])
    }

    #[test]
    fn cuts_that_never_go_back_are_one_group() {
        assert_eq!(of(&[None, None, Some(3), Some(3), Some(9)]), [[0, 1, 2, 3, 4]]);
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn a_cut_that_goes_back_begins_another() {
        let cuts = [Some(5), Some(2), Some(4), Some(6), None, Some(5)];
        assert_eq!(of(&cuts), [vec![0, 3], vec![1, 2, 5], vec![4]]);
        assert_eq!(of(&[Some(3), Some(2), Some(1)]), [[0], [1], [2]]);
    }
}
