//! Delta tables: Parquet files that the log of a table lists. `runtime/lake` reads and writes the log.

use super::parquet::Parquet;
use crate::error::DecodeError;
use crate::format::{Format, Opened};
use crate::spec::Spec;
use crate::store::InputFile;
use std::sync::Arc;

pub(super) struct Delta;

impl Format for Delta {
    fn extensions(&self) -> &'static [&'static str] {
        Parquet.extensions()
    }

    fn is_table(&self) -> bool {
        true
    }

    fn open(&'static self, input: InputFile, spec: &Spec, keep_open: bool) -> Result<Arc<dyn Opened>, DecodeError> {
        Parquet.open(input, spec, keep_open)
    }
}
