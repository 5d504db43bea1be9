//! Scratch space: a temporary file without a name, so that it goes at every exit.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use tsdbproof::{Error, Kind, Scratch};

use crate::{Stop, name_of};

/// A file that no folder lists.
#[derive(Debug)]
pub(crate) struct TempFile {
    file: File,
    folder: PathBuf,
    stop: Stop,
}

impl TempFile {
    /// A new file in this folder.
    pub(crate) fn create(folder: &Path, stop: &Stop) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(folder).map_err(|error| failed(&error, folder, "made"))?;
        Ok(TempFile { file, folder: folder.to_owned(), stop: stop.clone() })
    }
}

impl Scratch for TempFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        self.stop.check()?;
        self.file.write_all_at(bytes, at).map_err(|error| failed(&error, &self.folder, "written"))
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<(), Error> {
        self.stop.check()?;
        self.file.read_exact_at(bytes, at).map_err(|error| failed(&error, &self.folder, "read"))
    }
}

/// Why a temporary file in this folder was not to be had.
pub(crate) fn failed(error: &io::Error, folder: &Path, done: &str) -> Error {
    let (what, help) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            "the disk is full of temporary data".to_owned(),
            "free some space, name a folder with more by --temp-dir, or allow more --memory",
        ),
        _ => (
            format!("a temporary file could not be {done}: {error}"),
            "name a folder that can be written by --temp-dir",
        ),
    };
    Error::new(Kind::Io, what).in_file(name_of(folder)).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_leaves_no_trace_and_names_its_folder_in_errors() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = TempFile::create(folder.path(), &Stop::default()).unwrap();
        scratch.write_at(b"abc", 1 << 20).unwrap();
        let mut bytes = [0; 3];
        scratch.read_at(&mut bytes, 1 << 20).unwrap();
        assert_eq!(&bytes, b"abc");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let missing = folder.path().join("missing");
        let error = TempFile::create(&missing, &Stop::default()).unwrap_err().to_string();
        assert!(error.contains("missing") && error.contains("--temp-dir"), "{error}");
    }
}
