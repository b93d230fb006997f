//! One file of a source, in the way in which its format is read.

use crate::place::{Id, Position};
use crate::text::{Look, Text};
use crate::whole::Whole;
use featc_ir::FileFormat;
use featr_decode::whole_records;
use featr_online::{Ended, Sender};
use std::io;
use std::path::Path;
use std::time::Instant;

#[derive(Debug)]
pub enum Split {
    Text(Box<Text>),
    Whole(Box<Whole>),
}

/// Whether files of this name are read as they grow.
fn grows(format: FileFormat, path: &Path) -> bool {
    let end = path.extension().map(|end| end.to_ascii_lowercase());
    let is_packed = end.is_some_and(|end| end == "gz" || end == "zst");
    whole_records(format, b"").is_some() && !is_packed
}

impl Split {
    /// A file from a position on; `None`: the position is not one of this file.
    ///
    /// # Errors
    /// The system refuses.
    pub fn open(
        (name, path): (&str, &Path),
        format: FileFormat,
        known: Option<&Position>,
    ) -> io::Result<Option<Split>> {
        let place = (name, path);
        match (grows(format, path), known) {
            (true, None) => Ok(Text::open(place, format, None)?.map(|text| Split::Text(Box::new(text)))),
            (true, Some(Position::Text(known))) => {
                Ok(Text::open(place, format, Some(known))?.map(|text| Split::Text(Box::new(text))))
            }
            (false, None) => Ok(Whole::open(place, format, None)?.map(|whole| Split::Whole(Box::new(whole)))),
            (false, Some(Position::Whole(known))) => {
                Ok(Whole::open(place, format, Some(known))?.map(|whole| Split::Whole(Box::new(whole))))
            }
            (true, Some(Position::Whole(_))) | (false, Some(Position::Text(_))) => Ok(None),
        }
    }

    pub fn id(&self) -> Id {
        self.position().id()
    }

    pub fn position(&self) -> Position {
        match self {
            Split::Text(text) => text.position(),
            Split::Whole(whole) => whole.position(),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Split::Text(text) => text.name(),
            Split::Whole(whole) => &whole.name,
        }
    }

    /// Since when nothing has come, of one that is kept open.
    pub fn open_since(&self) -> Option<Instant> {
        match self {
            Split::Text(text) => text.open_since(),
            Split::Whole(_) => None,
        }
    }

    /// It is opened again when something has come.
    pub fn close(&mut self) {
        if let Split::Text(text) = self {
            text.close();
        }
    }

    /// It has another name from now on.
    pub fn renamed(&mut self, name: &str, path: &Path) {
        match self {
            Split::Text(text) => text.renamed(name, path),
            Split::Whole(whole) => {
                name.clone_into(&mut whole.name);
                path.clone_into(&mut whole.path);
            }
        }
    }

    pub fn unread_bytes(&self) -> u64 {
        match self {
            Split::Text(text) => text.unread_bytes(),
            Split::Whole(whole) => whole.unread_bytes(),
        }
    }

    pub fn is_refused(&self) -> bool {
        match self {
            Split::Text(text) => text.is_refused,
            Split::Whole(whole) => whole.is_refused(),
        }
    }

    /// Reads what has come.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn look(&mut self, sender: &mut Sender, is_end: bool) -> Result<Look, Ended> {
        match self {
            Split::Text(text) => text.look(sender, is_end),
            Split::Whole(whole) => whole.look(sender),
        }
    }
}
