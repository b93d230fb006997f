//! Programs that are not there, and builds.

use super::{ADDRESS, busy, of_address, system_help, unwritable};
use featc_driver::diag::{Code, Diagnostic, suggest};
use featc_driver::{BuildError, CertifyError, LOCK_FILE, LoadError, PROGRAM_BYTES_MAX, Refusal};
use featr::DecodeError;
use std::path::{Path, PathBuf};

pub fn load(error: &LoadError) -> Diagnostic {
    match error {
        LoadError::NotFound { path, why } => {
            let name = path.display().to_string();
            let (why, help) = match (of_address(&name), near_program(path)) {
                _ if why == LOCK_FILE => (why.as_str(), locked(path)),
                (Some(help), _) => (ADDRESS, help),
                (None, Some(near)) => (why.as_str(), format!("did you mean `{}`?", near.display())),
                (None, None) => (
                    why.as_str(),
                    "give a `.feat` file, or a folder that holds some".to_owned(),
                ),
            };
            Diagnostic::new(Code::FileNotFound, format!("no program at `{name}`: {why}")).with_help(help)
        }
        LoadError::TooLarge { path, bytes } => {
            let (most, whole) = (PROGRAM_BYTES_MAX >> 20, bytes.div_ceil(1 << 20));
            let message = format!(
                "`{}`: a program of {whole} MiB, and at most {most} are read",
                path.display()
            );
            Diagnostic::new(Code::UnreadableFile, message)
                .with_help("name the file of the program: what is as large as this is data, or several programs")
        }
        LoadError::Unreadable { path, why } => {
            let (file, said) = (path.display().to_string(), why.clone());
            let help = DecodeError::Unreadable { file, why: said }.help();
            Diagnostic::new(Code::UnreadableFile, format!("cannot read `{}`: {why}", path.display())).with_help(
                help.or_else(|| system_help(why))
                    .unwrap_or_else(|| "mend the permissions or the encoding of the file".to_owned()),
            )
        }
    }
}

/// As [`load`], of a word behind a program whose tests are run: it may be meant for their names.
pub fn load_of_tests(error: &LoadError) -> Diagnostic {
    let told = load(error);
    match error {
        LoadError::NotFound { path, .. }
            if !path.exists() && path.extension().is_none() && near_program(path).is_none() =>
        {
            let word = path.display();
            told.with_help(format!(
                "give a `.feat` file, or a folder that holds some; `--filter \"{word}\"` runs the tests whose name holds `{word}`"
            ))
        }
        _ => told,
    }
}

/// The program beside a path that leads to nothing which has almost its name: `shop.feat` for `shop`, or for `shp.feat`.
fn near_program(path: &Path) -> Option<PathBuf> {
    if path.exists() {
        return None;
    }
    let plain = |name: &str| name.strip_suffix(".feat").unwrap_or(name).to_owned();
    let written = plain(path.file_name()?.to_str()?);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let mut programs: Vec<String> = names
        .filter(|name| name.ends_with(".feat"))
        .map(|name| plain(&name))
        .collect();
    programs.sort();
    let near = suggest::close(&written, programs.iter().map(String::as_str))?;
    Some(path.with_file_name(format!("{near}.feat")))
}

/// A word where a program is compared with another one: no file, and perhaps a revision without one.
pub fn no_program_nor_revision(word: &str) -> Diagnostic {
    let step = match near_program(Path::new(word)) {
        Some(near) => format!("did you mean `{}`?", near.display()),
        None => "give a `.feat` file, or a folder that holds some;".to_owned(),
    };
    Diagnostic::new(
        Code::FileNotFound,
        format!("no program at `{word}`: no such file or folder"),
    )
    .with_help(format!(
        "{step} if `{word}` is a revision of git, write the file behind it, as in `{word}:shop.feat`"
    ))
}

