//! Comparing plans with their program: before a build is written or run, and again in a folder without its source.

use crate::{Plans, listed, plain};
use featc_ir::build::Build;
use featc_ir::manifest::{CERTIFICATE, FILE, Manifest, PROGRAM, content_hash};
use featc_ir::wire::Wire;
use featc_ir::{Program, wf};
use featc_validate::{Certificate, Refusal};
use std::collections::BTreeSet;
use std::path::Path;

/// Why a folder is not certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertifyError {
    /// It is no build of this release, or not whole.
    Unusable {
        /// In words.
        why: String,
    },
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
    certified(folder).map(|(.., certificate)| certificate)
}

/// What lies in a folder, read once, with the certificate that is found of it.
fn certified(folder: &Path) -> Result<(Program, Plans, Certificate), CertifyError> {
    let unusable = |why| CertifyError::Unusable { why };
    let (program, plans, manifest, written) = read(folder).map_err(unusable)?;
    let certificate = certify(&program, &plans).map_err(CertifyError::Refused)?;
    if certificate.to_json().as_bytes() != written {
        return Err(unusable(format!("`{CERTIFICATE}` is not what is found here")));
    }
    check_files(&program, &plans, &certificate, &manifest).map_err(unusable)?;
    Ok((program, plans, certificate))
}

/// Whether a manifest lists the files of a build, each with the bytes that are written for the program and these plans.
fn check_files(program: &Program, plans: &Plans, certificate: &Certificate, manifest: &Manifest) -> Result<(), String> {
    let mut others: BTreeSet<&String> = manifest.files.keys().collect();
    for (name, text) in listed::files(program, plans, certificate) {
        others.remove(&name);
        match manifest.files.get(&name) {
            None => return Err(format!("`{FILE}` does not name `{name}`")),
            Some(hash) if *hash != content_hash(text.as_bytes()) => {
                return Err(format!("`{name}` is not what is written for the program"));
            }
            Some(_) => {}
        }
    }
    if let Some(name) = others.first() {
        return Err(format!("`{FILE}` names `{name}`, which is no file of a build"));
    }
    Ok(())
}

/// The program of a build, once its plans are certified as by [`certify_folder`], and are those that [`crate::lower`] makes of it.
///
/// # Errors
/// [`CertifyError`].
pub fn program_of_folder(folder: &Path) -> Result<Program, CertifyError> {
    let (program, plans, _) = certified(folder)?;
    // Who runs the program runs the plans that are lowered from it: they have to be those that were built.
    match crate::lower(&program) == plans {
        true => Ok(program),
        false => Err(CertifyError::Unusable {
            why: "its plans mean what the program says, and are not those of this compiler".to_owned(),
        }),
    }
}

/// Program, plans, manifest and certificate of a build.
fn read(folder: &Path) -> Result<(Program, Plans, Manifest, Vec<u8>), String> {
    let mut build = Build::read(&|name| plain::read(&folder.join(name)))?;
    let mut bytes = |name: &str| build.others.remove(name).ok_or_else(|| format!("`{name}` is missing"));
    let (program, certificate) = (bytes(PROGRAM)?, bytes(CERTIFICATE)?);
    let program = String::from_utf8(program).map_err(|error| error.to_string());
    let program = program.and_then(|text| Program::from_json(&text));
    let program = program.map_err(|why| format!("`{PROGRAM}`: {why}"))?;
    wf::check(&program).map_err(|bug| format!("`{PROGRAM}`: {}", bug.0))?;
    if build.manifest != Manifest::new(&program, build.manifest.files.clone()) {
        return Err(format!("`{FILE}` is not that of `{PROGRAM}`"));
    }
    // The manifest has the services of the program, and the build both plans of each.
    let services = program.services.iter().map(|service| &service.name);
    let batch = services.clone().filter_map(|name| build.batch.remove(name));
    let stream = services.filter_map(|name| build.stream.remove(name));
    let plans = Plans {
        batch: batch.collect(),
        stream: stream.collect(),
    };
    Ok((program, plans, build.manifest, certificate))
}

#[cfg(test)]
mod tests;
