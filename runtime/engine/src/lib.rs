//! The embedding interface.
