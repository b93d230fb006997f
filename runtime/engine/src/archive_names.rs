//! The names of files that a server archives: which segments of its log each of them holds.
//!
//! ```text
//! 00000003.parquet             segment 3
//! 00000003_1.parquet           segment 3 too: rows with other columns
//! 00000003-00000009.parquet    segments 3 to 9, joined: the files of these segments are no part of the archive any more
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The segments that a file holds, by its name.
pub fn segments_of(name: &str) -> Option<RangeInclusive<u64>> {
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    // Dates and the like are no numbers of segments.
    let is_number = |text: &&str| text.len() >= 6 && text.starts_with('0');
    let number = |text: &str| Some(text).filter(is_number)?.parse::<u64>().ok();
    if let Some((first, last)) = stem.split_once('-') {
        return Some(number(first)?..=number(last)?);
    }
    let of = number(stem.split_once('_').map_or(stem, |(segment, _)| segment))?;
    Some(of..=of)
}

/// Of files of one folder, by their names, those that a file which joins them has taken the place of.
pub fn replaced<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let known: Vec<(&str, RangeInclusive<u64>)> = names
        .filter_map(|name| segments_of(name).map(|segments| (name, segments)))
        .collect();
    let joined: Vec<&RangeInclusive<u64>> = known
        .iter()
        .filter(|(name, _)| name.contains('-'))
        .map(|(_, segments)| segments)
        .collect();
    let is_replaced = |(name, segments): &&(&str, RangeInclusive<u64>)| {
        joined.iter().any(|joined| {
            let holds = joined.contains(segments.start()) && joined.contains(segments.end());
            holds && (*joined != segments || !name.contains('-'))
        })
    };
    known.iter().filter(is_replaced).map(|(name, _)| *name).collect()
}

/// Leaves out of files those that another one among them has taken the place of: who joined them ended before they were removed.
pub(crate) fn leave_out_replaced(files: &mut Vec<PathBuf>) {
    let mut folders: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    let parts = |file: &Path| {
        let name = file.file_name()?.to_str()?.to_owned();
        Some((file.parent()?.to_owned(), name))
    };
    for (folder, name) in files.iter().filter_map(|file| parts(file)) {
        folders.entry(folder).or_default().push(name);
    }
    let left_out: BTreeMap<&Path, BTreeSet<&str>> = folders
        .iter()
        .map(|(folder, names)| {
            (
                folder.as_path(),
                replaced(names.iter().map(String::as_str)).into_iter().collect(),
            )
        })
        .collect();
    files.retain(|file| {
        let is_left_out =
            |(folder, name): (PathBuf, String)| Some(left_out.get(folder.as_path())?.contains(name.as_str()));
        !parts(file).and_then(is_left_out).unwrap_or(false)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_files_take_the_place_of_their_parts() {
        let names = [
            "00000001-00000003.parquet",
            "00000001.parquet",
            "00000002.parquet",
            "00000002_1.parquet",
            "00000003-00000004.parquet",
            "00000005.parquet",
            "00000001-00000002.parquet",
            "mine.parquet",
            "20240501-20240531.parquet",
            "20240505.parquet",
        ];
        let found = replaced(names.into_iter());
        assert_eq!(
            found,
            [
                "00000001.parquet",
                "00000002.parquet",
                "00000002_1.parquet",
                "00000001-00000002.parquet"
            ]
        );
        let mut files: Vec<PathBuf> = [
            "a/00000001-00000002.parquet",
            "a/00000002.parquet",
            "b/00000002.parquet",
        ]
        .map(PathBuf::from)
        .into();
        leave_out_replaced(&mut files);
        assert_eq!(files.len(), 2);
        assert_eq!(files[1], Path::new("b/00000002.parquet"));
    }
}
