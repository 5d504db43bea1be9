//! Files that a job makes and reads back: they get their names when they are proven.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io::{self, BufWriter, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::{Builder, TempDir};
use tsdbproof::{Error, Kind, Limits, Outputs, Source};

use crate::{
    AtomicFile, NativeHost, Opening, Progress, Resources, Stop, Wanted, atomic::folder_of,
    io_error, name_of, part::Part,
};

/// What a spooled file may be used for: by its owner alone.
const MODE: u32 = 0o600;

/// Files on their way to what the user named.
#[derive(Debug)]
pub struct NativeOutputs {
    place: Place,
    /// The open file and its path.
    open: Option<(BufWriter<File>, PathBuf)>,
    /// Paths of the files so far.
    files: Vec<OsString>,
    resources: Resources,
    stop: Stop,
}

#[derive(Debug)]
enum Place {
    File(AtomicFile),
    /// A folder of files, and its name in the end.
    Folder(TempDir, PathBuf),
    /// What goes to a pipe or a device in the end; without one, to who copies it.
    Spool(Part, Option<AtomicFile>),
}

impl NativeOutputs {
    /// One file, which replaces `target` in the end. A pipe or a device is spooled.
    pub fn file(target: &Path, resources: &Resources, stop: &Stop) -> Result<Self, Error> {
        let file = AtomicFile::create(target, stop)?;
        if file.is_atomic() {
            return Ok(NativeOutputs::of(Place::File(file), resources, stop));
        }
        let mut outputs = NativeOutputs::spool(resources, stop)?;
        if let Place::Spool(_, into) = &mut outputs.place {
            *into = Some(file);
        }
        Ok(outputs)
    }

    /// Files in a new folder.
    pub fn folder(target: &Path, resources: &Resources, stop: &Stop) -> Result<Self, Error> {
        let name = name_of(target);
        let is_taken = match fs::read_dir(target) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        if is_taken {
            return Err(Error::usage("is there already, and is no empty folder")
                .in_file(name)
                .help("name a folder that is to be made"));
        }
        let mut builder = Builder::new();
        let temp = builder.prefix(".tsdbproof-").suffix(".part").tempdir_in(folder_of(target));
        let temp = temp.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::new(Kind::Io, "the folder above it does not exist")
                .in_file(&name)
                .help("make the folder above it first"),
            _ => io_error(&error, &name),
        })?;
        Ok(NativeOutputs::of(Place::Folder(temp, target.to_owned()), resources, stop))
    }

    /// One file for [`NativeOutputs::copy_to`].
    pub fn spool(resources: &Resources, stop: &Stop) -> Result<Self, Error> {
        let temp = Part::create(&resources.temp_dir, Permissions::from_mode(MODE))
            .map_err(|error| io_error(&error, &name_of(&resources.temp_dir)))?;
        Ok(NativeOutputs::of(Place::Spool(temp, None), resources, stop))
    }

    fn of(place: Place, resources: &Resources, stop: &Stop) -> Self {
        let (resources, stop) = (resources.clone(), stop.clone());
        NativeOutputs { place, open: None, files: Vec::new(), resources, stop }
    }

    /// Gives the files their names.
    pub fn commit(self) -> Result<(), Error> {
        self.stop.check()?;
        match self.place {
            Place::File(file) => file.commit(),
            Place::Folder(temp, target) => {
                let io = |error: io::Error| io_error(&error, &name_of(&target));
                match fs::remove_dir(&target) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
                    _ => {}
                }
                fs::rename(temp.path(), &target).map_err(io)?;
                // What it stood for has another name now.
                let _ = temp.keep();
                File::open(folder_of(&target)).and_then(|dir| dir.sync_all()).map_err(io)
            }
            Place::Spool(temp, into) => into.map_or(Ok(()), |mut file| {
                copy(&temp.path(), &mut file)?;
                file.commit()
            }),
        }
    }

    /// Copies a spooled file.
    pub fn copy_to(self, out: &mut dyn Write) -> Result<(), Error> {
        copy(&self.path(""), out)
    }

    /// Where the file of this path lies until the end.
    fn path(&self, path: &str) -> PathBuf {
        match &self.place {
            Place::File(file) => file.path(),
            Place::Spool(file, _) => file.path(),
            Place::Folder(temp, _) => temp.path().join(path),
        }
    }

    /// What the user will know a file as.
    fn shown(&self, path: &Path) -> String {
        match &self.place {
            Place::File(file) => file.name().to_owned(),
            Place::Spool(_, None) => "standard output".to_owned(),
            Place::Spool(_, Some(file)) => file.name().to_owned(),
            Place::Folder(temp, target) => {
                name_of(&target.join(path.strip_prefix(temp.path()).unwrap_or(path)))
            }
        }
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some((out, path)) = self.open.take() else { return Ok(()) };
        let io = |error: io::Error| io_error(&error, &self.shown(&path));
        let file = out.into_inner().map_err(|error| io(error.into_error()))?;
        file.sync_all().map_err(io)
    }
}

