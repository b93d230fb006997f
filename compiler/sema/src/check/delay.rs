//! Windows that have passed by when the first of their events can be read.

use super::Context;
use super::transform::RowTypes;
use crate::errors;
use crate::res::{self, Arrival, FeatureKind};
use featc_ir::DEFAULT_SKEW_US;
use featc_ir::window::format_duration;

/// Warns once of a window that reaches back no further than events lag behind: as of arrival it is always empty.
pub(super) fn warn(file: &res::File, view: &res::View, row: &RowTypes, context: &mut Context<'_>) {
    let Some(source) = row
        .source
        .map(|id| &file.sources[id.index()])
        .filter(|_| !row.says_at())
    else {
        return;
    };
    // An event is seen at t if α + delay ≤ t.
    let lag_us = match source.arrival {
        Some(Arrival::AfterTime { offset_us }) => i128::from(offset_us),
        // So much earlier than its event a row may arrive.
        Some(Arrival::Column(_)) => -i128::from(source.skew_us.unwrap_or(DEFAULT_SKEW_US)),
        Some(Arrival::Static | Arrival::Broken) | None => return,
    };
    let behind_us = lag_us + i128::from(source.delay_us);
    let windows = view.features.iter().flat_map(|feature| match &feature.kind {
        FeatureKind::Aggregate { expansions } => expansions.as_slice(),
        FeatureKind::Derived | FeatureKind::Broken { .. } => &[],
    });
    let mut reaches = windows.filter_map(|window| Some((window.window.bounds().reach_us()?, window.at)));
    let Some((reach_us, at)) = reaches.find(|(reach_us, _)| i128::from(*reach_us) <= behind_us) else {
        return;
    };
    let text = |us: i128| format_duration(i64::try_from(us).unwrap_or(i64::MAX));
    let (reach, behind) = (text(i128::from(reach_us)), text(behind_us));
    let declared = &source.declared;
    context.push(errors::window_within_delay(
        &declared.name,
        &reach,
        &behind,
        at,
        declared.at,
    ));
}
