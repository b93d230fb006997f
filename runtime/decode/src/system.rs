//! What the operating system refuses, in plain words, and the next step for it.

/// What the system calls, for which there are no words in the standard library: EIO, EMFILE and ENFILE have these
/// numbers on every Unix, ELOOP has this one on Linux and this one elsewhere.
const DEVICE_FAILED: i32 = 5;
const OPEN_FILES: [i32; 2] = [23, 24];
const LINK_LOOP: i32 = if cfg!(target_os = "linux") { 40 } else { 62 };

pub(crate) const NOT_FOUND: &str = "no such file or folder";
const NO_MORE_FILES: &str = "too many open files";
const DEVICE_FAILS: &str = "the device fails (input/output error)";
const NO_MEMORY: &str = "not enough memory";
const TOO_LARGE: &str = "the limit on the size of files is reached";
const NO_SPACE: &str = "no space left";
/// What is said of a pipe, a socket or a device where a file is needed.
pub(crate) const NO_PLAIN_FILE: &str = "it is a pipe, a socket or a device, and no file";
/// How it ends what is said of a column of lists or structs that is to be written as CSV or TSV.
pub(crate) const CANNOT_HOLD: &str = " cannot hold";
/// What is said of a link among folders.
pub(crate) const LEADS_BACK: &str = "it leads back to a folder that it lies in";
/// How it ends what is said of a folder with too many links.
pub(crate) const LINKS_FOLLOWED: &str = " links to folders are followed";
/// What is said of a link that leads to itself, or to one that leads back.
const LEADS_TO_ITSELF: &str = "it is a link that leads to itself";
/// What is said of a link to what is not there.
pub(crate) const LEADS_NOWHERE: &str = "it is a link that leads to nothing";
const NAME_TOO_LONG: &str = "a name in its path is too long for the file system";
const IS_FOLDER: &str = "is a folder";
const NO_FOLDER: &str = "a part of its path is not a folder";

/// The next step for what [`plain`] says, where permissions and folders are not the matter.
pub(crate) fn remedy(why: &str) -> Option<&'static str> {
    Some(match why {
        NO_MORE_FILES => "raise the limit (`ulimit -n 1024`), or pass fewer `--threads`",
        DEVICE_FAILS => "check the disk or the network share: it does not answer as it should",
        NO_MEMORY => "free memory, or pass a `--memory-limit`",
        TOO_LARGE => "raise the limit (`ulimit -f unlimited`), or write less",
        NO_SPACE => "free space, or choose another place",
        LEADS_BACK => "remove the link, or name the files instead of the folder",
        LEADS_TO_ITSELF | LEADS_NOWHERE => "let the link lead to a file, or remove it",
        NAME_TOO_LONG => "give it a shorter name: most file systems take 255 bytes",
        IS_FOLDER => "name a file: this is a folder",
        NO_FOLDER => "move the file away that stands in the place of a folder, or choose another place",
        NO_PLAIN_FILE => "write what it gives to a file, and read that",
        why if why.ends_with(LINKS_FOLLOWED) => "name the files, or the folders that they lie in, without `**`",
        why if why.ends_with(CANNOT_HOLD) => {
            "name the file .parquet or .jsonl, which hold lists and structs, or leave the column out"
        }
        _ => return None,
    })
}

/// An input/output error in plain words, without the number of the operating system.
pub fn plain(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    if let Some(code) = error.raw_os_error().filter(|_| cfg!(unix)) {
        if code == DEVICE_FAILED {
            return DEVICE_FAILS.into();
        }
        if OPEN_FILES.contains(&code) {
            return NO_MORE_FILES.into();
        }
        if code == LINK_LOOP {
            return LEADS_TO_ITSELF.into();
        }
    }
    match error.kind() {
        ErrorKind::OutOfMemory => NO_MEMORY.into(),
        ErrorKind::FileTooLarge => TOO_LARGE.into(),
        ErrorKind::NotFound => NOT_FOUND.into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::IsADirectory => IS_FOLDER.into(),
        ErrorKind::NotADirectory => NO_FOLDER.into(),
        ErrorKind::InvalidFilename => NAME_TOO_LONG.into(),
        ErrorKind::StorageFull => NO_SPACE.into(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        _ => error.to_string(),
    }
}
