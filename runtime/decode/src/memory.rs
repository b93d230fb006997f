//! Rows of a source that are in memory already, decoded as those of a Parquet file are.

use crate::error::DecodeError;
use crate::guard::guarded;
use crate::layout::Layout;
use crate::reject::Reject;
use crate::spec::{Decoded, PieceOptions, Spec};
use crate::store::InputFile;
use arrow::array::RecordBatch;
use featc_ir::Source;

/// Decodes a batch by the declaration of a source; columns go by name. `name` is what messages call the batch.
///
/// What the rows hold beyond the declared columns comes with them. A row that cannot be used is a [`Reject`] with its number
/// from 1, for the reason that it has in a Parquet file.
///
/// # Errors
/// What would be wrong with the schema of a Parquet file: a column that is missing, there twice, of a type that does not
/// decode, or naive where the source declares no `zone`; [`DecodeError::UnknownZone`].
pub fn decode_rows(source: &Source, rows: &RecordBatch, name: &str) -> Result<(Decoded, Vec<Reject>), DecodeError> {
    let options = PieceOptions {
        undeclared: true,
        ..PieceOptions::default()
    };
    let spec = Spec::new(source, options)?;
    let input = InputFile {
        path: name.into(),
        name: name.into(),
        values: Vec::new(),
    };
    let mut layout = Layout::new(&input, &rows.schema(), &spec, |_| true)?;
    layout.read_all();
    let mut rejects = Vec::new();
    let decoded = guarded(name, || layout.decode(rows.clone(), 1, &spec, &mut rejects))?;
    Ok((decoded, rejects))
}
