//! A file that stays the same while a job reads it, or ends the job.

use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use tsdbproof::{Error, Flow, Kind, Work, shown};

use crate::{Progress, io_error, name_of};

/// What tells a file from another in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    identity: Identity,
    size_bytes: u64,
    modified: (i64, i64),
}

/// A file, by whatever name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Identity { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Stamp {
            identity: Identity::of(metadata),
            size_bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// A file as it was when the job began. It is open only while it is read: jobs have many files.
#[derive(Debug)]
pub(crate) struct NamedFile {
    name: String,
    path: PathBuf,
    stamp: Stamp,
}

impl NamedFile {
    /// Opens a file and reads its first bytes.
    pub(crate) fn open(path: &Path, head_bytes: usize) -> Result<(Self, Vec<u8>), Error> {
        let name = name_of(path);
        let io = |error| io_error(&error, &name);
        let file = File::open(path).map_err(io)?;
        let stamp = Stamp::of(&file.metadata().map_err(io)?);
        // A byte more than a small file should have: /proc is full of files that claim no size.
        let most = usize::try_from(stamp.size_bytes.saturating_add(1)).unwrap_or(usize::MAX);
        let mut head = vec![0; head_bytes.min(most)];
        let length = read_full(&file, &mut head, 0).map_err(io)?;
        head.truncate(length);
        let named = NamedFile { name, path: path.to_owned(), stamp };
        match usize::try_from(stamp.size_bytes) {
            Ok(size) if length > size => Err(named
                .error(Kind::Unsupported, "holds more bytes than it claims to")
                .help("it is no plain file; pipe it: cat FILE | tsdbproof … -")),
            Ok(size) if length < size.min(head_bytes) => Err(named.changed()),
            _ => Ok((named, head)),
        }
    }

    /// Its name, as messages show it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.stamp.size_bytes
    }

    pub(crate) fn identity(&self) -> Identity {
        self.stamp.identity
    }

    /// Feeds the bytes from `from` on, as long as they are those of the file that was opened.
    pub(crate) fn feed(
        &self,
        from: u64,
        work: &mut dyn Work,
        buffer: &mut [u8],
        progress: &Progress,
        go_on: &dyn Fn() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let file = File::open(&self.path).map_err(|error| self.reopen_error(&error))?;
        self.check(&file.metadata())?;
        let mut at = from;
        while at < self.stamp.size_bytes {
            go_on()?;
            let rest = usize::try_from(self.stamp.size_bytes - at).unwrap_or(usize::MAX);
            let wanted = rest.min(buffer.len());
            let piece = buffer.get_mut(..wanted).unwrap_or_default();
            let length = read_full(&file, piece, at)
                .map_err(|error| self.error(Kind::Io, format!("byte {at}: {error}")))?;
            if length < wanted {
                return Err(self.changed());
            }
            progress.add(length);
            at += length as u64;
            if work.push(piece)? == Flow::Enough {
                break;
            }
        }
        self.check(&file.metadata())
    }

    /// Whether the name still leads to the file that was opened.
    pub(crate) fn check_name(&self) -> Result<(), Error> {
        self.check(&self.path.metadata())
    }

    fn check(&self, metadata: &io::Result<Metadata>) -> Result<(), Error> {
        match metadata {
            Ok(metadata) if Stamp::of(metadata) == self.stamp => Ok(()),
            Ok(_) => Err(self.changed()),
            Err(error) => Err(self.reopen_error(error)),
        }
    }

    fn reopen_error(&self, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::NotFound => self.changed(),
            _ => io_error(error, &self.name),
        }
    }

    fn changed(&self) -> Error {
        self.error(Kind::Changed, "changed while it was read")
            .help("run again when nothing writes to it, or on a copy or snapshot")
    }

    fn error(&self, kind: Kind, what: impl Into<String>) -> Error {
        Error::new(kind, shown(what.into(), 256)).in_file(&self.name)
    }
}

/// Fills `bytes` from this byte of the file on, as far as the file reaches.
fn read_full(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    let mut length = 0;
    while length < bytes.len() {
        let rest = bytes.get_mut(length..).unwrap_or_default();
        match file.read_at(rest, at + length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
