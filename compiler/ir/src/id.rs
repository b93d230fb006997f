//! Index newtypes: an id is a position in the vector that its name says, and nothing else.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The position as a `usize`, for indexing.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            fn from(position: usize) -> Self {
                Self(u32::try_from(position).expect("fewer than 2^32 items"))
            }
        }
    )*};
}

pub(crate) use ids;

ids! {
    /// A column of the row at hand: which row that is, the owner of the expression says.
    ColumnId;
    /// An entity in `Program::entities`.
    EntityId;
    /// A source in `Program::sources`.
    SourceId;
    /// A transform in `Program::transforms`.
    TransformId;
    /// A view in `Program::views`.
    ViewId;
    /// A feature in `View::features`.
    FeatureId;
    /// A lifted expression in `View::lifts` (or in the plan node that took it over).
    LiftId;
    /// A window in `View::windows`.
    WindowId;
    /// An aggregate over a window in `View::slots`.
    SlotId;
    /// A role in `Service::roles`.
    RoleId;
}
