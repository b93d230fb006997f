//! The wire form: JSON with a version. How expressions are written stands in [`crate::expr`].

use crate::plan::{BatchPlan, StreamGraph};
use crate::program::{Origins, Program};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A document as written to disk.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope<T> {
    kind: String,
    version: u32,
    body: T,
}

/// Something with a wire form of its own.
pub trait Wire: Serialize + DeserializeOwned {
    const KIND: &'static str;
    const VERSION: u32;

    /// Pretty JSON, deterministic to the byte, with a closing newline.
    fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Out<'a, T> {
            kind: &'a str,
            version: u32,
            body: &'a T,
        }
        let out = Out {
            kind: Self::KIND,
            version: Self::VERSION,
            body: self,
        };
        let mut text = serde_json::to_string_pretty(&out).expect("plain data always serialises");
        text.push('\n');
        text
    }

    /// Reads what [`Wire::to_json`] wrote.
    ///
    /// # Errors
    /// Text that is not such a document, another kind, or another version.
    fn from_json(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            kind: String,
            version: u32,
        }
        let head: Head = serde_json::from_str(text).map_err(|e| format!("not a featc document: {e}"))?;
        if head.kind != Self::KIND || head.version != Self::VERSION {
            return Err(format!(
                "expected a `{}` of version {}, found a `{}` of version {}",
                Self::KIND,
                Self::VERSION,
                head.kind,
                head.version
            ));
        }
        let envelope: Envelope<Self> = serde_json::from_str(text).map_err(|e| e.to_string())?;
        Ok(envelope.body)
    }
}

impl Wire for Program {
    const KIND: &'static str = "featc.program";
    const VERSION: u32 = Program::VERSION;
}

impl Wire for Origins {
    const KIND: &'static str = "featc.origins";
    const VERSION: u32 = 1;
}

impl Wire for BatchPlan {
    const KIND: &'static str = "featc.batch_plan";
    const VERSION: u32 = 3;
}

impl Wire for StreamGraph {
    const KIND: &'static str = "featc.stream_graph";
    const VERSION: u32 = 3;
}
