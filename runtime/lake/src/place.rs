//! What an address means.

use crate::address::scheme;
use crate::problem::problem;
use featr_decode::{DecodeError, LakeCause};
use std::path::{Path, PathBuf};

/// Where something lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A path of this machine, possibly relative.
    Local(PathBuf),
    /// An object, a folder of objects or a pattern in a bucket; the key has no slash at its ends.
    Object { bucket: String, key: String },
}

impl Place {
    /// Reads an address or a path.
    ///
    /// # Errors
    /// [`LakeCause::UnknownStore`].
    pub(crate) fn of(text: &str) -> Result<Place, DecodeError> {
        let Some((scheme, rest)) = scheme(text) else {
            return Ok(Place::Local(PathBuf::from(text)));
        };
        let unknown = |why: String| problem(LakeCause::UnknownStore, text, why);
        match scheme.to_ascii_lowercase().as_str() {
            "file" => local(rest).ok_or_else(|| unknown("a file address is file:///absolute/path".into())),
            "s3" | "s3a" => {
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                if bucket.is_empty() {
                    return Err(unknown("it names no bucket".into()));
                }
                Ok(Place::Object {
                    bucket: bucket.to_owned(),
                    key: key.trim_matches('/').to_owned(),
                })
            }
            other => Err(unknown(format!("{other}:// is not among the stores that featc knows"))),
        }
    }

    /// As [`Place::of`]; a relative path is below `base`.
    pub(crate) fn below(base: &Path, text: &str) -> Result<Place, DecodeError> {
        Ok(match Place::of(text)? {
            Place::Local(path) => Place::Local(base.join(path)),
            object @ Place::Object { .. } => object,
        })
    }
}

/// The path of `file://` addresses, `%` escapes undone; pattern characters keep their meaning.
fn local(rest: &str) -> Option<Place> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return None;
    }
    // In addresses of other kinds these would begin a query or a fragment.
    let text = format!("file://{}", path.replace('?', "%3F").replace('#', "%23"));
    let path = url::Url::parse(&text).ok()?.to_file_path().ok()?;
    Some(Place::Local(path))
}
