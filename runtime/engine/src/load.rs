//! Reading a build from its folder, and the one check of what was read.
//!
//! # Contract
//! - **Whole**: while another build is put in place, the old one or the new one is loaded, never a mixture (tested).
//! - **Checked**: nothing is loaded that [`Parts::into_program`] refuses, and what it accepts runs without a panic
//!   (tested: random edits of builds).

use crate::error::Error;
use crate::program::Program;
use featc_ir::manifest::{FILE, Manifest, NEXT, content_hash};
use featc_ir::plan::{BatchPlan, StreamGraph};
use featc_ir::wire::Wire;
use featc_ir::{Source, hash};
use featr_decode::read_file;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// How often a build that another one takes the place of is read again.
const TRIES: usize = 50;

/// The files of a build that engines need, read.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) manifest: Manifest,
    /// By service, as the files are named.
    pub(crate) batch: BTreeMap<String, BatchPlan>,
    /// By service, as the files are named.
    pub(crate) stream: BTreeMap<String, StreamGraph>,
}

/// A file of a build.
pub(crate) enum Part {
    Batch(String, BatchPlan),
    Stream(String, StreamGraph),
    /// One that engines do not need.
    Other,
}

/// The release and form of a manifest, before anything else of it is looked at.
#[derive(Deserialize)]
struct Head {
    kind: String,
    version: u32,
    featc: String,
}

/// Reads a manifest of this release.
pub(crate) fn manifest(bytes: &[u8]) -> Result<Manifest, String> {
    let wrong = |error: serde_json::Error| format!("`{FILE}`: {error}");
    let head: Head = serde_json::from_slice(bytes).map_err(wrong)?;
    let (release, kind) = (env!("CARGO_PKG_VERSION"), Manifest::KIND);
    if head.kind != kind || head.version != Manifest::VERSION || head.featc != release {
        return Err(format!(
            "`{FILE}` is a `{}` of version {} by featc {}; this is featc {release}, which reads `{kind}` of version {}: \
             build the program again with it",
            head.kind,
            head.version,
            head.featc,
            Manifest::VERSION
        ));
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(wrong)?;
    if manifest.kernels != hash::KERNELS_VERSION {
        return Err(format!(
            "it was built for {}; this is {}: build the program again",
            manifest.kernels,
            hash::KERNELS_VERSION
        ));
    }
    for name in manifest.files.keys() {
        let mut parts = Path::new(name).components();
        if name.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
            return Err(format!("`{FILE}` names `{name}`, which is no file of a build"));
        }
    }
    Ok(manifest)
}

/// Reads a file of a build.
pub(crate) fn part(name: &str, bytes: &[u8]) -> Result<Part, String> {
    let of = |folder: &str| name.strip_prefix(folder).and_then(|name| name.strip_suffix(".json"));
    let (batch, stream) = (of("batch/"), of("stream/"));
    if batch.is_none() && stream.is_none() {
        return Ok(Part::Other);
    }
    let wrong = |why: String| format!("`{name}`: {why}");
    let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
    Ok(match (batch, stream) {
        (Some(service), _) => Part::Batch(service.to_owned(), BatchPlan::from_json(text).map_err(wrong)?),
        (None, Some(service)) => Part::Stream(service.to_owned(), StreamGraph::from_json(text).map_err(wrong)?),
        (None, None) => Part::Other,
    })
}

