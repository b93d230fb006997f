//! Rows of a source that are in memory already, decoded as those of a Parquet file are.

use crate::arrow_bounds::{shared_text_bytes, unpacked_bytes};
use crate::becomes::bytes_of;
use crate::error::DecodeError;
use crate::guard::guarded;
use crate::layout::Layout;
use crate::reject::Reject;
use crate::source::{ReadOptions, read_source};
use crate::spec::{Decoded, PieceOptions, Spec};
use crate::store::{InputFile, RandomRead, Store};
use arrow::array::RecordBatch;
use bytes::Bytes;
use featc_ir::{FileFormat, FileSet, Source};
use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

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

/// How much of the bytes of one file is taken; the default bounds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Rows that decode.
    pub rows: usize,
    /// Rows that do not.
    pub rejects: usize,
    /// Of Arrow, the bytes that it becomes when it is unpacked, and those of texts of dictionaries and views when each row has its
    /// own. What texts and lists become in rows, each row counted with its own, is at most sixteen times as much, of every format.
    pub unpacked_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            rows: usize::MAX,
            rejects: usize::MAX,
            unpacked_bytes: u64::MAX,
        }
    }
}

/// What texts and lists become in rows at most, as a multiple of [`Bounds::unpacked_bytes`].
const BECOMES_TIMES: u64 = 16;

