//! The truth that an engine answers in, and its cut.

use featc_ir::{Source, Truth};

/// The truth, and up to where events have been let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub truth: Truth,
    pub cut_us: Option<i64>,
}

impl Now {
    /// The greatest arrival that a source's rows may have to be visible: `None` where nothing waits.
    pub fn visible_until(&self, source: &Source) -> Option<i128> {
        let delay_us = self.truth.delay_us(source.delay_us)?;
        let cut_us = self.cut_us.map_or(i128::MIN, i128::from);
        Some(cut_us.saturating_sub(i128::from(delay_us)))
    }
}
