//! `featc lock`.

use crate::args::LockArgs;
use crate::check;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use featc_driver::Lock;
use featc_ir::Program;
use featr::Aside;
use std::io::Write as _;
use std::path::Path;

pub fn run(args: &LockArgs, reporter: &Reporter) -> Result<(), Refused> {
    let mut refused = None;
    for path in &args.programs {
        let written = check::compile(path, reporter).and_then(|(_, program)| write(path, &program, reporter));
        refused = written.err().or(refused);
    }
    refused.map_or(Ok(()), Err)
}

fn write(program: &Path, of: &Program, reporter: &Reporter) -> Result<(), Refused> {
    let (path, lock) = (Lock::path(program), Lock::of(of));
    let name = path.display().to_string();
    let put = || {
        let aside = Aside::create(&path)?;
        aside.file().write_all(lock.text().as_bytes())?;
        aside.put()
    };
    put().or_else(|error| reporter.refuse(errors::unwritable(&name, &featr::plain(&error))))?;
    let text = format!("{name}: {}", counted(lock.features.len(), "feature"));
    reporter.result(
        &text,
        &serde_json::json!({ "lock": name, "features": lock.features.len() }),
    );
    Ok(())
}
