//! featc from Python: the extension module `featc._featc`, on which the package `featc` is built.
//!
//! Everything here takes and gives plain data: words of a command line, Arrow through the PyCapsule interface, JSON. What is
//! said, refused and computed is the command line's (the crate `featc`); how it looks in Python is said in Python.
//!
//! - Work runs on a thread of its own without the interpreter's lock; meanwhile signals are looked at and progress is told.
//! - A panic of such work becomes the exception `featc.Bug`.

mod about;
mod columns;
mod errors;
mod numbers;
mod online;
mod outcome;
mod parts;
mod program;
mod server;
mod spool;
mod table;
mod values;
mod work;

use pyo3::prelude::*;

/// The engine of the package `featc`.
#[pymodule]
fn _featc(module: &Bound<'_, PyModule>) -> PyResult<()> {
    work::keep_silent_about_what_is_caught();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<table::Table>()?;
    module.add_class::<columns::Columns>()?;
    module.add_class::<spool::Spool>()?;
    module.add_class::<spool::Spooled>()?;
    module.add_class::<program::Program>()?;
    module.add_class::<online::Online>()?;
    module.add_class::<outcome::Outcome>()?;
    module.add_class::<server::Server>()?;
    module.add_function(wrap_pyfunction!(program::run, module)?)?;
    module.add_function(wrap_pyfunction!(program::parse_instant, module)?)?;
    module.add_function(wrap_pyfunction!(work::command_line, module)?)?;
    module.add_function(wrap_pyfunction!(work::_panic, module)?)?;
    Ok(())
}
