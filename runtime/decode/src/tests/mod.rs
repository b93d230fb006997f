//! What a file means: through the front door.

mod becomes;
mod codes;
mod csv;
mod cuts;
mod edges;
mod files;
mod forms;
mod ipc;
mod jsonl;
mod listed;
mod packed;
mod parquet;
mod pieces;
mod said;
mod undeclared;

use crate::{
    DecodeError, Decoded, LocalStore, Piece, PieceOptions, ReadOptions, Reason, Reject, RejectSink, SourceReader,
    Store, Table, Tables, pieces, read_source,
};
use featc_ir::{ColumnId, FileFormat, FileSet, Source, SourceColumn, Type};
use featr_kernels::{Batch, Data, Tag, Value};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A source with these columns; a name that ends in `?` is nullable, the first timestamp column is the time.
pub(crate) fn source(columns: &[(&str, Type)]) -> Source {
    let columns: Vec<SourceColumn> = columns
        .iter()
        .map(|(name, ty)| SourceColumn {
            name: name.trim_end_matches('?').into(),
            ty: *ty,
            nullable: name.ends_with('?'),
            form: featc_ir::ColumnForm::default(),
        })
        .collect();
    let time = columns.iter().position(|column| column.ty == Type::Timestamp).unwrap();
    Source::plain("events", columns, vec![ColumnId(0)], ColumnId::from(time))
}

pub(crate) fn file_set(format: FileFormat, paths: &[&str]) -> FileSet {
    FileSet {
        format,
        paths: paths.iter().map(|path| path.to_string()).collect(),
        version: None,
    }
}

/// A row as text, nulls as `∅`.
pub(crate) fn row(batch: &Batch, row: usize) -> String {
    let cells = batch.columns.iter().map(|column| {
        if column.tags.as_ref().is_some_and(|tags| tags[row] != Tag::VALID) {
            return "∅".to_owned();
        }
        match &column.data {
            Data::Bool(values) => values[row].to_string(),
            Data::I64(values) => values[row].to_string(),
            Data::F64(values) => format!("{:?}", values[row]),
            Data::I128(values) => values[row].to_string(),
            Data::Str(_) if let (Value::List(items), Type::List(of)) = (column.value(row), column.ty) => {
                let shown = |item: &Value| match item {
                    Value::Null => "∅".to_owned(),
                    item => item.render(*of),
                };
                format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" "))
            }
            Data::Str(values) => {
                String::from_utf8(values.bytes[values.offsets[row]..values.offsets[row + 1]].to_vec()).unwrap()
            }
        }
    });
    cells.collect::<Vec<_>>().join("|")
}

/// What a reading gave: rows with file and number, and rejects as the sink saw them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub rows: Vec<String>,
    pub rejects: Vec<String>,
    pub error: Option<DecodeError>,
}

#[derive(Clone, Default)]
struct Collect(Arc<Mutex<Vec<Reject>>>);

impl Collect {
    fn sink(&self) -> RejectSink {
        let all = self.0.clone();
        Box::new(move |reject| {
            all.lock().unwrap().push(reject.clone());
            Ok(())
        })
    }
}

pub(crate) fn drain(reader: &mut SourceReader) -> (Vec<String>, Option<DecodeError>) {
    let mut rows = Vec::new();
    for decoded in reader {
        match decoded {
            Ok(decoded) => {
                assert!(decoded.batch.rows > 0);
                rows.extend(rows_of(&decoded));
            }
            Err(error) => return (rows, Some(error)),
        }
    }
    (rows, None)
}

pub(crate) fn read_with(
    source: &Source,
    files: &FileSet,
    base: &Path,
    columns: Option<Vec<ColumnId>>,
    batch: usize,
) -> Outcome {
    let sink = Collect::default();
    let options = ReadOptions {
        columns,
        rows_per_batch: Some(batch),
        sink: Some(sink.sink()),
        ..ReadOptions::default()
    };
    let mut reader = match read_source(source, files, base, options) {
        Ok(reader) => reader,
        Err(error) => {
            return Outcome {
                rows: Vec::new(),
                rejects: Vec::new(),
                error: Some(error),
            };
        }
    };
    let (rows, error) = drain(&mut reader);
    let seen = sink.0.lock().unwrap().clone();
    assert_eq!(reader.rejects().total(), seen.len() as u64);
    for reason in Reason::ALL {
        assert_eq!(
            reader.rejects().count(reason),
            seen.iter().filter(|reject| reject.reason == reason).count() as u64
        );
    }
    let rejects = seen.iter().map(shown).collect();
    Outcome { rows, rejects, error }
}

