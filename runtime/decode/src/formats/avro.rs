//! Avro: records of topics, which become JSON before they are decoded. No file is read in it, and the compiler names none.

use crate::error::DecodeError;
use crate::format::{Format, Opened};
use crate::spec::Spec;
use crate::store::InputFile;
use std::sync::Arc;

pub(super) struct Avro;

impl Format for Avro {
    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    fn open(&'static self, input: InputFile, _spec: &Spec, _keep_open: bool) -> Result<Arc<dyn Opened>, DecodeError> {
        Err(DecodeError::Unreadable {
            file: input.name.to_string(),
            why: "Avro is a format of topics, not of files".into(),
        })
    }
}
