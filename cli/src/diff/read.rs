//! A program of a text, of a build, or of a revision that git knows.

use crate::check::{compile, compile_project};
use crate::errors;
use crate::report::{Refused, Reporter};
use featc_driver::diag::SourceMap;
use featc_driver::{LOCK_FILE, Lock, PROGRAM_BYTES_MAX, Project};
use featc_ir::Program;
use featc_ir::manifest::FILE;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A path, or `REVISION:PATH` where there is no such path.
pub fn program(path: &Path, reporter: &Reporter) -> Result<Program, Refused> {
    if path.join(FILE).is_file() {
        let folder = path.display().to_string();
        return featc_driver::program_of_folder(path)
            .or_else(|error| reporter.refuse(errors::certify(&folder, &error)));
    }
    let text = path.to_str().filter(|_| !path.exists());
    if let Some(word) = text.filter(|word| !word.contains([':', '/', '.'])) {
        return reporter.refuse(errors::no_program_nor_revision(word));
    }
    let Some((revision, path)) = text.and_then(|text| text.split_once(':')) else {
        return compile(path, reporter).map(|(_, program)| program);
    };
    let project = of_git(revision, path).or_else(|why| reporter.refuse(errors::no_revision(revision, path, &why)))?;
    compile_project(project, reporter).map(|(_, program)| program)
}

/// The files of a program as they are in a revision; its path is relative to the current folder.
fn of_git(revision: &str, path: &str) -> Result<Project, String> {
    if revision.is_empty() || revision.starts_with('-') || Path::new(path).is_absolute() {
        return Err("a revision is written REVISION:PATH, with a path relative to the current folder".to_owned());
    }
    let path = path.trim_end_matches('/');
    if Lock::is_path(Path::new(path)) {
        return Err(LOCK_FILE.to_owned());
    }
    let object = |path: &str| format!("{revision}:./{path}");
    let names = match git(&["cat-file", "-t", &object(path)])?.trim_ascii() {
        b"tree" => {
            let names = git(&["ls-tree", "-z", "--name-only", &object(path)])?;
            let names = String::from_utf8(names).map_err(|_| "a name in it is not UTF-8".to_owned())?;
            let names = names.split('\0').filter(|name| name.ends_with(".feat"));
            names.map(|name| format!("{path}/{name}")).collect()
        }
        _ => vec![path.to_owned()],
    };
    if names.is_empty() {
        return Err("the folder holds no `.feat` file there".to_owned());
    }
    let mut sources = SourceMap::new();
    let mut files = Vec::new();
    let mut bytes = 0;
    for name in names {
        let text = git(&["cat-file", "blob", &object(&name)])?;
        bytes += text.len() as u64;
        if bytes > PROGRAM_BYTES_MAX {
            return Err("it has more bytes than a program may have".to_owned());
        }
        let text = String::from_utf8(text).map_err(|_| format!("`{name}` is not UTF-8 there"))?;
        files.push(sources.add(format!("{revision}:{name}"), text));
    }
    Ok(Project::at_hand(sources, files, PathBuf::new()))
}

/// What git prints, or the first line of why it does not.
fn git(words: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git").args(words).output();
    let output = output.map_err(|error| format!("git does not run: {}", featr::plain(&error)))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            let line = said
                .lines()
                .next()
                .unwrap_or("git says nothing")
                .trim_start_matches("fatal: ");
            Err(line.to_owned())
        }
    }
}
