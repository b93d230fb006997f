//! Answers that are not what was asked for, by feature.

use featr_kernels::finish::Trouble;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

/// Answers of one feature that are not what was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FeatureReport {
    /// As results name it.
    pub feature: String,
    /// By status: `error(cap)`, `truncated`, `stale`.
    pub answers: BTreeMap<String, u64>,
    /// Whether some are errors, and no other says more than null or zero before its default.
    #[serde(skip)]
    pub only_fails: bool,
}

impl FeatureReport {
    pub(crate) fn new(feature: &str, trouble: &Trouble) -> FeatureReport {
        let answers = trouble.counts().map(|(status, count)| (status.to_string(), count));
        FeatureReport {
            feature: feature.to_owned(),
            answers: answers.collect(),
            only_fails: trouble.only_fails(),
        }
    }

    /// The most frequent status, of several the first by name.
    pub fn frequent(&self) -> Option<&str> {
        let most = self
            .answers
            .iter()
            .max_by_key(|(status, count)| (**count, Reverse(*status)));
        most.map(|(status, _)| status.as_str())
    }
}

/// "spend__total: 8 error(invalid_cast)"
impl fmt::Display for FeatureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.answers.iter().map(|(status, count)| format!("{count} {status}"));
        write!(f, "{}: {}", self.feature, counts.collect::<Vec<_>>().join(", "))
    }
}
