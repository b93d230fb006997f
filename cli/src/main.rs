//! `featc`: the command line.
//!
//! Exit codes: 0 done; 1 refused (every cause is a diagnostic with a code) or, for `fmt --check`, not formatted;
//! 2 wrong usage of the command line, which is a diagnostic too.

fn main() -> std::process::ExitCode {
    featc::main()
}
