//! Builds programs as `featc build` does, without the engines: one line each, `built` or the first thing that is refused.

use featc_driver::{BuildError, build, compile, diag::SourceMap, lower};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let out = std::env::temp_dir().join(format!("featc-build-{}", std::process::id()));
    let mut refused = false;
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
        match build(&program, &lower(&program), &out) {
            Ok(_) => println!("built {name}"),
            Err(BuildError::Refused(refusal)) => {
                refused = true;
                println!("E0601 {name}: {}", refusal.to_string().replace('\n', " | "));
            }
            Err(error) => {
                println!("{name}: {error:?}");
                return ExitCode::from(2);
            }
        }
    }
    let _ = std::fs::remove_dir_all(&out);
    ExitCode::from(u8::from(refused))
}
