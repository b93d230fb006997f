//! Reads a Parquet file into memory, writes it again on some threads and says how long the writing took.
//!
//! ```text
//! cargo run --release -p featr-decode --example write -- 2 FROM.parquet TO.parquet [rows per batch]
//! ```

use featr_decode::{RowsWriter, WriteOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [threads, from, to, rest @ ..] = &args[..] else {
        return Err("threads, from, to".into());
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(from)?)?;
    let rows = rest.first().map_or(Ok(8_192), |rows| rows.parse())?;
    let schema = builder.schema().clone();
    let batches = builder.with_batch_size(rows).build()?.collect::<Result<Vec<_>, _>>()?;
    let options = WriteOptions {
        threads: threads.parse()?,
        ..WriteOptions::default()
    };
    let begun = Instant::now();
    let mut writer = RowsWriter::create_with(Path::new(to), schema, &options)?;
    for batch in &batches {
        writer.write(batch)?;
    }
    let encoded = begun.elapsed();
    let rows = writer.finish()?;
    println!(
        "{rows} rows: {:.3} s, with the disk {:.3} s, {} bytes",
        encoded.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        std::fs::metadata(to)?.len()
    );
    Ok(())
}
