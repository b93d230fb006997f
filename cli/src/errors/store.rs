//! Object stores and Delta tables.

use featc_driver::diag::{Code, Diagnostic};
use featr::{DecodeError, LakeCause};

/// The diagnostic for a store or a table.
pub fn problem(cause: LakeCause, error: &DecodeError) -> Diagnostic {
    let (code, help) = match cause {
        LakeCause::UnknownStore => (
            Code::UnknownStore,
            "write a path, file:///absolute/path or s3://bucket/key",
        ),
        LakeCause::Refused => (
            Code::StoreRefused,
            "check AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and for http AWS_ALLOW_HTTP=true",
        ),
        LakeCause::NoSuchTable => (
            Code::NoSuchTable,
            "give the folder that holds `_delta_log`, and a version that it has",
        ),
        LakeCause::UnreadableTable => (
            Code::UnreadableTable,
            "rewrite the table without the feature, or export its rows to Parquet files",
        ),
        LakeCause::SchemaDiffers => (
            Code::TableSchemaDiffers,
            "write to another table, or change the table's columns first",
        ),
        LakeCause::TableExists => (
            Code::TableExists,
            "pass `--mode append` or `--mode overwrite`, or choose another folder",
        ),
        LakeCause::TableChanged => (Code::TableChanged, "run it again: nothing was written"),
        LakeCause::UnwritableTable => (
            Code::UnwritableTable,
            "choose another folder: the training set can have a table of its own",
        ),
        LakeCause::UnfitColumn => (
            Code::UnfitColumn,
            "rename the column or cast it in the program; a column of the spine: in the spine",
        ),
    };
    Diagnostic::new(code, error.to_string()).with_help(help)
}
