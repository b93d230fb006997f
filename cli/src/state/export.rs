//! `featc state export`: the rows that were pushed, with their arrivals, for training sets of what was served.

use super::taken;
use crate::args::ExportArgs;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use arrow::array::RecordBatch;
use featr::RowsWriter;
use featr_online::{StateError, pushed};
use std::path::{Path, PathBuf};

/// A file that is written.
struct Output {
    source: String,
    path: PathBuf,
    rows: u64,
    writer: RowsWriter,
}

pub fn run(args: &ExportArgs, reporter: &Reporter) -> Result<(), Refused> {
    let out = args.out.display().to_string();
    let disk = taken(&args.folder.state, reporter)?;
    make(&args.out, reporter)?;
    let mut outputs: Vec<(RecordBatch, Output)> = Vec::new();
    let unwritable = |error: featr::DecodeError| StateError::Io {
        file: out.clone(),
        why: error.to_string(),
    };
    let mut each = |source: &str, rows: &RecordBatch| {
        let is_same =
            |(first, output): &&mut (RecordBatch, Output)| output.source == source && first.schema() == rows.schema();
        if let Some((_, output)) = outputs.iter_mut().find(is_same) {
            output.rows += rows.num_rows() as u64;
            return output.writer.write(rows).map_err(unwritable);
        }
        // A program may have declared other columns.
        let number = outputs.iter().filter(|(_, output)| output.source == source).count();
        let name = match number {
            0 => format!("{source}.parquet"),
            // No source has such a name.
            _ => format!("{source}-{number}.parquet"),
        };
        let path = args.out.join(name);
        let mut writer = RowsWriter::create(&path, rows.schema()).map_err(unwritable)?;
        writer.write(rows).map_err(unwritable)?;
        let output = Output {
            source: source.to_owned(),
            path,
            rows: rows.num_rows() as u64,
            writer,
        };
        outputs.push((rows.slice(0, 0), output));
        Ok(())
    };
    pushed(&disk, &mut each).or_else(|error| reporter.refuse(errors::kept_state(&args.folder.state, &error)))?;
    let mut lines = Vec::new();
    let mut files = Vec::new();
    for (_, output) in outputs {
        let done = output.writer.finish().map_err(unwritable);
        done.or_else(|error| reporter.refuse(errors::state(&error)))?;
        let (path, rows) = (output.path.display().to_string(), output.rows);
        lines.push(format!(
            "{path}: {} of source `{}`",
            counted(rows, "row"),
            output.source
        ));
        files.push(serde_json::json!({ "source": output.source, "file": path, "rows": rows }));
    }
    let text = match lines.is_empty() {
        true => format!(
            "{}: no rows were pushed, or none were kept",
            args.folder.state.display()
        ),
        false => lines.join("\n"),
    };
    reporter.result(&text, &serde_json::json!({ "files": files }));
    Ok(())
}

/// Makes the folder; one that holds something is refused, but for what an export left that was killed.
fn make(out: &Path, reporter: &Reporter) -> Result<(), Refused> {
    let name = out.display().to_string();
    featr::clear_asides(out);
    let entries = std::fs::create_dir_all(out).and_then(|()| std::fs::read_dir(out));
    let mut entries = entries.or_else(|error| reporter.refuse(errors::unwritable(&name, &featr::plain(&error))))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => reporter.refuse(errors::not_empty(&name)),
    }
}
