//! E0017, E0018, E0020: formats of files, and topics.

use featc_syntax::diag::{Diagnostic, Span};
use featc_syntax::messages;

messages! {
    E0017 unknown_file_format(word: &str, at: Span, nearest: Option<&str>, all: &[String]) {
        let all = super::list(all);
        "files cannot be read as `{word}`";
        at: "not a known format";
        did_you_mean(nearest, at): "the formats are {all}";
    }

    E0017 files_of_another_kind(word: &str, at: Span, instead: &str) {
        "files cannot be read as `{word}`";
        at: "not a known format";
        help: "{instead}";
    }

    /// `path` with its quotes.
    E0017 place_as_a_format(word: &str, at: Span, keyword: &str, format: &str, path: &str) {
        "files cannot be read as `{word}`";
        at: "a place, not a format";
        help: "the path says where files lie: write `{keyword} {format} {path}`", at => format;
    }

    E0018 version_of_files(format: &str, at: Span) {
        "`{format}` files have no versions";
        at: "only Delta tables have versions";
        help: "leave it out, or write `batch delta` and the folder of the table";
    }

    E0020 misplaced_topic(path: &str, at: Span, why: &str) {
        "the topic `{path}` cannot be read so";
        at: "{why}";
        help: "a topic stands alone, and a server reads it: `stream jsonl \"kafka:payments\"`; rows of the past are files of `batch`";
    }
}

/// E0017, or what stands for such files. `path` with its quotes.
pub fn unknown_files(
    word: &str,
    at: Span,
    keyword: &str,
    path: &str,
    nearest: Option<&str>,
    all: &[String],
) -> Diagnostic {
    let instead = match word.to_ascii_lowercase().as_str() {
        "s3" | "file" | "local" => {
            let name = path.trim_matches('"').trim_end_matches(".gz").trim_end_matches(".zst");
            let format = match name.rsplit_once('.').map(|(_, ending)| ending) {
                Some("csv") => "csv",
                Some("tsv") => "tsv",
                Some("json" | "jsonl" | "ndjson") => "jsonl",
                Some("arrow") => "arrow",
                _ => "parquet",
            };
            return place_as_a_format(word, at, keyword, format, path);
        }
        "gs" | "gcs" | "azure" | "az" | "abfs" | "http" | "https" | "ftp" | "hdfs" => {
            "of stores, S3 and what speaks its protocol are in this release: `batch parquet \"s3://bucket/payments/*.parquet\"`; \
             copy other files to this machine"
        }
        "xls" | "xlsx" | "excel" | "ods" => "save the sheet as CSV: `batch csv \"payments.csv\"`",
        "sql" | "postgres" | "postgresql" | "mysql" | "sqlite" | "duckdb" | "bigquery" | "snowflake" | "redshift"
        | "jdbc" | "odbc" | "table" | "database" => {
            "rows of a database are exported into files: `batch parquet \"payments/*.parquet\"`"
        }
        "kafka" | "kinesis" | "pubsub" | "pulsar" | "rabbitmq" | "nats" | "mqtt" => {
            "of brokers, a server reads topics of Kafka: `stream jsonl \"kafka:payments\"`; rows of others are pushed, to \
             `featc serve` or by the library"
        }
        "avro" => {
            "of Avro, a server reads topics of Kafka: `stream avro \"kafka:payments\"`; write files as Parquet: \
             `batch parquet \"payments.parquet\"`"
        }
        "orc" | "hdf5" | "pickle" | "pkl" | "xml" => "write them as Parquet: `batch parquet \"payments.parquet\"`",
        "iceberg" | "hudi" => {
            "of tables Delta alone is in this release: name the Parquet files, or write `batch delta`"
        }
        "feather" | "ipc" => "write `arrow`: files of Arrow IPC",
        _ => return unknown_file_format(word, at, nearest, all),
    };
    files_of_another_kind(word, at, instead)
}
