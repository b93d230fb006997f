//! A build, read: its manifest, its plans and what else the manifest lists. The one reader of builds; whoever uses it
//! brings the files.
//!
//! # Contract
//! - **Whole**: while another build is put in place, the old one or the new one is read, never a mixture (tested).
//! - **Checked**: nothing is read that [`Build::check`] refuses, and what it accepts runs without a panic (tested: random
//!   edits of builds).

use crate::manifest::{FILE, Manifest, NEXT, content_hash};
use crate::plan::{BatchPlan, StreamGraph};
use crate::wire::{Wire, only_known};
use crate::{Source, hash};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Component, Path};

/// How often a build that another one takes the place of is read again.
const TRIES: usize = 50;

/// What was read of a build.
#[derive(Debug, Clone)]
pub struct Build {
    pub manifest: Manifest,
    /// By service, as the files are named.
    pub batch: BTreeMap<String, BatchPlan>,
    /// By service, as the files are named.
    pub stream: BTreeMap<String, StreamGraph>,
    /// The other files that the manifest lists, by name.
    pub others: BTreeMap<String, Vec<u8>>,
}

/// The release and form of a manifest, before anything else of it is looked at.
#[derive(Deserialize)]
struct Head {
    kind: String,
    version: u32,
    featc: String,
}

/// Reads a manifest of this release.
///
/// # Errors
/// What is no manifest, has members that none has, is of another release or other kernels, or names what is no file of a
/// build.
pub fn manifest(bytes: &[u8]) -> Result<Manifest, String> {
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
    only_known(bytes, &manifest).map_err(|why| format!("`{FILE}`: {why}"))?;
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

impl Build {
    /// Reads a build; `read` reads a file of its folder by its name, which may have folders in it.
    ///
    /// # Errors
    /// A missing file, one whose content is not what the manifest says, another release, and what [`Build::check`] says.
    pub fn read(read: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Result<Build, String> {
        let read = |name: &str| {
            let found = match read(&format!("{NEXT}/{name}")) {
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => read(name),
                next => next,
            };
            found.map_err(|error| format!("`{name}`: {error}"))
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let bytes = read(FILE)?;
            match Build::listed(&bytes, &read) {
                // Another build was put in place meanwhile.
                Err(_) if tries < TRIES && read(FILE).is_ok_and(|now| now != bytes) => {}
                build => return build,
            }
        }
    }

    /// Reads what a manifest lists.
    fn listed(bytes: &[u8], read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Build, String> {
        let manifest = manifest(bytes)?;
        let names: Vec<(String, String)> = manifest.files.clone().into_iter().collect();
        let mut build = Build {
            manifest,
            batch: BTreeMap::new(),
            stream: BTreeMap::new(),
            others: BTreeMap::new(),
        };
        for (name, expected) in names {
            let content = read(&name)?;
            if content_hash(&content) != expected {
                return Err(format!("`{name}` does not match the manifest"));
            }
            build.add(&name, content)?;
        }
        build.check()?;
        Ok(build)
    }

    /// Adds a file that the manifest lists, or puts it in place of another of the same name.
    ///
    /// # Errors
    /// What is no plan by a plan's name.
    pub fn add(&mut self, name: &str, content: Vec<u8>) -> Result<(), String> {
        let service_in = |folder: &str| name.strip_prefix(folder)?.strip_suffix(".json").map(str::to_owned);
        let wrong = |why: String| format!("`{name}`: {why}");
        let text = || std::str::from_utf8(&content).map_err(|error| wrong(error.to_string()));
        if let Some(service) = service_in("batch/") {
            let plan = BatchPlan::from_json(text()?).map_err(wrong)?;
            self.batch.insert(service, plan);
        } else if let Some(service) = service_in("stream/") {
            let graph = StreamGraph::from_json(text()?).map_err(wrong)?;
            self.stream.insert(service, graph);
        } else {
            self.others.insert(name.to_owned(), content);
        }
        Ok(())
    }

    /// Whether the plans are those of one program and of the manifest's services, two of each, and well-formed.
    ///
    /// # Errors
    /// The first of them that is not, in words.
    pub fn check(&self) -> Result<(), String> {
        let mut named = self.batch.keys().chain(self.stream.keys());
        if let Some(name) = named.find(|name| !self.manifest.services.contains_key(*name)) {
            return Err(format!("`{FILE}` has no service `{name}`"));
        }
        let mut sources = Vec::new();
        for (name, columns) in &self.manifest.services {
            let known = self.check_service(name, columns)?;
            let clash = |source: &Source| {
                let mut others = sources.iter();
                others.any(|other: &Source| other.name == source.name && other != source)
            };
            if known.iter().any(clash) {
                return Err(format!("`batch/{name}.json`: a source is not that of another service"));
            }
            sources.extend(known);
        }
        Ok(())
    }

    /// Checks the plans of a service, whose columns the manifest lists. Gives its sources.
    fn check_service(&self, name: &str, columns: &[String]) -> Result<Vec<Source>, String> {
        let of_program = |file: &str, program: &str| match program == self.manifest.program {
            true => Ok(()),
            false => Err(format!(
                "`{file}` is of program {program}, not {}",
                self.manifest.program
            )),
        };
        let (of_plan, of_graph) = (format!("batch/{name}.json"), format!("stream/{name}.json"));
        let missing = |file: &str| format!("`{file}` is missing");
        let plan = self.batch.get(name).ok_or_else(|| missing(&of_plan))?;
        let graph = self.stream.get(name).ok_or_else(|| missing(&of_graph))?;
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
        if plan.spine != graph.spine || plan.columns() != graph.columns() {
            return differs(&format!("its questions or columns are not those of `{of_graph}`"));
        }
        let own = plan.columns().into_iter().map(|(column, _)| column);
        if !own.eq(columns.iter().map(String::as_str)) {
            return differs("its columns are not those of the manifest");
        }
        Ok(known)
    }
}