fn copy(from: &Path, out: &mut dyn Write) -> Result<(), Error> {
    let mut file = File::open(from).map_err(|error| io_error(&error, &name_of(from)))?;
    let copied = io::copy(&mut file, out).and_then(|_| out.flush());
    copied.map_err(|error| io_error(&error, "output"))
}

impl Outputs for NativeOutputs {
    type Host = NativeHost;

    fn begin(&mut self, path: &str) -> Result<(), Error> {
        self.close()?;
        let path = self.path(path);
        let created = match path.parent() {
            Some(folder) if matches!(self.place, Place::Folder(..)) => fs::create_dir_all(folder),
            _ => Ok(()),
        };
        let file = created
            .and_then(|()| File::options().write(true).create(true).truncate(true).open(&path));
        let file = file.map_err(|error| io_error(&error, &self.shown(&path)))?;
        self.files.push(path.clone().into_os_string());
        self.open = Some((BufWriter::new(file), path));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stop.check()?;
        let Some((out, path)) = &mut self.open else { return Ok(()) };
        let written = out.write_all(bytes);
        let path = path.clone();
        written.map_err(|error| io_error(&error, &self.shown(&path)))
    }

    async fn read_back(&mut self) -> Result<(NativeHost, Source), Error> {
        self.close()?;
        let stdin = Box::new(io::empty());
        let mut opening =
            Opening::new(stdin, Limits::default(), self.resources.piece_bytes, &self.stop)
                .with_format_given(true);
        let mut source = opening.source(&self.files, Wanted::Points)?;
        let shown: Vec<_> = self.files.iter().map(|file| self.shown(Path::new(file))).collect();
        for (input, shown) in source.inputs.iter_mut().zip(&shown) {
            input.name.clone_from(shown);
        }
        source.names = match &self.place {
            Place::Folder(_, target) => vec![name_of(target)],
            Place::File(_) | Place::Spool(..) => shown,
        };
        Ok((opening.into_host(self.resources.clone(), Progress::default())?, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block_on;

    fn resources() -> Resources {
        Resources { threads: 1, temp_dir: std::env::temp_dir(), piece_bytes: 1024 }
    }

    #[test]
    fn a_folder_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        for commits in [false, true] {
            let mut outputs =
                NativeOutputs::folder(&target, &resources(), &Stop::default()).unwrap();
            outputs.begin("a=1/part-0.txt").unwrap();
            outputs.write(b"m 1 1 a=1\n").unwrap();
            outputs.begin("a=2/part-0.txt").unwrap();
            outputs.write(b"m 2 2 a=2\n").unwrap();
            let (_, source) = block_on(outputs.read_back()).unwrap();
            assert_eq!(source.inputs[1].name, name_of(&target.join("a=2/part-0.txt")));
            assert!(!target.exists());
            if commits {
                outputs.commit().unwrap();
            }
        }
        assert_eq!(fs::read(target.join("a=1/part-0.txt")).unwrap(), b"m 1 1 a=1\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let taken = NativeOutputs::folder(&target, &resources(), &Stop::default());
        assert!(taken.unwrap_err().to_string().contains("is there already"));
    }

    #[test]
    fn what_goes_to_a_pipe_is_proven_first() {
        let mut outputs = NativeOutputs::spool(&resources(), &Stop::default()).unwrap();
        outputs.begin("").unwrap();
        outputs.write(b"m 1 1 a=1\n").unwrap();
        block_on(outputs.read_back()).unwrap();
        let mut out = Vec::new();
        outputs.copy_to(&mut out).unwrap();
        assert_eq!(out, b"m 1 1 a=1\n");
    }
}
