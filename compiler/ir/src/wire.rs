//! The wire form: JSON with a version. How expressions are written stands in [`crate::expr`].

use crate::plan::{BatchPlan, StreamGraph};
use crate::program::{Origins, Program};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

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
    /// Text that is not such a document, another kind, or another version; a member that none has.
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
        only_known(text.as_bytes(), &envelope)?;
        Ok(envelope.body)
    }
}

/// Refuses a document with members that were not read, and so are not in what is written again.
///
/// # Errors
/// The first of them, by its path.
pub(crate) fn only_known<T: Serialize>(text: &[u8], read: &T) -> Result<(), String> {
    let found: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let known = serde_json::to_value(read).map_err(|error| error.to_string())?;
    match unknown(&found, &known) {
        Some(path) => Err(format!("it has `{path}`, which no such document has")),
        None => Ok(()),
    }
}

/// The path of the first member or item of `found` that `known` lacks.
fn unknown(found: &Value, known: &Value) -> Option<String> {
    let below = |name: &str, found: &Value, known: Option<&Value>| match known {
        Some(known) => unknown(found, known).map(|path| format!("/{name}{path}")),
        None => Some(format!("/{name}")),
    };
    match (found, known) {
        (Value::Object(found), Value::Object(known)) => {
            let mut members = found.iter();
            members.find_map(|(name, value)| below(name, value, known.get(name)))
        }
        (Value::Array(found), Value::Array(known)) => {
            let mut items = found.iter().enumerate();
            items.find_map(|(at, value)| below(&at.to_string(), value, known.get(at)))
        }
        _ => None,
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
