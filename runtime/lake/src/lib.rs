//! Where files lie: folders, object stores, Delta tables.
