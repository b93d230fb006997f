//! Comparing plans with their program: before a build is written or run, and again in a folder without its source.

use crate::Plans;
use featc_ir::manifest::{CERTIFICATE, FILE, Manifest, NEXT, content_hash};
use featc_ir::plan::{BatchPlan, StreamGraph};
use featc_ir::wire::Wire;
use featc_ir::{Program, wf};
use featc_validate::{Certificate, Refusal};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// Why a folder is not certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertifyError {
    /// It is no build of this release, or not whole.
    Unusable { why: String },
    /// A plan that does not mean what the program says.
    Refused(Box<Refusal>),
}

/// Compares the plans with the program.
///
/// # Errors
/// The first plan that means something else.
pub fn certify(program: &Program, plans: &Plans) -> Result<Certificate, Box<Refusal>> {
    featc_validate::validate(program, &plans.batch, &plans.stream)
}

/// Compares the plans of a build in its folder with the program that lies beside them; no source is needed.
///
/// # Errors
/// [`CertifyError`].
pub fn certify_folder(folder: &Path) -> Result<Certificate, CertifyError> {
    let (program, plans, written) = read(folder).map_err(|why| CertifyError::Unusable { why })?;
    let certificate = certify(&program, &plans).map_err(CertifyError::Refused)?;
    match certificate.to_json() == written {
        true => Ok(certificate),
        false => Err(CertifyError::Unusable {
            why: format!("`{CERTIFICATE}` is not what is found here"),
        }),
    }
}

/// Program, plans and certificate of a build.
fn read(folder: &Path) -> Result<(Program, Plans, String), String> {
    let bytes = |name: &str| {
        let next = std::fs::read(folder.join(NEXT).join(name));
        let found = match next {
            Err(error) if error.kind() == ErrorKind::NotFound => std::fs::read(folder.join(name)),
            next => next,
        };
        found.map_err(|error| format!("`{name}`: {error}"))
    };
    let manifest: Manifest = serde_json::from_slice(&bytes(FILE)?).map_err(|error| format!("`{FILE}`: {error}"))?;
    let release = env!("CARGO_PKG_VERSION");
    if (manifest.version, manifest.featc.as_str()) != (Manifest::VERSION, release) {
        return Err(format!(
            "it was built by featc {}; this is featc {release}: build the program again",
            manifest.featc
        ));
    }
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for (name, expected) in &manifest.files {
        let content = bytes(name)?;
        if content_hash(&content) != *expected {
            return Err(format!("`{name}` does not match the manifest"));
        }
        files.insert(
            name,
            String::from_utf8(content).map_err(|error| format!("`{name}`: {error}"))?,
        );
    }
    let text = |name: &str| files.get(name).ok_or_else(|| format!("`{name}` is missing"));
    let program = Program::from_json(text("program.json")?).map_err(|why| format!("`program.json`: {why}"))?;
    wf::check(&program).map_err(|bug| format!("`program.json`: {}", bug.0))?;
    let (mut batch, mut stream) = (Vec::new(), Vec::new());
    for service in &program.services {
        let name = format!("batch/{}.json", service.name);
        let plan = BatchPlan::from_json(text(&name)?).and_then(|plan| plan.check().map(|()| plan));
        batch.push(plan.map_err(|why| format!("`{name}`: {why}"))?);
        let name = format!("stream/{}.json", service.name);
        let graph = StreamGraph::from_json(text(&name)?).and_then(|graph| graph.check().map(|()| graph));
        stream.push(graph.map_err(|why| format!("`{name}`: {why}"))?);
    }
    Ok((program, Plans { batch, stream }, text(CERTIFICATE)?.clone()))
}
