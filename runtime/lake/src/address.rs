//! Texts that name places elsewhere.

/// Whether a text is an address (`s3://…`, `file://…`) and not a path.
pub fn is_address(text: &str) -> bool {
    scheme(text).is_some()
}

/// What stands before `://`, where that can be a scheme.
pub(crate) fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let letters = scheme
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (scheme.len() > 1 && letters).then_some((scheme, rest))
}

/// The address of an object.
pub(crate) fn object_address(bucket: &str, key: &str) -> String {
    format!("s3://{bucket}/{key}")
}