/// Decodes the bytes of one file by the declaration of a source, all of it: decoded rows, and those that cannot be used,
/// both with their lines or rows from 1. `name` is what messages call it, has no extension that says it is packed, and may
/// name folders that say values of columns, see [`InputFile::values`].
/// A text of a timestamp without an offset rejects its row alone: who sends rows may not be who declares them. Bounds hold
/// while it decodes: what is beyond them is never in memory.
///
/// # Errors
/// What would be wrong with such a file; [`DecodeError::BeyondBounds`].
pub fn decode_bytes(
    source: &Source,
    format: FileFormat,
    bytes: Vec<u8>,
    name: &str,
    bounds: &Bounds,
) -> Result<(Vec<Decoded>, Vec<Reject>), DecodeError> {
    let beyond = |why: String| DecodeError::BeyondBounds {
        file: name.to_owned(),
        why,
    };
    let (bytes, most) = (Bytes::from(bytes), bounds.unpacked_bytes);
    if format == FileFormat::Arrow && most < u64::MAX {
        if unpacked_bytes(&bytes) > most {
            let why = format!("they become more than {most} bytes when they are unpacked");
            return Err(beyond(why));
        }
        if shared_text_bytes(name, Box::new(Cursor::new(bytes.clone()))) > most {
            let why = format!("texts that rows share are more than {most} bytes when each row has its own");
            return Err(beyond(why));
        }
    }
    let becomes_max = most.saturating_mul(BECOMES_TIMES);
    let files = FileSet {
        format,
        paths: vec![name.to_owned()],
        version: None,
    };
    let rejects: Arc<Mutex<Vec<Reject>>> = Arc::default();
    let (kept, most, file) = (rejects.clone(), bounds.rejects, name.to_owned());
    let options = ReadOptions {
        // A batch ends where there are so many rejects, too.
        rows_per_batch: Some(bounds.rows.min(bounds.rejects).clamp(1, 65_536)),
        batch_bytes_max: (becomes_max < u64::MAX).then_some(becomes_max),
        store: Some(Arc::new(OneFile(bytes))),
        naive_rejects: true,
        sink: Some(Box::new(move |reject| {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == most {
                let of = kept.first().unwrap_or(reject);
                let why = format!(
                    "more than {most} rows cannot be used; the first is {}: {}",
                    of.line, of.detail
                );
                return Err(DecodeError::BeyondBounds {
                    file: file.clone(),
                    why,
                });
            }
            kept.push(reject.clone());
            Ok(())
        })),
        ..ReadOptions::default()
    };
    let (mut decoded, mut rows, mut becomes) = (Vec::new(), 0, 0u64);
    for part in read_source(source, &files, Path::new(""), options)? {
        let part = part?;
        rows += part.batch.rows;
        if rows > bounds.rows {
            return Err(beyond(format!("more than {} rows", bounds.rows)));
        }
        becomes = becomes.saturating_add(bytes_of(&part.batch));
        if becomes > becomes_max {
            return Err(beyond(format!("rows become more than {becomes_max} bytes")));
        }
        decoded.push(part);
    }
    let rejects = std::mem::take(&mut *rejects.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((decoded, rejects))
}

/// A store that has one file, under any name.
#[derive(Debug)]
struct OneFile(Bytes);

impl Store for OneFile {
    fn list(&self, pattern: &str, _: &[&str], _: &Path) -> Result<Vec<InputFile>, DecodeError> {
        Ok(vec![InputFile::new(pattern.into(), pattern)])
    }

    fn open(&self, _: &InputFile) -> Result<Arc<dyn RandomRead>, DecodeError> {
        Ok(Arc::new(InMemory(self.0.clone())))
    }
}

struct InMemory(Bytes);

impl RandomRead for InMemory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, start: u64, len: usize) -> Result<Bytes, DecodeError> {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = start.saturating_add(len);
        let there = self.0.get(start..end).map(|part| self.0.slice_ref(part));
        there.ok_or_else(|| DecodeError::Unreadable {
            file: "rows in memory".to_owned(),
            why: "it ends too early".to_owned(),
        })
    }

    fn version(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reject::Reason;
    use featc_ir::{ColumnId, SourceColumn, Type};

    fn source() -> Source {
        let column = |name: &str, ty| SourceColumn {
            name: name.to_owned(),
            ty,
            nullable: false,
            form: featc_ir::ColumnForm::default(),
        };
        let columns = vec![column("id", Type::Int64), column("at", Type::Timestamp)];
        Source::plain("txn", columns, vec![ColumnId(0)], ColumnId(1))
    }

    #[test]
    fn a_file_in_memory_decodes_as_one_on_disk() {
        let text = "{\"id\": 1, \"at\": \"1970-01-01T00:00:01Z\"}\n\nno\n{\"id\": 2, \"at\": null}\n{\"id\": 3, \"at\": \"1970-01-01T00:00:02Z\"}";
        let decoded = decode_bytes(
            &source(),
            FileFormat::Jsonl,
            text.into(),
            "rows of txn",
            &Bounds::default(),
        )
        .unwrap();
        let (batches, rejects) = decoded;
        assert_eq!(batches.iter().map(|decoded| decoded.batch.rows).sum::<usize>(), 2);
        assert_eq!(batches[0].batch.columns[1].i64s(), [1_000_000, 2_000_000]);
        assert_eq!((batches[0].rows.number(0), batches[0].rows.number(1)), (1, 5));
        let found: Vec<(u64, Reason)> = rejects.iter().map(|reject| (reject.line, reject.reason)).collect();
        assert_eq!(found, [(3, Reason::Unparsable), (4, Reason::NullTime)]);
        // An instant without an offset, which would spoil a file.
        let text = "{\"id\": 1, \"at\": \"1970-01-01T00:00:01\"}\n{\"id\": 2, \"at\": \"1970-01-01T00:00:02Z\"}\n";
        let (batches, rejects) = decode_bytes(
            &source(),
            FileFormat::Jsonl,
            text.into(),
            "rows of txn",
            &Bounds::default(),
        )
        .unwrap();
        assert_eq!(batches[0].batch.columns[1].i64s(), [2_000_000]);
        let found: Vec<(u64, Reason, String)> = rejects
            .iter()
            .map(|reject| (reject.line, reject.reason, reject.detail.to_string()))
            .collect();
        let why = "column at: \"1970-01-01T00:00:01\" has no offset, and the source declares no zone".to_owned();
        assert_eq!(found, [(1, Reason::BadValue, why)]);
        let broken = decode_bytes(
            &source(),
            FileFormat::Arrow,
            b"ARROW1 no".to_vec(),
            "rows of txn",
            &Bounds::default(),
        );
        assert!(matches!(broken, Err(DecodeError::Corrupt { .. })), "{broken:?}");
        let empty = decode_bytes(
            &source(),
            FileFormat::Jsonl,
            Vec::new(),
            "rows of txn",
            &Bounds::default(),
        )
        .unwrap();
        assert!(empty.0.is_empty() && empty.1.is_empty());
    }

    #[test]
    fn bounds_hold_while_it_decodes() {
        let row = |id: usize| format!("{{\"id\": {id}, \"at\": \"1970-01-01T00:00:01Z\"}}\n");
        let decode = |text: &str, rows, rejects| {
            let bounds = Bounds {
                rows,
                rejects,
                ..Bounds::default()
            };
            decode_bytes(&source(), FileFormat::Jsonl, text.into(), "rows", &bounds)
        };
        let good: String = (0..10).map(row).collect();
        assert_eq!(
            decode(&good, 10, 0)
                .unwrap()
                .0
                .iter()
                .map(|part| part.batch.rows)
                .sum::<usize>(),
            10
        );
        let said =
            |result: Result<_, DecodeError>| result.map(|_: (Vec<Decoded>, Vec<Reject>)| ()).unwrap_err().to_string();
        assert_eq!(said(decode(&good, 9, 0)), "rows: more than 9 rows");
        let bad = "no\n".repeat(5);
        assert_eq!(decode(&bad, 10, 5).unwrap().1.len(), 5);
        let why = said(decode(&bad, 10, 4));
        assert!(
            why.starts_with("rows: more than 4 rows cannot be used; the first is 1: not JSON"),
            "{why}"
        );
        let packed = Bounds {
            unpacked_bytes: 3,
            ..Bounds::default()
        };
        let text = decode_bytes(&source(), FileFormat::Jsonl, good.into(), "rows", &packed);
        assert!(text.is_ok(), "text is not packed");
    }
}
