//! Reading a build from its folder, and the one check of what was read.
//!
//! # Contract
//! - **Whole**: while another build is put in place, the old one or the new one is loaded, never a mixture (tested).
//! - **Checked**: nothing is loaded that [`Parts::into_program`] refuses, and what it accepts runs without a panic
//!   (tested: random edits of builds).

use crate::error::Error;
use crate::program::Program;
use featc_ir::hash;
use featc_ir::manifest::{FILE, Manifest, NEXT, content_hash};
use featc_ir::plan::{BatchNode, BatchPlan, StreamGraph};
use featc_ir::wire::Wire;
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
    pub(crate) stream: StreamGraph,
}

/// A file of a build.
pub(crate) enum Part {
    Batch(String, BatchPlan),
    Stream(StreamGraph),
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
    let service = name.strip_prefix("batch/").and_then(|name| name.strip_suffix(".json"));
    if name != "stream.json" && service.is_none() {
        return Ok(Part::Other);
    }
    let wrong = |why: String| format!("`{name}`: {why}");
    let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
    match service {
        Some(service) => Ok(Part::Batch(
            service.to_owned(),
            BatchPlan::from_json(text).map_err(wrong)?,
        )),
        None => Ok(Part::Stream(StreamGraph::from_json(text).map_err(wrong)?)),
    }
}

impl Parts {
    /// Reads what a manifest lists.
    fn read(bytes: &[u8], read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Parts, String> {
        let manifest = manifest(bytes)?;
        let mut batch = BTreeMap::new();
        let mut stream = None;
        for (name, expected) in &manifest.files {
            let content = read(name)?;
            if content_hash(&content) != *expected {
                return Err(format!("`{name}` does not match the manifest"));
            }
            match part(name, &content)? {
                Part::Batch(service, plan) => {
                    batch.insert(service, plan);
                }
                Part::Stream(graph) => stream = Some(graph),
                Part::Other => {}
            }
        }
        let stream = stream.ok_or_else(|| "`stream.json` is missing".to_owned())?;
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
        of_program("stream.json", &stream.program)?;
        stream.check().map_err(|why| format!("`stream.json`: {why}"))?;
        let named = |name: &str| stream.services.iter().any(|service| service.name == name);
        if let Some(name) = batch.keys().chain(manifest.services.keys()).find(|name| !named(name)) {
            return Err(format!("`stream.json` has no service `{name}`"));
        }
        for service in &stream.services {
            let name = &service.name;
            let file = format!("batch/{name}.json");
            let plan = batch.get(name).ok_or_else(|| format!("`{file}` is missing"))?;
            of_program(&file, &plan.program)?;
            let differs = |what: &str| format!("`{file}`: {what}");
            plan.check().map_err(|why| differs(&why))?;
            if plan.service != *name {
                return Err(differs("it is the plan of another service"));
            }
            if plan
                .sources()
                .into_iter()
                .any(|read| !stream.sources().any(|known| known == read))
            {
                return Err(differs("a source is not that of `stream.json`"));
            }
            let BatchNode::Zip { spine, .. } = &plan.root else {
                return Err(differs("it does not end in one row per question"));
            };
            let asked = BatchNode::Spine {
                keys: service.keys.clone(),
                self_columns: service.self_columns.clone(),
            };
            if **spine != asked || plan.columns() != stream.columns(service) {
                return Err(differs("its questions or columns are not those of `stream.json`"));
            }
            let columns = plan.columns().into_iter().map(|(column, _)| column);
            let listed = manifest.services.get(name);
            if !listed.is_some_and(|listed| columns.eq(listed.iter().map(String::as_str))) {
                return Err(differs("its columns are not those of the manifest"));
            }
        }
        Ok(Program::new(batch.into_values().collect(), stream, base))
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
