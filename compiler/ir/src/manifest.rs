//! The manifest of a build: what it holds and what each feature means.

use crate::{Program, hash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of the manifest in the folder of a build.
pub const FILE: &str = "manifest.json";

/// The typed program of the build.
pub const PROGRAM: &str = "program.json";

/// What the plans of the build mean, and that it is what the program means.
pub const CERTIFICATE: &str = "certificate.json";

/// Where things are declared: the one file of a build that the manifest does not list, since it follows the layout of
/// the text, and nothing that is loaded depends on it.
pub const ORIGINS: &str = "origins.json";

/// A folder in that of the build. While it is there, the build is what it holds, and for the rest what lies beside it.
pub const NEXT: &str = ".featc-next";

/// The content hash of a file of a build: XXH3-128 in 32 hexadecimal digits.
pub fn content_hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes))
}

/// `manifest.json`: put in place last, so a build without it (or that contradicts it) is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `featc.manifest`.
    pub kind: String,
    /// 3.
    pub version: u32,
    /// The release of the compiler.
    pub featc: String,
    /// Version of what all features share in the kernels: every fingerprint includes it.
    pub kernels: String,
    pub module: String,
    pub program: String,
    /// In declared order.
    pub features: Vec<FeatureEntry>,
    /// Service → output columns, in order.
    pub services: BTreeMap<String, Vec<String>>,
    /// File → [`content_hash`] of its bytes.
    pub files: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureEntry {
    /// `view.feature`.
    pub name: String,
    #[serde(rename = "type")]
    pub ty: String,
    /// Changes exactly when a value or a status may change.
    pub fingerprint: String,
    pub entity: Vec<String>,
    pub owner: Option<String>,
    pub doc: Option<String>,
    pub tags: Vec<String>,
}

impl Manifest {
    /// The kind of every manifest.
    pub const KIND: &'static str = "featc.manifest";
    /// Version of its form.
    pub const VERSION: u32 = 3;

    /// The manifest as it stands in files: indented JSON, a line feed at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data always serialises");
        text.push('\n');
        text
    }

    /// The manifest of a program, with the hashes of the files that were written for it.
    pub fn new(program: &Program, files: BTreeMap<String, String>) -> Manifest {
        let mut features = Vec::new();
        for view in &program.views {
            let entity: Vec<String> = program
                .entity(view.entity)
                .keys
                .iter()
                .map(|key| key.name.clone())
                .collect();
            for (feature, fingerprint) in view.features.iter().zip(hash::view_fingerprints(program, view)) {
                features.push(FeatureEntry {
                    name: format!("{}.{}", view.name, feature.name),
                    ty: feature.ty.to_string(),
                    fingerprint,
                    entity: entity.clone(),
                    owner: view.owner.clone(),
                    doc: feature.doc.clone(),
                    tags: view.tags.clone(),
                });
            }
        }
        let services = program.services.iter().map(|service| {
            (
                service.name.clone(),
                service.columns(program).map(|(name, _)| name.to_owned()).collect(),
            )
        });
        Manifest {
            kind: Manifest::KIND.to_owned(),
            version: Manifest::VERSION,
            featc: env!("CARGO_PKG_VERSION").to_owned(),
            kernels: hash::KERNELS_VERSION.to_owned(),
            module: program.module.clone(),
            program: hash::program_hash(program),
            features,
            services: services.collect(),
            files,
        }
    }
}
