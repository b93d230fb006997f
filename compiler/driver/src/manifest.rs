//! The manifest of a build: what it holds and what each feature means.

use featc_ir::{Program, hash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `manifest.json`: written last, so a build without it (or that contradicts it) is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `featc.manifest`.
    pub kind: String,
    /// 1.
    pub version: u32,
    /// The release of the compiler.
    pub featc: String,
    /// Version of the kernels that every fingerprint includes.
    pub kernels: String,
    pub module: String,
    pub program: String,
    /// In declared order.
    pub features: Vec<FeatureEntry>,
    /// Service → output columns, in order.
    pub services: BTreeMap<String, Vec<String>>,
    /// File → XXH3-128 of its bytes, in hexadecimal.
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
                service.fields.iter().map(|field| field.name.clone()).collect(),
            )
        });
        Manifest {
            kind: "featc.manifest".to_owned(),
            version: 1,
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
