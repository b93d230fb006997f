//! The files of a state: a small trait, and the file system.

use featr::Aside;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A folder of files, by names such as `log/00000001.wal`.
pub trait Disk: Send + Sync + fmt::Debug {
    /// What messages call a file, or the folder itself for an empty name.
    fn name(&self, file: &str) -> String;

    /// The whole file; `None` where there is none.
    fn read(&self, file: &str) -> io::Result<Option<Vec<u8>>>;

    /// So many bytes of a file from a place on; all of them, or an error.
    fn read_part(&self, file: &str, from: u64, bytes: u64) -> io::Result<Vec<u8>>;

    /// The names in a folder, in order; none where there is no such folder.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// A file to append to, cut to its first `len` bytes; a new one where there is none. Durable with its first sync.
    fn append(&self, file: &str, len: u64) -> io::Result<Box<dyn Append>>;

    /// Replaces a file by these bytes: all or nothing, and durable when it returns.
    fn replace(&self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Removes a file, if it is there.
    fn remove(&self, file: &str) -> io::Result<()>;
}

/// An open file.
pub trait Append: Send + fmt::Debug {
    /// Writes after what was written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Writes at a place.
    fn put(&mut self, place: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was written durable, the file's name too.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to its first `len` bytes.
    fn cut(&mut self, len: u64) -> io::Result<()>;
}

/// A folder of the file system, locked while this lives: no other process, and no other value of this one, has it.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes a folder, and makes it where it is missing. `None`: another has it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn take(root: &Path) -> io::Result<Option<Folder>> {
        make(root)?;
        Folder::existing(root)
    }

    /// As [`Folder::take`], of a folder that is there.
    ///
    /// # Errors
    /// The system refuses; there is none.
    pub fn existing(root: &Path) -> io::Result<Option<Folder>> {
        let lock = File::open(root)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(Some(Folder {
            root: root.to_owned(),
            _lock: lock,
        }))
    }

    fn path(&self, file: &str) -> io::Result<PathBuf> {
        let path = self.root.join(file);
        path.parent().map_or(Ok(()), make)?;
        Ok(path)
    }
}

/// Makes a folder and those above it, where they are missing, so that their names survive the machine.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = match folder.parent() {
        None => return Err(ErrorKind::NotFound.into()),
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
    };
    make(above)?;
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists || !folder.is_dir() => Err(error),
        Ok(()) | Err(_) => featr::sync_folder(above),
    }
}

impl Disk for Folder {
    fn name(&self, file: &str) -> String {
        match file {
            "" => self.root.display().to_string(),
            file => self.root.join(file).display().to_string(),
        }
    }

    fn read(&self, file: &str) -> io::Result<Option<Vec<u8>>> {
        match featr::open_file(&self.root.join(file)) {
            Ok(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_part(&self, file: &str, from: u64, bytes: u64) -> io::Result<Vec<u8>> {
        let mut file = featr::open_file(&self.root.join(file))?;
        file.seek(SeekFrom::Start(from))?;
        let mut read = Vec::new();
        file.take(bytes).read_to_end(&mut read)?;
        match read.len() as u64 == bytes {
            true => Ok(read),
            false => Err(ErrorKind::UnexpectedEof.into()),
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(self.root.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn append(&self, file: &str, len: u64) -> io::Result<Box<dyn Append>> {
        let path = self.path(file)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let file = options.open(&path)?;
        file.set_len(len)?;
        Ok(Box::new(OpenFile {
            file,
            len,
            path,
            is_named: false,
        }))
    }

    fn replace(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let aside = Aside::create(&self.path(file)?)?;
        aside.file().write_all(bytes)?;
        aside.put()
    }

    fn remove(&self, file: &str) -> io::Result<()> {
        match std::fs::remove_file(self.root.join(file)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    path: PathBuf,
    len: u64,
    /// Whether its name is durable.
    is_named: bool,
}

impl Append for OpenFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put(self.len, bytes)?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn put(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(place))?;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.is_named {
            return self.file.sync_data();
        }
        self.file.sync_all()?;
        self.path.parent().map_or(Ok(()), featr::sync_folder)?;
        self.is_named = true;
        Ok(())
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.len = len;
        self.file.sync_all()
    }
}
