//! The next step where a file has an object, a list or a clock time, and something else is declared, or the other way round.

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
        false => {
            let ty = type_of(written.trim_matches('"'));
            let own = column.rsplit_once('.').map(|(object, _)| {
                format!("; or declare what stands there, such as `{object}: {ty}`, where it is a list `{object}: list<{ty}>`")
            });
            format!(
                "a single value stands where an object is looked for, of which `{column}` is a field: name in `from` the field in \
                 which it is{}",
                own.unwrap_or_default()
            )
        }
    }
}

/// Where one value is declared, and an object or a list stands; or a list, of which an item is of another type.
pub fn text(column: &str, written: &str) -> String {
    let first = written.trim_start_matches('[').trim_start();
    let entry = first.strip_prefix("{\"").and_then(|rest| rest.split_once("\":"));
    match entry.filter(|_| written.starts_with('[')) {
        Some((key, value)) => {
            let ty = type_of(value.trim_start());
            let is_name = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let whole = match is_name {
                true => format!(
                    "`{column}: list<struct<{key}: {ty}>>` with the fields that are needed and their types, or "
                ),
                false => String::new(),
            };
            format!(
                "it is a list of objects: declare {whole}one field of each by its path, such as `{column}: list<{ty}> from \
                 \"{column}.{key}\"`"
            )
        }
        None if written.starts_with('[') => format!("it is a list: declare `{column}: list<{}>`", type_of(first)),
        None => format!(
            "it is an object: declare the field that is needed, by its path `from \"{column}.…\"`, or all as `{column}: struct<…>`"
        ),
    }
}

/// The type of a value of JSON.
fn type_of(value: &str) -> &'static str {
    let token = value.split([',', ']', '}', ' ']).next().unwrap_or_default();
    match value.bytes().next() {
        Some(b'0'..=b'9' | b'-') if token.parse::<i64>().is_ok() => "int64",
        Some(b'0'..=b'9' | b'-') => "float64",
        Some(b't' | b'f') => "bool",
        _ => "string",
    }
}

/// Where a duration is declared, and something else stands.
pub fn duration(column: &str, written: &str, is_number: bool) -> String {
    if is_number {
        return format!(
            "declare `{column}: int64`, and make a duration of it in a transform: `{column} * 1s` where it counts seconds"
        );
    }
    let part = |(place, unit): (usize, &str)| format!("cast(split({column}, \":\")[{}] as int64) * 1{unit}", place + 1);
    let parts = |units: &[&str]| -> String {
        units
            .iter()
            .copied()
            .enumerate()
            .map(part)
            .collect::<Vec<_>>()
            .join(" + ")
    };
    let of_texts = match written.trim_matches('"').split(':').count() {
        2 => format!(
            "such as `05:21` declare `{column}: string` and add up its parts: `{}` of minutes and seconds, `{}` of hours and minutes",
            parts(&["m", "s"]),
            parts(&["h", "m"])
        ),
        _ => format!(
            "such as `01:19:30` declare `{column}: string` and add up its parts: `{}`",
            parts(&["h", "m", "s"])
        ),
    };
    format!(
        "a duration is written `PT1H19M30S`; where the file has two instants, declare these and subtract them in a transform, and of \
         texts {of_texts}"
    )
}

/// Where a list is declared, and one value stands.
pub fn list(column: &str) -> String {
    format!(
        "one value stands there, and not a list: write it in brackets into the file, or, where each row has just one, declare \
         `{column}` so, as a field of a struct in place of a list of structs"
    )
}
