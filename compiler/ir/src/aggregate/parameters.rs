//! The parameters of aggregates: what is written beside the arguments.

use super::Aggregate;
use crate::portion::Portion;

/// The parameters that an aggregate has, to be read or set.
#[derive(Default)]
struct Parameters<'a> {
    ignoring_nulls: Option<&'a mut bool>,
    items: Option<&'a mut u32>,
    cap: Option<&'a mut u32>,
    portion: Option<&'a mut Portion>,
}

impl Aggregate {
    /// The one place that says which aggregate has which parameters.
    fn parameters(&mut self) -> Parameters<'_> {
        let mut has = Parameters::default();
        match self {
            Aggregate::First { ignoring_nulls } | Aggregate::Last { ignoring_nulls } => {
                has.ignoring_nulls = Some(ignoring_nulls);
            }
            Aggregate::FirstN { items, ignoring_nulls } | Aggregate::LastN { items, ignoring_nulls } => {
                (has.items, has.ignoring_nulls) = (Some(items), Some(ignoring_nulls));
            }
            Aggregate::LastDistinctN { items } | Aggregate::TopK { items } | Aggregate::BottomK { items } => {
                has.items = Some(items);
            }
            Aggregate::ModeN { items, cap } => (has.items, has.cap) = (Some(items), Some(cap)),
            Aggregate::CountDistinct { cap } | Aggregate::Median { cap } | Aggregate::Mode { cap } => {
                has.cap = Some(cap);
            }
            Aggregate::Quantile { portion, cap } => (has.portion, has.cap) = (Some(portion), Some(cap)),
            Aggregate::Count
            | Aggregate::Sum
            | Aggregate::Mean
            | Aggregate::Min
            | Aggregate::Max
            | Aggregate::Variance
            | Aggregate::Stddev
            | Aggregate::VariancePop
            | Aggregate::StddevPop
            | Aggregate::Skewness
            | Aggregate::Kurtosis
            | Aggregate::TimeSinceLast
            | Aggregate::TimeSinceFirst
            | Aggregate::Any
            | Aggregate::All
            | Aggregate::Covariance
            | Aggregate::Correlation
            | Aggregate::Slope
            | Aggregate::Intercept
            | Aggregate::WeightedMean
            | Aggregate::ArgMin
            | Aggregate::ArgMax => {}
        }
        has
    }

    /// The same with a parameter set to a value, if it has that parameter.
    fn with<T>(mut self, parameter: impl FnOnce(Parameters<'_>) -> Option<&mut T>, value: T) -> Option<Aggregate> {
        *parameter(self.parameters())? = value;
        Some(self)
    }

    /// Whether it is written with `ignoring nulls`.
    pub fn ignores_nulls(mut self) -> bool {
        self.parameters().ignoring_nulls.is_some_and(|ignoring| *ignoring)
    }

    /// The same with `ignoring nulls`, if it has that form.
    pub fn ignoring_nulls(self) -> Option<Aggregate> {
        self.with(|has| has.ignoring_nulls, true)
    }

    /// The greatest number of items, where the result is a list. It is written as the last argument.
    pub fn items(mut self) -> Option<u32> {
        self.parameters().items.copied()
    }

    /// The same with another number of items, if it has one.
    pub fn with_items(self, items: u32) -> Option<Aggregate> {
        self.with(|has| has.items, items)
    }

    /// The greatest number of different values in a window, where it keeps them.
    pub fn cap(mut self) -> Option<u32> {
        self.parameters().cap.copied()
    }

    /// The same with another cap, if it has one.
    pub fn with_cap(self, cap: u32) -> Option<Aggregate> {
        self.with(|has| has.cap, cap)
    }

    /// Which of the values in order it is about, where it says so. It is written as the last argument.
    pub fn portion(mut self) -> Option<Portion> {
        self.parameters().portion.copied()
    }

    /// The same about another portion, if it has one.
    pub fn with_portion(self, portion: Portion) -> Option<Aggregate> {
        self.with(|has| has.portion, portion)
    }

    /// What is written as its last argument, where that is a literal and no expression over the row.
    pub fn literal(self) -> Option<String> {
        let items = self.items().map(|items| items.to_string());
        items.or(self.portion().map(|portion| portion.to_string()))
    }
}
