//! The batch engine on DataFusion.
