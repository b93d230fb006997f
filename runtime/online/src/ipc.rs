//! Rows as bytes: Arrow IPC streams.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use std::collections::BTreeMap;

/// A batch as a stream.
///
/// # Errors
/// Types that the format has not.
pub fn write(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    writer.into_inner()
}

/// The batches of a stream that [`write`] wrote; the bytes have been checked.
///
/// # Errors
/// Other bytes.
pub fn read(bytes: &[u8]) -> Result<Vec<RecordBatch>, ArrowError> {
    StreamReader::try_new(bytes, None)?.collect()
}

/// Batches that can be joined: by what they are of, and by their columns, in the order in which both came first.
#[derive(Debug)]
pub struct Parts<K> {
    parts: BTreeMap<K, Vec<Vec<RecordBatch>>>,
}

impl<K: Ord> Default for Parts<K> {
    fn default() -> Parts<K> {
        Parts { parts: BTreeMap::new() }
    }
}

impl<K: Ord> Parts<K> {
    pub fn add(&mut self, of: K, batch: RecordBatch) {
        let parts = self.parts.entry(of).or_default();
        match parts.iter_mut().find(|part| part[0].schema() == batch.schema()) {
            Some(part) => part.push(batch),
            None => parts.push(vec![batch]),
        }
    }

    /// The batches of each part.
    pub fn each(&self) -> impl Iterator<Item = (&K, &[RecordBatch])> {
        let all = self.parts.iter();
        all.flat_map(|(of, parts)| parts.iter().map(move |part| (of, part.as_slice())))
    }

    /// Each part as one batch; several of one thing have different columns.
    ///
    /// # Errors
    /// More than 2 GiB of text in a column.
    pub fn joined(&self) -> impl Iterator<Item = Result<(&K, RecordBatch), ArrowError>> {
        let all = self.parts.iter();
        all.flat_map(|(of, parts)| parts.iter().map(move |part| Ok((of, join(part)?))))
    }
}

fn join(part: &[RecordBatch]) -> Result<RecordBatch, ArrowError> {
    match part {
        [one] => Ok(one.clone()),
        many => concat_batches(&many[0].schema(), many),
    }
}

/// Batches of one name and one schema as one stream of bytes each.
///
/// # Errors
/// More than 2 GiB of text in a column; types that the format has not.
pub fn streams<'a>(
    batches: impl Iterator<Item = (&'a str, &'a RecordBatch)>,
) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut parts: Parts<&str> = Parts::default();
    for (name, batch) in batches.filter(|(_, batch)| batch.num_rows() > 0) {
        parts.add(name, batch.clone());
    }
    let one = |part: Result<(&&str, RecordBatch), ArrowError>| {
        let (name, whole) = part.map_err(|error| error.to_string())?;
        let bytes = write(&whole).map_err(|error| error.to_string())?;
        Ok(((*name).to_owned(), bytes))
    };
    parts.joined().map(one).collect()
}
