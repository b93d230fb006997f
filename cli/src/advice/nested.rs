//! The next step where a file has an object or a list, and something else is declared, or the other way round.

/// Where `from` leads through an object, and none stands there.
pub fn object(column: &str, written: &str) -> String {
    if written.starts_with('[') {
        return format!(
            "a list stands on the way to `{column}`, of which each field is a list: declare it as one, such as `{column}: \
             list<string>`, and read one item of it, `{column}[1]`"
        );
    }
    match written.trim_matches('"').starts_with('{') {
        true => format!(
            "a text stands there in which an object is written: write the object itself into the file, so that `{column}` is one \
             of its fields"
        ),
        false => format!("`from` leads to `{column}` through an object: name the field in which it is"),
    }
}

/// Where a text is declared, and an object or a list stands.
pub fn text(column: &str, written: &str) -> String {
    let first_key = written.strip_prefix("[{\"").and_then(|rest| rest.split('"').next());
    match first_key.filter(|key| !key.is_empty()) {
        Some(key) => format!(
            "it is a list of objects: declare `{column}: list<struct<{key}: string>>` with the fields that are needed and their \
             types, or one field of each by its path, such as `{column}: list<string> from \"{column}.{key}\"`"
        ),
        None if written.starts_with('[') => format!(
            "it is a list: declare `{column}: list<string>`, or `list<int64>` or `list<float64>` where its items are numbers"
        ),
        None => format!(
            "it is an object: declare the field that is needed, by its path `from \"{column}.…\"`, or all as `{column}: struct<…>`"
        ),
    }
}

/// Where a list is declared, and one value stands.
pub fn list(column: &str) -> String {
    format!(
        "one value stands there, and not a list: write it in brackets into the file, or, where each row has just one, declare \
         `{column}` so, as a field of a struct in place of a list of structs"
    )
}
