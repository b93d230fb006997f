//! Columns that a file lacks: what may be meant by them.

use featc_driver::diag::suggest;

/// For a column of which the program says what the files call it, where no file does.
pub(super) fn declared_otherwise(own: &str, field: &str, (file, found): (&str, &[String])) -> String {
    if found.iter().any(|name| name == own) {
        return format!(
            "take out `from {field:?}` after the type of `{own}`, if the file's `{own}` is meant: it has that name already"
        );
    }
    match resembling(field, found).or_else(|| resembling(own, found)) {
        Some(nearest) => format!(
            "if the file's `{nearest}` is meant, replace `from {field:?}` after the type of `{own}` by `from {nearest:?}`; else add \
             `{field}` to the file, or take `{own}` out of the program"
        ),
        None => format!(
            "if this is the file that is meant, replace `from {field:?}` after the type of `{own}` by `from \"…\"` with what {} calls it, or add \
             `{field}` to the file",
            caller(file)
        ),
    }
}

/// What may call a column of a file by another name: its content, or a folder on its path.
pub(super) fn caller(file: &str) -> String {
    let folders = file.rsplit_once('/').map_or("", |(folders, _)| folders);
    match folders.rsplit('/').find_map(|folder| folder.split_once('=')) {
        Some((name, _)) => format!("the file, or its folder `{name}=…`,"),
        None => "the file".to_owned(),
    }
}

/// Of the columns of a file, what may be meant by a name.
pub(super) fn resembling<'a>(column: &str, found: &'a [String]) -> Option<&'a str> {
    // A file may have columns under names that no program can write; half of the letters of a short name agree by chance.
    let may_be_meant = |name: &&str| !featc_driver::is_reserved(name) && 2 * name.len() > column.len();
    suggest::nearest(column, found.iter().map(String::as_str).filter(may_be_meant))
}
