//! What other languages call our types.

const TYPES: [(&str, &str); 6] = [
    (
        "int integer bigint long int8 int16 int32 uint8 uint16 uint32 smallint tinyint i64",
        "int64",
    ),
    ("float double real float16 float32 f64 number", "float64"),
    (
        "text str varchar nvarchar char character utf8 category enum uuid guid objectid",
        "string",
    ),
    ("boolean", "bool"),
    (
        "datetime datetime64 timestamptz timestamp_ntz timestamp_tz",
        "timestamp",
    ),
    ("interval timedelta timedelta64", "duration"),
];

/// The type here that another language calls so, in small letters or capitals.
pub fn type_meant(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let is_so = |(theirs, _): &&(&str, &str)| theirs.split(' ').any(|one| one == lower);
    TYPES.iter().find(is_so).map(|(_, ours)| *ours)
}
