//! Builds programs as `featc build` does, without the engines, once with each lowering: one line each, with the name of the
//! lowering, then `built` or the first thing that is refused.

use featc_driver::{BuildError, Plans, build, compile, diag::SourceMap};
use featc_ir::Program;
use std::path::PathBuf;
use std::process::ExitCode;

// Written by `run.py`: `LOWERINGS`, names and functions.
include!("lowerings.rs");

type Lower = fn(&Program) -> Plans;

fn main() -> ExitCode {
    let out = std::env::temp_dir().join(format!("featc-build-{}", std::process::id()));
    for path in std::env::args().skip(1).map(PathBuf::from) {
        let name = path.display().to_string();
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("{name}: cannot be read");
            return ExitCode::from(2);
        };
        let mut sources = SourceMap::new();
        let file = sources.add(name.as_str(), text);
        let Some(program) = compile(&sources, &[file]).value else {
            println!("{name}: does not compile");
            return ExitCode::from(2);
        };
        for (lowering, lower) in LOWERINGS {
            match build(&program, &lower(&program), &out) {
                Ok(_) => println!("{lowering} built {name}"),
                Err(BuildError::Refused(refusal)) => {
                    println!("{lowering} E0601 {name}: {}", refusal.to_string().replace('\n', " | "));
                }
                Err(error) => {
                    println!("{lowering} {name}: {error:?}");
                    return ExitCode::from(2);
                }
            }
        }
    }
    let _ = std::fs::remove_dir_all(&out);
    ExitCode::SUCCESS
}
