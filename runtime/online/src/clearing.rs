//! Files that are no part of the state any more go beside the writer: to free a segment of half a gigabyte took it a third of a
//! second, in which no push was answered.

use crate::disk::Disk;
use std::sync::Arc;
use std::thread::JoinHandle;

/// The files that the last checkpoint made needless, while they are removed. What stays, as in a process that dies, does no harm:
/// the next start or checkpoint removes it.
#[derive(Default)]
pub struct Clearing(Option<JoinHandle<()>>);

impl Clearing {
    /// Removes files, after those that are being removed.
    pub fn begin(&mut self, disk: Arc<dyn Disk>, files: Vec<String>) {
        self.wait();
        let remove = move || {
            for file in files {
                let _ = disk.remove(&file);
            }
        };
        // Without a thread they stay until the next checkpoint, which finds them again.
        self.0 = std::thread::Builder::new()
            .name("featr-clear".to_owned())
            .spawn(remove)
            .ok();
    }

    pub fn is_done(&self) -> bool {
        self.0.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Until all are gone: a file may get the name of one that goes.
    pub fn wait(&mut self) {
        if let Some(thread) = self.0.take() {
            // It cannot panic.
            let _ = thread.join();
        }
    }
}

impl Drop for Clearing {
    /// Nothing is removed after the folder was given up.
    fn drop(&mut self) {
        self.wait();
    }
}
