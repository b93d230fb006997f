//! Loading a build from its folder.

use crate::error::Error;
use crate::program::Program;
use featc_ir::build::Build;
use featr_decode::read_file;
use std::path::{Path, PathBuf};

impl Program {
    /// Loads what `featc build` wrote into `folder`; `base` is the folder that paths in the program are relative to.
    ///
    /// # Errors
    /// [`Error::Build`]: a missing file, one whose content is not what the manifest says, another release, files of
    /// several programs, a plan that is not well-formed.
    pub fn load(folder: &Path, base: impl Into<PathBuf>) -> Result<Program, Error> {
        let build = Build::read(&|name| read_file(&folder.join(name))).map_err(|why| Error::Build {
            folder: folder.display().to_string(),
            why,
        })?;
        Ok(Program::of_build(build, base))
    }

    /// The program of a build that was checked.
    fn of_build(build: Build, base: impl Into<PathBuf>) -> Program {
        // By service, both of them.
        let (batch, stream) = (build.batch.into_values(), build.stream.into_values());
        Program::new(batch.collect(), stream.collect(), base)
    }
}

#[cfg(test)]
mod tests;