/// Reads with several batch sizes and projections, which must agree, and gives the outcome of reading everything.
pub(crate) fn read(source: &Source, files: &FileSet, base: &Path) -> Outcome {
    let whole = read_with(source, files, base, None, 10_000);
    for batch in [1, 2, 3] {
        assert_eq!(read_with(source, files, base, None, batch).rejects, whole.rejects);
        if whole.error.is_none() {
            assert_eq!(read_with(source, files, base, None, batch), whole);
        }
    }
    let none = read_with(source, files, base, Some(Vec::new()), 2);
    assert_eq!((&none.rejects, &none.error), (&whole.rejects, &whole.error));
    if whole.error.is_none() {
        assert_eq!(none.rows.len(), whole.rows.len());
        let place = |row: &String| row.split(' ').next().unwrap().to_owned();
        assert!(
            none.rows
                .iter()
                .zip(&whole.rows)
                .all(|(left, right)| place(left) == place(right))
        );
    }
    let strings = source
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.ty == Type::String);
    let strings: Vec<ColumnId> = strings.map(|(index, _)| ColumnId::from(index)).collect();
    for (size, coded) in [
        (1, &[][..]),
        (2, &[]),
        (40, &[]),
        (1 << 20, &[]),
        (2, &strings),
        (1 << 20, &strings),
    ] {
        let cut = PieceOptions {
            coded: coded.to_vec(),
            rows_per_piece: Some(size),
            bytes_per_piece: Some(size),
            rows_per_batch: Some(2),
            ..PieceOptions::default()
        };
        let (pieced, _) = read_pieces(source, files, base, &cut);
        assert_eq!((&pieced.rejects, &pieced.error), (&whole.rejects, &whole.error));
        if whole.error.is_none() {
            assert_eq!(pieced, whole);
        }
    }
    whole
}

/// Reads the pieces of a source, the last first, and puts what they gave in order; with the rows that were skipped.
pub(crate) fn read_pieces(source: &Source, files: &FileSet, base: &Path, options: &PieceOptions) -> (Outcome, u64) {
    let mut whole = Outcome {
        rows: Vec::new(),
        rejects: Vec::new(),
        error: None,
    };
    let all = match pieces(source, files, base, options) {
        Ok(all) => all,
        Err(error) => {
            whole.error = Some(error);
            return (whole, 0);
        }
    };
    let read = |piece: &Piece| {
        let (mut rows, mut rejects) = (Vec::new(), Vec::new());
        let error = piece.read(
            &mut |reject| {
                rejects.push(shown(&reject));
                Ok(())
            },
            &mut |decoded| {
                assert!(decoded.batch.rows > 0 && decoded.batch.rows <= options.rows_per_batch.unwrap_or(65_536));
                rows.extend(rows_of(&decoded));
                Ok(())
            },
        );
        let known = piece.rows().unwrap_or((rows.len() + rejects.len()) as u64);
        assert!(error.is_err() || known == (rows.len() + rejects.len()) as u64);
        (rows, rejects, error)
    };
    let mut parts: Vec<_> = all.iter().rev().map(read).collect();
    parts.reverse();
    for (rows, rejects, error) in parts {
        whole.rows.extend(rows);
        whole.rejects.extend(rejects);
        if let Err(error) = error {
            whole.error = Some(error);
            break;
        }
    }
    (whole, all.iter().map(Piece::skipped_rows).sum())
}

fn shown(r: &Reject) -> String {
    format!("{}:{} {} {}", r.file, r.line, r.reason, r.detail)
}

fn rows_of(decoded: &Decoded) -> impl Iterator<Item = String> + '_ {
    let (batch, file, rows) = (spelled(decoded), &decoded.file, &decoded.rows);
    (0..batch.rows).map(move |index| format!("{file}:{} {}", rows.number(index), row(&batch, index)))
}

/// The batch with texts in place of their codes.
fn spelled(decoded: &Decoded) -> Batch {
    let mut batch = decoded.batch.clone();
    for (id, texts) in &decoded.texts {
        let column = &mut batch.columns[id.index()];
        let spelled = column.i64s().iter().map(|code| texts.value(*code as usize).as_bytes());
        column.data = Data::Str(spelled.collect());
        column.ty = Type::String;
    }
    batch
}

/// Reads one file of this content.
pub(crate) fn read_content(source: &Source, format: FileFormat, content: impl AsRef<[u8]>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), content).unwrap();
    read(source, &file_set(format, &["f"]), folder.path())
}
