//! The grammar of .feat files and nothing else.
