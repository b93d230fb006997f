//! The compiler as a library: one function per phase, a project on disk.
