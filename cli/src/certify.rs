//! `featc certify`: compares the plans of a build with its program again, without its source.

use crate::args::CertifyArgs;
use crate::errors;
use crate::report::{Refused, Reporter, counted};

pub fn run(args: &CertifyArgs, reporter: &Reporter) -> Result<(), Refused> {
    let folder = args.folder.display().to_string();
    let certificate = featc_driver::certify_folder(&args.folder)
        .or_else(|error| reporter.refuse(errors::certify(&folder, &error)))?;
    let features: usize = certificate
        .services
        .values()
        .map(|service| service.features.len())
        .sum();
    let services = certificate.services.len();
    let text = format!(
        "{folder} (program {}): {} of {} {} in both plans what the program says",
        certificate.program,
        counted(features, "feature"),
        counted(services, "service"),
        if features == 1 { "means" } else { "mean" },
    );
    let value = serde_json::json!({
        "folder": folder,
        "program": certificate.program,
        "services": services,
        "features": features,
    });
    reporter.result(&text, &value);
    Ok(())
}
