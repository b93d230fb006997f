//! `featc export feast`: a repository of Feast whose online store is a server of this program.

use super::catalogue::Catalogue;
use super::texts;
use crate::args::FeastArgs;
use crate::check::compile;
use crate::errors;
use crate::outputs::{folder_aside, put_folder, write_synced};
use crate::report::{Refused, Reporter, counted};
use std::io;
use std::path::Path;

pub fn run(args: &FeastArgs, reporter: &Reporter) -> Result<(), Refused> {
    let (_, program) = compile(&args.program, reporter)?;
    let catalogue = Catalogue::of(&program);
    if catalogue.services.is_empty() {
        return reporter.refuse(errors::nothing_for_feast(&program.module, &catalogue.left_out));
    }
    let out = args.out.display().to_string();
    match std::fs::read_dir(&args.out).map(|mut entries| entries.next().is_some()) {
        Ok(true) => return reporter.refuse(errors::not_empty(&out)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return reporter.refuse(errors::unwritable(&out, &featr::plain(&error)));
        }
        Ok(false) | Err(_) => {}
    }
    let files = [
        ("feature_store.yaml", texts::store(&catalogue, &args.url)),
        ("features.py", texts::features(&catalogue)),
        ("README.md", texts::readme(&catalogue, &args.url)),
    ];
    let written = write(&args.out, &files);
    written.or_else(|error| reporter.refuse(errors::unwritable(&out, &featr::plain(&error))))?;
    let (views, services) = (catalogue.views.len(), catalogue.services.len());
    let mut text = format!(
        "{out}: {}, {}",
        counted(views, "feature view"),
        counted(services, "feature service")
    );
    for left in &catalogue.left_out {
        text += &format!("\nleft out: {left}");
    }
    let value = serde_json::json!({
        "folder": out,
        "feature_views": views,
        "feature_services": services,
        "left_out": catalogue.left_out,
    });
    reporter.result(&text, &value);
    Ok(())
}

/// All of the files, or none.
fn write(out: &Path, files: &[(&str, String)]) -> io::Result<()> {
    let aside = folder_aside(out, ".featc-export-")?;
    for (name, text) in files {
        write_synced(&aside.path().join(name), text.as_bytes())?;
    }
    put_folder(&aside, out)
}
