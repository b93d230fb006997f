//! How files hold a column of a source, where that is not under its name and as a value of its type.

use crate::types::Type;
use chrono::format::{Fixed, Item, Numeric, StrftimeItems};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The place of a column in files and the form of its values there. The default says neither: the column's own name, and
/// values of its type.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ColumnForm {
    /// What the files call it: a field of this name, or else a way to one, from the first dot on through structs and objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<ReadAs>,
}

/// What the values of a field are, where they are not written as values of the column's type are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadAs {
    /// Numbers that count time since 1970-01-01T00:00:00Z. Of a timestamp.
    Epoch(EpochUnit),
    /// Dates: the first instant of the day in this zone. Of a timestamp.
    Date { zone: String },
    /// Texts in this format of the crate `chrono`. Of a timestamp, with the zone of those that say no offset; or of a date,
    /// without one.
    Format { format: String, zone: Option<String> },
}

/// What the numbers of an epoch count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpochUnit {
    Seconds,
    Millis,
    Micros,
}

impl EpochUnit {
    pub const ALL: [EpochUnit; 3] = [EpochUnit::Seconds, EpochUnit::Millis, EpochUnit::Micros];

    /// The word in `.feat` files.
    pub fn name(self) -> &'static str {
        match self {
            EpochUnit::Seconds => "epoch_seconds",
            EpochUnit::Millis => "epoch_millis",
            EpochUnit::Micros => "epoch_micros",
        }
    }

    /// How many digits after the point such a number has at most: a microsecond is 10 to the minus this many units.
    pub fn places(self) -> u8 {
        match self {
            EpochUnit::Seconds => 6,
            EpochUnit::Millis => 3,
            EpochUnit::Micros => 0,
        }
    }

    /// What a number counts that is written with so many digits, and is an instant of our days.
    pub fn of_digits(digits: usize) -> Option<EpochUnit> {
        match digits {
            9..=10 => Some(EpochUnit::Seconds),
            12..=13 => Some(EpochUnit::Millis),
            15..=16 => Some(EpochUnit::Micros),
            _ => None,
        }
    }
}

impl ReadAs {
    /// Whether numbers that are read so, and give this instant, may count a longer unit: seconds that are read as millis, and
    /// millis as micros, all lie in 1970.
    pub fn is_of_1970(&self, us: i64) -> bool {
        const YEAR_US: i64 = 365 * 86_400_000_000;
        matches!(self, ReadAs::Epoch(_)) && (0..YEAR_US).contains(&us)
    }

    /// The word in `.feat` files for dates that are instants.
    pub const DATE: &'static str = "date";

    /// Whether the files hold dates, each of which is the first instant of its day.
    pub fn is_of_days(&self) -> bool {
        let is_clock = |item: Item<'_>| {
            matches!(
                item,
                Item::Numeric(Numeric::Hour | Numeric::Hour12, _) | Item::Fixed(Fixed::RFC2822 | Fixed::RFC3339)
            )
        };
        match self {
            ReadAs::Epoch(_) => false,
            ReadAs::Date { .. } => true,
            ReadAs::Format { format, .. } => !StrftimeItems::new(format).any(is_clock),
        }
    }

    /// How long a day of such dates may be, in hours: 25 where clocks are put back.
    pub fn longest_day_hours(&self) -> u64 {
        let zone = match self {
            ReadAs::Date { zone } => Some(zone.as_str()),
            ReadAs::Format { zone, .. } => zone.as_deref(),
            ReadAs::Epoch(_) => None,
        };
        if zone.is_none_or(|zone| zone == "UTC") { 24 } else { 25 }
    }

    /// Whether columns of this type are read so.
    pub fn gives(&self, ty: Type) -> bool {
        match self {
            ReadAs::Epoch(_) | ReadAs::Date { .. } => ty == Type::Timestamp,
            ReadAs::Format { zone, .. } => ty == Type::Timestamp || (ty == Type::Date && zone.is_none()),
        }
    }
}

impl ColumnForm {
    /// Whether it says nothing.
    pub fn is_plain(&self) -> bool {
        self.field.is_none() && self.read_as.is_none()
    }

    /// Whether columns of this type can have this form.
    pub fn fits(&self, ty: Type) -> bool {
        self.field.as_ref().is_none_or(|field| !field.is_empty())
            && self.read_as.as_ref().is_none_or(|read_as| read_as.gives(ty))
    }
}

/// As it is written after the type, with a blank in front: ` from "user.id" as epoch_millis`.
impl fmt::Display for ColumnForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = &self.field {
            write!(f, " from {field:?}")?;
        }
        match &self.read_as {
            None => Ok(()),
            Some(ReadAs::Epoch(unit)) => write!(f, " as {}", unit.name()),
            Some(ReadAs::Date { zone }) => write!(f, " as {} in {zone:?}", ReadAs::DATE),
            Some(ReadAs::Format { format, zone: None }) => write!(f, " as {format:?}"),
            Some(ReadAs::Format {
                format,
                zone: Some(zone),
            }) => write!(f, " as {format:?} in {zone:?}"),
        }
    }
}
