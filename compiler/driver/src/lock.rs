//! What the features of a program meant when somebody last agreed to it: their fingerprints, the columns of its services and
//! what these make of requests, in a file beside the program that is read in reviews.

use featc_ir::manifest::Manifest;
use featc_ir::{Program, Service, hash};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The content of the file: JSON, a feature a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Always `"featc lock"`.
    pub kind: String,
    /// The name of the program's module.
    pub module: String,
    /// Fingerprints by `view.feature`.
    pub features: BTreeMap<String, String>,
    /// Columns by service, in order.
    pub services: BTreeMap<String, Vec<String>>,
    /// Those of them that have a gate, by service; services without any are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gated: BTreeMap<String, Vec<String>>,
    /// Fingerprints by `service.column`, of features of services, and of features of views in roles or under other names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own: BTreeMap<String, String>,
}

/// What the value of `kind` is.
const KIND: &str = "featc lock";

/// In words of people, not of the type that it is read into.
fn unlike(error: &serde_json::Error) -> String {
    let line = error.line();
    match error.classify() {
        Category::Data => format!("line {line} is not as `featc lock` writes it"),
        Category::Eof => "it ends too early".to_owned(),
        Category::Syntax | Category::Io => format!("line {line} is no JSON"),
    }
}

/// The columns of a service that have a gate, if any has.
fn gated(service: &Service) -> Option<(String, Vec<String>)> {
    let fields = service.fields.iter().filter(|field| field.gate);
    let names: Vec<String> = fields.map(|field| field.name.clone()).collect();
    (!names.is_empty()).then(|| (service.name.clone(), names))
}

/// The fingerprints of columns whose names do not say which feature of which view they are, by `service.column`.
fn own(program: &Program, service: &Service) -> Vec<(String, String)> {
    let is_own = |place: usize| {
        service.fields.get(place).is_none_or(|field| {
            let view = program.view(field.view);
            field.role.is_some() || field.name != format!("{}__{}", view.name, view.feature(field.feature).name)
        })
    };
    let all = hash::service_fingerprints(program, service).into_iter().enumerate();
    all.filter(|(place, _)| is_own(*place))
        .map(|(_, (name, fingerprint))| (format!("{}.{name}", service.name), fingerprint))
        .collect()
}

impl Lock {
    /// Of a program as it is.
    pub fn of(program: &Program) -> Lock {
        let manifest = Manifest::new(program, BTreeMap::new());
        let features = manifest.features.into_iter();
        Lock {
            kind: KIND.to_owned(),
            module: program.module.clone(),
            features: features.map(|feature| (feature.name, feature.fingerprint)).collect(),
            services: manifest.services,
            gated: program.services.iter().filter_map(gated).collect(),
            own: program
                .services
                .iter()
                .flat_map(|service| own(program, service))
                .collect(),
        }
    }

    /// Where it stands: `shop.feat.lock` beside `shop.feat`, `featc.lock` in a folder.
    pub fn path(program: &Path) -> PathBuf {
        if program.is_dir() {
            return program.join("featc.lock");
        }
        let mut name = program.as_os_str().to_owned();
        name.push(".lock");
        name.into()
    }

    /// Whether a file is called as lock files are.
    pub fn is_path(file: &Path) -> bool {
        let name = file.file_name().map_or(&[][..], |name| name.as_encoded_bytes());
        name == b"featc.lock" || name.ends_with(b".feat.lock")
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(text: &str) -> Result<Lock, String> {
        let lock: Lock = serde_json::from_str(text).map_err(|error| unlike(&error))?;
        if lock.kind != KIND {
            return Err(format!("its kind is `{}`, not `{KIND}`", lock.kind));
        }
        // Of a name that is there twice, one line would count and the other be read by people.
        let letters = |text: &str| text.split_ascii_whitespace().collect::<String>();
        match letters(text) == letters(&lock.text()) {
            true => Ok(lock),
            false => Err("it is not as it was written: a merge may have left a name twice".to_owned()),
        }
    }

    /// The text of the file, with a line break at its end.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings alone") + "\n"
    }

    /// What differs in a newer one, a sentence each: features of views in the order of their names, then those of
    /// services, then services.
    pub fn differences(&self, new: &Lock) -> Vec<String> {
        let mut found = Vec::new();
        let mut say = |of: &str, name: &str, why: &str| found.push(format!("{of} `{name}` {why}"));
        for (then, now) in [(&self.features, &new.features), (&self.own, &new.own)] {
            for (name, fingerprint) in now {
                match then.get(name) {
                    None => say("feature", name, "is new"),
                    Some(was) if was != fingerprint => say("feature", name, "means something else"),
                    Some(_) => {}
                }
            }
            for name in then.keys().filter(|name| !now.contains_key(*name)) {
                say("feature", name, "is gone");
            }
        }
        for (name, columns) in &new.services {
            match self.services.get(name) {
                None => say("service", name, "is new"),
                Some(was) if was != columns => say("service", name, "has other columns, or another order of them"),
                Some(_) if self.gated.get(name) != new.gated.get(name) => say("service", name, "has other gates"),
                Some(_) => {}
            }
        }
        for name in self.services.keys().filter(|name| !new.services.contains_key(*name)) {
            say("service", name, "is gone");
        }
        if self.module != new.module {
            say("module", &self.module, &format!("is `{}` now", new.module));
        }
        found
    }
}
