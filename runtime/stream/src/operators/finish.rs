//! `Finish`: slots at `t` to features.

use super::log::LogAnswers;
use featc_ir::plan::{FinishSpec, FoldSpec};
use featc_ir::{Status, Truth};
use featr_kernels::Column;
use featr_kernels::finish::{self, Answers};

/// One column and one status per question for each output feature.
///
/// # Contract
/// - **Total**: every question gets a value or null, and a status, for every output.
/// - **Pure**: state plays no role but through the answers. `truth` decides staleness and nothing else.
pub(crate) fn finish(
    spec: &FinishSpec,
    fold: &FoldSpec,
    times: &[i64],
    answers: LogAnswers,
    truth: Truth,
) -> Vec<(Column, Vec<Status>)> {
    let answers = Answers {
        times,
        slots: answers.slots,
        presence: answers.presence,
    };
    finish::finish(spec, fold, &answers, truth)
}
