//! Parquet, CSV and JSONL to canonical columns, once, for both engines.
