//! Exceptions.

use pyo3::prelude::*;

/// The exception that a function of `featc._errors` makes.
pub fn exception<'py>(py: Python<'py>, name: &str, arguments: impl pyo3::call::PyCallArgs<'py>) -> PyErr {
    let made = py
        .import("featc._errors")
        .and_then(|errors| errors.getattr(name)?.call1(arguments));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}
