//! Decodes Parquet files piece by piece on some threads and says how long it took.
//!
//! ```text
//! cargo run --release -p featr-decode --example pieces -- 2 FILE id:int64 at:timestamp amount:float64
//! ```

use featc_ir::{ColumnId, FileFormat, FileSet, Lateness, Origin, Source, SourceColumn, Type};
use featr_decode::{PieceOptions, pieces};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

fn source(columns: Vec<SourceColumn>) -> Source {
    let time = columns.iter().position(|column| column.ty == Type::Timestamp);
    Source {
        name: "events".into(),
        doc: None,
        columns,
        unique: vec![ColumnId(0)],
        time: ColumnId::from(time.unwrap_or(0)),
        arrival: None,
        delay_us: 0,
        lateness: Lateness::Unbounded,
        skew_us: 0,
        begins_us: None,
        zone: Some("UTC".into()),
        keep_nan: false,
        batch: None,
        stream: None,
        origin: Origin {
            file: "example".into(),
            line: 1,
        },
    }
}

fn column(text: &str) -> Option<SourceColumn> {
    let (name, ty) = text.split_once(':')?;
    let nullable = ty.ends_with('?');
    let ty = match ty.trim_end_matches('?') {
        "bool" => Type::Bool,
        "int64" => Type::Int64,
        "float64" => Type::Float64,
        "string" => Type::String,
        "timestamp" => Type::Timestamp,
        "date" => Type::Date,
        "duration" => Type::Duration,
        _ => return None,
    };
    Some(SourceColumn {
        name: name.into(),
        ty,
        nullable,
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let threads: usize = args.next().ok_or("threads, file, columns")?.parse()?;
    let file = args.next().ok_or("no file")?;
    let columns: Option<Vec<SourceColumn>> = args.map(|text| column(&text)).collect();
    let source = source(columns.ok_or("columns are written name:type")?);
    let format = match Path::new(&file).extension().and_then(|extension| extension.to_str()) {
        Some("csv") => FileFormat::Csv,
        Some("jsonl") => FileFormat::Jsonl,
        Some("arrow") => FileFormat::Arrow,
        _ => FileFormat::Parquet,
    };
    let files = FileSet {
        format,
        paths: vec![file],
        version: None,
    };
    let options = PieceOptions {
        rows_per_piece: std::env::var("ROWS").ok().map(|rows| rows.parse()).transpose()?,
        ..PieceOptions::default()
    };
    let begun = Instant::now();
    let all = pieces(&source, &files, Path::new(""), &options)?;
    let cut = begun.elapsed();
    let (next, rows) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let work = || {
            while let Some(piece) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                let read = piece.read(&mut |_| Ok(()), &mut |decoded| {
                    rows.fetch_add(decoded.batch.rows, Ordering::Relaxed);
                    Ok(())
                });
                if let Err(error) = read {
                    eprintln!("{error}");
                }
            }
        };
        (0..threads).for_each(|_| {
            scope.spawn(work);
        });
    });
    println!(
        "{} rows in {} pieces: {:.3} s, of that {:.3} s to cut",
        rows.into_inner(),
        all.len(),
        begun.elapsed().as_secs_f64(),
        cut.as_secs_f64()
    );
    Ok(())
}
