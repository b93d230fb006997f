//! How much of the texts of plans a small change of a program changes: they are read in reviews.

use featc_tests::{read, root};

/// The texts of the plans of the fraud example, with a feature put before a line of it.
fn texts(before: &str, added: &str) -> String {
    let text = read(&root().join("examples/fraud/fraud.feat"));
    let at = text.find(before).expect("a line of the example");
    let text = format!("{}{added}{}", &text[..at], &text[at..]);
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("fraud.feat", text);
    let program = featc_driver::compile(&sources, &[file]).value.expect("compiles");
    let plans = featc_driver::lower(&program);
    let batch = plans.batch.iter().map(featc_ir::display::batch_plan);
    let stream = plans.stream.iter().map(featc_ir::display::stream_graph);
    batch.chain(stream).collect::<Vec<_>>().join("\n")
}

/// How many lines of either text are not among those of the other, in order: the lines of a diff.
fn changed(old: &str, new: &str) -> usize {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut common = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for (row, before) in old.iter().enumerate() {
        for (column, after) in new.iter().enumerate() {
            common[row + 1][column + 1] = match before == after {
                true => common[row][column] + 1,
                false => common[row][column + 1].max(common[row + 1][column]),
            };
        }
    }
    old.len() + new.len() - 2 * common[old.len()][new.len()]
}

#[test]
fn a_feature_of_two_lines_changes_a_handful_of_lines_of_the_plans() {
    // Before all others, so that it stands first wherever things have an order.
    let before = "  /// Spent.\n";
    let (old, new) = (
        texts(before, ""),
        texts(before, "  /// The least.\n  feature least = min(amount) over 30d\n"),
    );
    let lines = changed(&old, &new);
    println!("{lines} of {} lines", old.lines().count());
    assert!((4..=24).contains(&lines), "{lines} lines differ\n{new}");
    // What is new is said by names of columns.
    assert!(new.contains("min(amount) over 30d"), "{new}");
}
