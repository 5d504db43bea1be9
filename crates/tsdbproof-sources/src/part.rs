//! A file on its way: without a name until it is whole, so that nothing of it outlives its process, however that ends.

use std::{
    fs::{File, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, OFlags, linkat};
use tempfile::{Builder, NamedTempFile};

use crate::atomic::folder_of;

/// A file that no folder lists; where a file system has no such, one with a hidden name.
#[derive(Debug)]
pub(crate) enum Part {
    Unnamed(File),
    Named(NamedTempFile),
}

/// Hidden names, so that a folder that is a source does not show them.
fn hidden<'a>() -> Builder<'a, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".tsdbproof-").suffix(".part");
    builder
}

/// What leads to an open file that has no name.
fn path_of(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

impl Part {
    /// A new file in this folder.
    pub(crate) fn create(folder: &Path, permissions: Permissions) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true).write(true).mode(permissions.mode());
        options.custom_flags(OFlags::TMPFILE.bits().cast_signed());
        match options.open(folder) {
            Ok(file) if path_of(&file).exists() => Ok(Part::Unnamed(file)),
            // Whatever is wrong, the usual way says it in the usual words.
            _ => hidden().permissions(permissions).tempfile_in(folder).map(Part::Named),
        }
    }

    pub(crate) fn file(&self) -> &File {
        match self {
            Part::Unnamed(file) => file,
            Part::Named(temp) => temp.as_file(),
        }
    }

    /// What the file can be opened by, as long as this is there.
    pub(crate) fn path(&self) -> PathBuf {
        match self {
            Part::Unnamed(file) => path_of(file),
            Part::Named(temp) => temp.path().to_owned(),
        }
    }

    /// Gives it this name; what had it is gone.
    pub(crate) fn persist(self, target: &Path) -> io::Result<()> {
        match self {
            // A link can't replace a file, so it has a hidden name for a moment.
            Part::Unnamed(file) => {
                let link = |path: &Path| {
                    Ok(linkat(CWD, path_of(&file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
                };
                let linked = hidden().make_in(folder_of(target), link)?;
                linked.persist(target).map_err(|error| error.error)
            }
            Part::Named(temp) => temp.persist(target).map(drop).map_err(|error| error.error),
        }
    }
}