/// What may be meant by the name of a lock file in place of a program's.
fn locked(lock: &Path) -> String {
    let program = match lock.file_stem().map(Path::new) {
        Some(name) if name.extension().is_some() => lock.with_file_name(name),
        // Of a folder it is called `featc.lock`.
        _ => match lock.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        },
    };
    let program = program.display();
    format!(
        "name the program, `{program}`: `featc check --locked {program}` compares it with this file, and \
         `featc diff REVISION:{program} {program}` tells what changed since a revision"
    )
}

/// Fewer features than this make no build large.
const FEATURES_FEW: usize = 1000;

/// A program that git does not have.
pub fn no_revision(revision: &str, path: &str, why: &str) -> Diagnostic {
    let message = format!("no program at `{revision}:{path}`: {why}");
    Diagnostic::new(Code::FileNotFound, message).with_help(
        "give a `.feat` file, a folder, the folder of a build, or a revision and a path in it, as in `main:fraud.feat`",
    )
}

pub fn build(error: &BuildError) -> Diagnostic {
    match error {
        BuildError::Unwritable { path, why } if path.iter().any(|name| name.len() > 255) => Diagnostic::new(
            Code::UnwritableOutput,
            format!("cannot write `{}`: {why}", path.display()),
        )
        .with_help("give the module, or the service, a shorter name: files are named by them, with at most 255 bytes"),
        BuildError::Unwritable { path, why } => unwritable(&path.display().to_string(), why),
        BuildError::TooLarge {
            services,
            features,
            most,
        } => {
            let message = format!(
                "the build would have more than {} MiB: its {services} services have {features} features together",
                most >> 20
            );
            // Of so few features it is not their number.
            let help = match *features < FEATURES_FEW {
                true => {
                    "an expression is very long, such as `in` with a list of very many values: give a table such values as its keys, \
                     and look them up"
                }
                false => {
                    "name in each service the features that it needs instead of `view.*`, or give some services a module of their own"
                }
            };
            Diagnostic::new(Code::UnwritableOutput, message).with_help(help)
        }
        BuildError::Foreign { path } => {
            let message = format!("`{}` is in the way: it is not of a build", path.display());
            Diagnostic::new(Code::UnwritableOutput, message)
                .with_help("move it away, or build into another folder with `--out`")
        }
        BuildError::Unfinished { path, why } => {
            let message = format!("cannot write `{}`: {why}", path.display());
            Diagnostic::new(Code::UnwritableOutput, message)
                .with_note("the new build is whole all the same, and readers find it: its files wait in `.featc-next`")
                .with_help("make the path writable, and build again: that puts them in place")
        }
        BuildError::Busy { folder } => busy(&folder.display().to_string()),
        BuildError::Refused(refusal) => refused(refusal),
    }
}

/// A plan that does not mean what the program says, with both terms where they differ.
pub fn refused(refusal: &Refusal) -> Diagnostic {
    let message = format!(
        "the {} of service `{}`: {}",
        refusal.plan, refusal.service, refusal.what
    );
    let mut diagnostic = Diagnostic::new(Code::PlanDiffers, message);
    for difference in &refusal.differences {
        diagnostic = diagnostic.with_note(format!(
            "at {}\n     plan: {}\n  program: {}",
            difference.path, difference.plan, difference.program
        ));
    }
    diagnostic.with_help(
        "the folder was changed after it was built, or the compiler has a bug: build again, and report it if this stays",
    )
}

/// A folder whose build cannot be compared.
pub fn certify(folder: &str, error: &CertifyError) -> Diagnostic {
    match error {
        CertifyError::Refused(refusal) => refused(refusal),
        CertifyError::Unusable { why } => Diagnostic::new(
            Code::UnreadableFile,
            format!("no build in `{folder}` that can be compared: {why}"),
        )
        .with_help("give the folder that `featc build` wrote, `target/feat/<module>`; or build the program again"),
    }
}