impl Parts {
    /// Reads what a manifest lists.
    fn read(bytes: &[u8], read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Parts, String> {
        let manifest = manifest(bytes)?;
        let (mut batch, mut stream) = (BTreeMap::new(), BTreeMap::new());
        for (name, expected) in &manifest.files {
            let content = read(name)?;
            if content_hash(&content) != *expected {
                return Err(format!("`{name}` does not match the manifest"));
            }
            match part(name, &content)? {
                Part::Batch(service, plan) => {
                    batch.insert(service, plan);
                }
                Part::Stream(service, graph) => {
                    stream.insert(service, graph);
                }
                Part::Other => {}
            }
        }
        Ok(Parts {
            manifest,
            batch,
            stream,
        })
    }

    /// The program, if the files are those of one program and every plan is well-formed.
    pub(crate) fn into_program(self, base: PathBuf) -> Result<Program, String> {
        let Parts {
            manifest,
            batch,
            stream,
        } = self;
        let of_program = |file: &str, program: &str| match program == manifest.program {
            true => Ok(()),
            false => Err(format!("`{file}` is of program {program}, not {}", manifest.program)),
        };
        let (mut graphs, mut sources) = (Vec::new(), Vec::new());
        let named = batch.keys().chain(stream.keys());
        if let Some(name) = named.into_iter().find(|name| !manifest.services.contains_key(*name)) {
            return Err(format!("`{FILE}` has no service `{name}`"));
        }
        for (name, listed) in &manifest.services {
            let (of_plan, of_graph) = (format!("batch/{name}.json"), format!("stream/{name}.json"));
            let plan = batch.get(name).ok_or_else(|| format!("`{of_plan}` is missing"))?;
            let graph = stream.get(name).ok_or_else(|| format!("`{of_graph}` is missing"))?;
            of_program(&of_plan, &plan.program)?;
            of_program(&of_graph, &graph.program)?;
            plan.check().map_err(|why| format!("`{of_plan}`: {why}"))?;
            graph.check().map_err(|why| format!("`{of_graph}`: {why}"))?;
            let differs = |what: &str| Err(format!("`{of_plan}`: {what}"));
            if plan.service != *name || graph.service != *name {
                return differs("it is the plan of another service");
            }
            let known = graph.declared();
            if plan.sources().iter().any(|read| !known.contains(read)) {
                return differs(&format!("a source is not that of `{of_graph}`"));
            }
            let clash = |source: &Source| {
                let mut others = sources.iter();
                others.any(|other: &Source| other.name == source.name && other != source)
            };
            if known.iter().any(clash) {
                return differs("a source is not that of another service");
            }
            sources.extend(known);
            if plan.spine != graph.spine || plan.columns() != graph.columns() {
                return differs(&format!("its questions or columns are not those of `{of_graph}`"));
            }
            let columns = plan.columns().into_iter().map(|(column, _)| column);
            if !columns.eq(listed.iter().map(String::as_str)) {
                return differs("its columns are not those of the manifest");
            }
            graphs.push(graph.clone());
        }
        Ok(Program::new(batch.into_values().collect(), graphs, base))
    }
}

impl Program {
    /// Loads what `featc build` wrote into `folder`; `base` is the folder that paths in the program are relative to.
    ///
    /// # Errors
    /// [`Error::Build`]: a missing file, one whose content is not what the manifest says, another release, files of
    /// several programs, a plan that is not well-formed.
    pub fn load(folder: &Path, base: impl Into<PathBuf>) -> Result<Program, Error> {
        let refuse = |why: String| Error::Build {
            folder: folder.display().to_string(),
            why,
        };
        let read = |name: &str| -> Result<Vec<u8>, String> {
            let next = read_file(&folder.join(NEXT).join(name));
            let found = match next {
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    read_file(&folder.join(name))
                }
                next => next,
            };
            found.map_err(|error| format!("`{name}`: {error}"))
        };
        let base = base.into();
        let mut tries = 0;
        loop {
            tries += 1;
            let bytes = read(FILE).map_err(refuse)?;
            let parts = Parts::read(&bytes, &read).and_then(|parts| parts.into_program(base.clone()));
            match parts {
                // Another build was put in place meanwhile.
                Err(_) if tries < TRIES && read(FILE).is_ok_and(|now| now != bytes) => {}
                parts => return parts.map_err(refuse),
            }
        }
    }
}

#[cfg(test)]
mod tests;
