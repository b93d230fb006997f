//! Test suites of featc.
