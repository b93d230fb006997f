//! Every message of this crate about the text of a program, an entry for each; those about habits of other languages that
//! are rows of a table of their own stand in [`crate::explain`].

mod items;
mod literals;
mod lookups;
mod parts;
mod text;

pub(crate) use items::*;
pub(crate) use literals::*;
pub(crate) use lookups::*;
pub(crate) use parts::*;
pub(crate) use text::*;
