//! Errors of stores and tables in plain words.

use featr_decode::{DecodeError, LakeCause, plain};
use std::error::Error;

/// What is wrong with a store or a table.
pub(crate) fn problem(cause: LakeCause, place: &str, why: impl Into<String>) -> DecodeError {
    DecodeError::Lake {
        cause,
        place: place.to_owned(),
        why: why.into(),
    }
}

/// An error of an object store, where `place` is an address.
pub(crate) fn refused(place: &str, error: &object_store::Error) -> DecodeError {
    use object_store::Error as Store;
    if let Some(why) = of_this_machine(place, error) {
        let file = place.to_owned();
        return DecodeError::Unreadable { file, why };
    }
    match error {
        Store::NotFound { .. } => DecodeError::NoFiles {
            pattern: place.to_owned(),
            why: "no such object or bucket".into(),
            other: Vec::new(),
        },
        Store::Precondition { .. } | Store::NotModified { .. } => DecodeError::Changed {
            file: place.to_owned(),
            how: "was replaced".into(),
        },
        Store::PermissionDenied { .. } => problem(LakeCause::Refused, place, "permission denied"),
        Store::Unauthenticated { .. } => problem(LakeCause::Refused, place, "the credentials are not accepted"),
        other => problem(LakeCause::Refused, place, innermost(other)),
    }
}

/// What the file system of this machine said, in plain words; `None` of other stores, and where a file is not there.
pub(crate) fn of_this_machine(place: &str, error: &(dyn Error + 'static)) -> Option<String> {
    if crate::address::is_address(place) && !place.starts_with("file:") {
        return None;
    }
    let mut cause = error;
    let said = loop {
        match cause.downcast_ref::<std::io::Error>() {
            Some(said) => break said,
            None => cause = cause.source()?,
        }
    };
    (said.kind() != std::io::ErrorKind::NotFound).then(|| plain(said))
}

/// The innermost cause on one line: what the layers around it say are names of layers.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut inner = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    let text = inner.to_string();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(300).collect()
}
