//! One struct per code, with typed fields and `report`; the words of every message stand here and nowhere else.

pub mod functions;
pub mod keys;
pub mod names;
pub mod time;
pub mod types;
pub mod warnings;

use featc_syntax::diag::Diagnostic;

/// Sets the help to "did you mean", where there is a nearest name.
fn did_you_mean(
    diagnostic: Diagnostic,
    at: featc_syntax::diag::Span,
    nearest: Option<&str>,
    otherwise: &str,
) -> Diagnostic {
    match nearest {
        Some(name) => diagnostic.with_edit(format!("did you mean `{name}`?"), at, name),
        None => diagnostic.with_help(otherwise),
    }
}

/// `a`, `b` and `c`
fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
