//! The parameters of aggregates: what is written beside the arguments.

use super::Aggregate;
use crate::portion::Portion;

impl Aggregate {
    /// Whether it is written with `ignoring nulls`.
    pub fn ignores_nulls(self) -> bool {
        match self {
            Aggregate::First { ignoring_nulls }
            | Aggregate::Last { ignoring_nulls }
            | Aggregate::FirstN { ignoring_nulls, .. }
            | Aggregate::LastN { ignoring_nulls, .. } => ignoring_nulls,
            _ => false,
        }
    }

    /// The same with `ignoring nulls`, if it has that form.
    pub fn ignoring_nulls(self) -> Option<Aggregate> {
        match self {
            Aggregate::First { .. } => Some(Aggregate::First { ignoring_nulls: true }),
            Aggregate::Last { .. } => Some(Aggregate::Last { ignoring_nulls: true }),
            Aggregate::FirstN { items, .. } => Some(Aggregate::FirstN {
                items,
                ignoring_nulls: true,
            }),
            Aggregate::LastN { items, .. } => Some(Aggregate::LastN {
                items,
                ignoring_nulls: true,
            }),
            _ => None,
        }
    }

    /// The greatest number of items, where the result is a list. It is written as the last argument.
    pub fn items(self) -> Option<u32> {
        match self {
            Aggregate::FirstN { items, .. } | Aggregate::LastN { items, .. } | Aggregate::ModeN { items, .. } => {
                Some(items)
            }
            Aggregate::LastDistinctN { items } | Aggregate::TopK { items } | Aggregate::BottomK { items } => {
                Some(items)
            }
            _ => None,
        }
    }

    /// The same with another number of items, if it has one.
    pub fn with_items(self, items: u32) -> Option<Aggregate> {
        match self {
            Aggregate::FirstN { ignoring_nulls, .. } => Some(Aggregate::FirstN { items, ignoring_nulls }),
            Aggregate::LastN { ignoring_nulls, .. } => Some(Aggregate::LastN { items, ignoring_nulls }),
            Aggregate::LastDistinctN { .. } => Some(Aggregate::LastDistinctN { items }),
            Aggregate::TopK { .. } => Some(Aggregate::TopK { items }),
            Aggregate::BottomK { .. } => Some(Aggregate::BottomK { items }),
            Aggregate::ModeN { cap, .. } => Some(Aggregate::ModeN { items, cap }),
            _ => None,
        }
    }

    /// The greatest number of different values in a window, where it keeps them.
    pub fn cap(self) -> Option<u32> {
        match self {
            Aggregate::CountDistinct { cap } | Aggregate::Median { cap } | Aggregate::Quantile { cap, .. } => Some(cap),
            Aggregate::Mode { cap } | Aggregate::ModeN { cap, .. } => Some(cap),
            _ => None,
        }
    }

    /// The same with another cap, if it has one.
    pub fn with_cap(self, cap: u32) -> Option<Aggregate> {
        match self {
            Aggregate::CountDistinct { .. } => Some(Aggregate::CountDistinct { cap }),
            Aggregate::Median { .. } => Some(Aggregate::Median { cap }),
            Aggregate::Quantile { portion, .. } => Some(Aggregate::Quantile { portion, cap }),
            Aggregate::Mode { .. } => Some(Aggregate::Mode { cap }),
            Aggregate::ModeN { items, .. } => Some(Aggregate::ModeN { items, cap }),
            _ => None,
        }
    }

    /// Which of the values in order it is about, where it says so. It is written as the last argument.
    pub fn portion(self) -> Option<Portion> {
        match self {
            Aggregate::Quantile { portion, .. } => Some(portion),
            _ => None,
        }
    }

    /// The same about another portion, if it has one.
    pub fn with_portion(self, portion: Portion) -> Option<Aggregate> {
        match self {
            Aggregate::Quantile { cap, .. } => Some(Aggregate::Quantile { portion, cap }),
            _ => None,
        }
    }

    /// What is written as its last argument, where that is a literal and no expression over the row.
    pub fn literal(self) -> Option<String> {
        let items = self.items().map(|items| items.to_string());
        items.or(self.portion().map(|portion| portion.to_string()))
    }
}