/// A program without tests.
pub fn no_tests(program: &str) -> Diagnostic {
    Diagnostic::new(Code::NoTests, format!("`{program}` has no test")).with_help(
        "write one: `test \"one payment\" for spend { given payments … expect at @2026-01-01T01:00:00Z (card: …) { total = … } }`",
    )
}

/// A program with tests of these names, none of which is, or without `is_exact` holds, the text that is asked for.
pub fn no_such_test(program: &str, (text, is_exact): (&str, bool), names: &[&str]) -> Diagnostic {
    let (message, nearest) = match is_exact {
        true => (
            format!("no test of `{program}` is called `{text}`"),
            suggest::nearest(text, names.iter().copied()),
        ),
        false => (
            format!("no name of a test of `{program}` holds `{text}`"),
            names.iter().find_map(|name| in_other_letters(name, text)),
        ),
    };
    let list = format!("`featc test --list {program}` prints the names of all");
    Diagnostic::new(Code::NoTests, message).with_help(match nearest {
        Some(nearest) => format!("did you mean `{nearest}`? {list}"),
        None => list,
    })
}

/// The part of a name that is a text but for small and capital letters.
fn in_other_letters<'a>(name: &'a str, text: &str) -> Option<&'a str> {
    let (wanted, length) = (text.to_lowercase(), text.chars().count());
    let mut parts = name.char_indices().map(|(start, _)| {
        let rest = &name[start..];
        let end = rest.char_indices().nth(length).map_or(rest.len(), |(end, _)| end);
        &rest[..end]
    });
    parts.find(|part| part.to_lowercase() == wanted)
}

/// A program that is to be compared with a lock file that is not there.
pub fn no_lock(lock: &str, program: &str) -> Diagnostic {
    Diagnostic::new(Code::NoLock, format!("there is no `{lock}`")).with_help(format!(
        "`featc lock {program}` writes it; commit it beside the program"
    ))
}

/// A lock file that cannot be read, or is none.
pub fn bad_lock(lock: &str, program: &str, why: &str) -> Diagnostic {
    Diagnostic::new(Code::NoLock, format!("`{lock}` is no lock file: {why}")).with_help(format!(
        "take it from git again, or write it anew: `featc lock {program}`"
    ))
}

/// A program that is not what its lock file says; `differences` are sentences.
pub fn not_as_locked(lock: &str, program: &str, differences: &[String]) -> Diagnostic {
    const SHOWN: usize = 20;
    let message = format!("`{program}` is not what `{lock}` says");
    let diagnostic = Diagnostic::new(Code::NotAsLocked, message).with_help(format!(
        "`featc diff REVISION:{program} {program}` says what changed; if it is meant, `featc lock {program}`"
    ));
    let shown = differences.iter().take(SHOWN);
    let diagnostic = shown.fold(diagnostic, |diagnostic, note| diagnostic.with_note(note.clone()));
    match differences.len().saturating_sub(SHOWN) {
        0 => diagnostic,
        more => diagnostic.with_note(format!("and {more} more")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_found_in_other_letters() {
        for (text, part) in [
            ("Claim", Some("claim")),
            ("A CLAIM counts", Some("a claim counts")),
            ("ÜBER", Some("über")),
            ("claims", None),
            ("a claim counts twice", None),
        ] {
            let name = if text == "ÜBER" {
                "zählt über Nacht"
            } else {
                "a claim counts"
            };
            assert_eq!(in_other_letters(name, text), part, "{text}");
        }
    }

    /// One feature is not too many.
    #[test]
    fn a_large_build_is_told_by_what_makes_it_large() {
        let help = |features: usize| {
            let error = BuildError::TooLarge {
                services: 1,
                features,
                most: 1 << 28,
            };
            build(&error).help.map_or_else(String::new, |help| help.text)
        };
        assert!(help(1).contains("an expression is very long"), "{}", help(1));
        assert!(help(100_000).contains("name in each service"), "{}", help(100_000));
    }
}
