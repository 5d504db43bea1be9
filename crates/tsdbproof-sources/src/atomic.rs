//! Output that is there as a whole or not at all.

use std::{
    fs::{self, File, Permissions},
    io::{self, BufWriter, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tsdbproof::{Error, Kind};

use crate::{Stop, io_error, name_of, part::Part};

const BUFFER_BYTES: usize = 256 << 10;
/// What a new file may be used for, before the umask takes from it.
const MODE: u32 = 0o666;

/// A file that gets its name when it is complete; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct AtomicFile {
    /// Where it will lie; of a link, where that leads.
    target: PathBuf,
    name: String,
    out: BufWriter<Out>,
    stop: Stop,
}

#[derive(Debug)]
enum Out {
    Part(Part),
    /// A pipe or a device, which a rename would replace.
    Direct(File),
}

impl AtomicFile {
    /// Opens a file in the folder of `target`; `target` stays as it is until [`AtomicFile::commit`].
    pub fn create(target: &Path, stop: &Stop) -> Result<Self, Error> {
        let name = name_of(target);
        let opened = match fs::metadata(target) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(Error::usage("is a folder").in_file(name).help("name a file in it"));
            }
            Ok(metadata) if !metadata.is_file() => File::options()
                .write(true)
                .open(target)
                .map(|file| (target.to_owned(), Out::Direct(file))),
            Ok(metadata) => fs::canonicalize(target)
                .and_then(|target| part_beside(target, metadata.permissions())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                part_beside(target.to_owned(), Permissions::from_mode(MODE))
            }
            Err(error) => Err(error),
        };
        let (target, out) = opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::new(Kind::Io, "its folder does not exist")
                .in_file(&name)
                .help("make the folder first"),
            _ => io_error(&error, &name),
        })?;
        let out = BufWriter::with_capacity(BUFFER_BYTES, out);
        Ok(AtomicFile { target, name, out, stop: stop.clone() })
    }

    /// Puts the file in its place; after this it stays, even if the machine loses power.
    pub fn commit(self) -> Result<(), Error> {
        self.stop.check()?;
        let name = self.name;
        let io = |error: io::Error| io_error(&error, &name);
        match self.out.into_inner().map_err(|error| io(error.into_error()))? {
            Out::Direct(mut file) => file.flush().map_err(io),
            Out::Part(part) => {
                part.file().sync_all().map_err(io)?;
                part.persist(&self.target).map_err(io)?;
                File::open(folder_of(&self.target)).and_then(|dir| dir.sync_all()).map_err(io)
            }
        }
    }

    /// Where it lies until it is committed; a pipe or a device lies where it is.
    pub(crate) fn path(&self) -> PathBuf {
        match self.out.get_ref() {
            Out::Part(part) => part.path(),
            Out::Direct(_) => self.target.clone(),
        }
    }

    /// Whether it replaces what has its name, which a pipe or a device can't.
    pub(crate) fn is_atomic(&self) -> bool {
        matches!(self.out.get_ref(), Out::Part(_))
    }

    /// Its name, as the user knows it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// An error that keeps its words on the way through [`Write`].
    fn wrap(&self, error: &io::Error) -> io::Error {
        io::Error::other(io_error(error, &self.name))
    }
}

fn part_beside(target: PathBuf, permissions: Permissions) -> io::Result<(PathBuf, Out)> {
    let part = Part::create(folder_of(&target), permissions)?;
    Ok((target, Out::Part(part)))
}

pub(crate) fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Never `Interrupted`: `write_all` would try for ever.
        self.stop.check().map_err(io::Error::other)?;
        self.out.write(bytes).map_err(|error| self.wrap(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(|error| self.wrap(&error))
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Part(part) => part.file().write(bytes),
            Out::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Part(part) => part.file().flush(),
            Out::Direct(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let stop = Stop::default();
        let mut file = AtomicFile::create(&target, &stop).unwrap();
        file.write_all(b"first").unwrap();
        drop(file);
        assert!(names(folder.path()).is_empty());
        for text in ["first", "second"] {
            let mut file = AtomicFile::create(&target, &stop).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert_ne!(fs::read_to_string(&target).unwrap_or_default(), text);
            // What has no name can't be left behind, not even by a job that is killed.
            let is_unnamed = matches!(file.out.get_ref(), Out::Part(Part::Unnamed(_)));
            assert_eq!(is_unnamed, names(folder.path()).iter().all(|name| name == "out"));
            file.commit().unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
        }
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn a_link_stays_a_link_and_a_device_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let mut file = AtomicFile::create(&link, &Stop::default()).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        let mut file = AtomicFile::create(Path::new("/dev/null"), &Stop::default()).unwrap();
        file.write_all(b"x").unwrap();
        file.commit().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn a_full_disk_and_a_missing_folder_are_named() {
        let mut full = AtomicFile::create(Path::new("/dev/full"), &Stop::default()).unwrap();
        full.write_all(b"x").unwrap();
        let error = full.commit().unwrap_err().to_string();
        assert!(error.starts_with("/dev/full: the disk is full\nhelp: "), "{error}");
        let error = AtomicFile::create(Path::new("/none/x"), &Stop::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/none/x: its folder does not exist\nhelp: make the folder first"
        );
    }
}
