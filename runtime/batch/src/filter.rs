//! What questions are about, told to the side of the events: a dynamic filter.
//!
//! The build side of a point-in-time aggregation fills it once it has seen all questions; a scan below the other side
//! then leaves out events of other entities and other times before anything of them is copied, and numbers the rest.

use crate::entities::Entities;
use crate::error::bug;
use datafusion::error::Result;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub entities: Arc<Entities>,
    /// The instants of the first and the last question, if there is one.
    pub times: Option<(i64, i64)>,
    pub questions: u64,
}

/// What fills filters: one per kind of entity, all at once.
#[derive(Debug)]
pub(crate) struct BuildSide {
    pub link: Link,
    asked: Vec<OnceLock<Asked>>,
}

impl BuildSide {
    pub fn new(link: Link, kinds: usize) -> BuildSide {
        BuildSide {
            link,
            asked: (0..kinds).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Fills a filter. Later calls change nothing: questions are numbered once.
    pub fn fill(&self, kind: usize, asked: Asked) -> Result<()> {
        let filter = self.asked.get(kind);
        let filter = filter.ok_or_else(|| bug("a kind of entity has no filter"))?;
        let _ = filter.set(asked);
        Ok(())
    }

    /// Bytes that what is asked about takes, about.
    pub fn bytes(&self) -> usize {
        let filled = self.asked.iter().filter_map(OnceLock::get);
        filled.map(|asked| asked.entities.bytes()).sum()
    }

    pub fn kinds(&self) -> usize {
        self.asked.len()
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct EntityFilter {
    pub build: Arc<BuildSide>,
    /// Of the kinds of entities.
    pub kind: usize,
}

impl EntityFilter {
    /// Whether both are filled at once.
    pub fn together(&self, other: &EntityFilter) -> bool {
        Arc::ptr_eq(&self.build, &other.build)
    }

    /// What is asked about.
    ///
    /// # Errors
    /// When the build side did not run before.
    pub fn get(&self) -> Result<&Asked> {
        let filled = self.build.asked.get(self.kind).and_then(OnceLock::get);
        filled.ok_or_else(|| bug("events are read before their questions are numbered"))
    }
}

/// A name for what several nodes of a plan share, by which they find it again when the plan was written and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Link(u64, u64);

impl Link {
    /// One that nobody else has, in this process or another.
    pub fn fresh() -> Link {
        static PROCESS: OnceLock<u64> = OnceLock::new();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let process = PROCESS.get_or_init(|| RandomState::new().build_hasher().finish());
        Link(*process, NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
