//! From names to sources: what is read, what is passed over, and what is refused.
//!
//! | name | stands for |
//! | --- | --- |
//! | a file, a pipe, a device | itself |
//! | a folder | the files in it and below, by path; without hidden ones, `_SUCCESS` and `*.crc` |
//! | `…/.hbase-snapshot/NAME` | that snapshot, with the files below the root that it stands in |
//! | a pattern with `*`, `?` or `[…]` | what it matches, by path |
//! | `-` | standard input |
//! | `http://…`, `https://…` | a live OpenTSDB |
//!
//! A file brings along `.NAME.crc` beside it, in which Hadoop keeps its sums, and a folder the
//! snapshots in it. What is named by itself must be readable. What a folder or pattern brings along and no format
//! recognises is listed as not read.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    fs::{self, Metadata},
    io::Read,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
    sync::Mutex,
};

use tsdbproof::{
    Error, Input, Kind, Limits, Source,
    host::{HEAD_BYTES, is_part_of_snapshot, is_passed_over, sums_beside},
    report::NotRead,
};

use crate::{
    NativeHost, Progress, Resources, Stop,
    file::{Identity, NamedFile},
    find::{files_below, files_like, files_of_snapshot},
    host::Opened,
    io_error, name_of,
    opentsdb::{Server, ServerOptions, is_server},
    refused::{missing, nothing, read_twice, unknown},
    stream::Stream,
};

#[cfg(test)]
mod tests;

/// Other names of standard input.
const STDIN_NAMES: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// What a folder or a pattern is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Backups.
    Points,
    /// Manifests.
    Manifests,
}

/// Sources with their paths, and what can't be read.
pub type Items = (Vec<(PathBuf, Source)>, Vec<NotRead>);

/// What stands in a folder, by name, without what is hidden.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let io = |error: std::io::Error| io_error(&error, &name_of(folder));
    let paths = fs::read_dir(folder).map_err(io)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(io)?;
    let is_shown = |path: &PathBuf| {
        path.file_name().is_some_and(|name| !is_passed_over(&name.to_string_lossy()))
    };
    paths.retain(is_shown);
    paths.sort_unstable();
    Ok(paths)
}

/// Opens what a user names. A job's inputs are numbered as they are opened here.
pub struct Opening {
    opened: Vec<Opened>,
    /// The files among them.
    files: HashSet<Identity>,
    /// Those of the source that is being opened.
    in_source: HashSet<Identity>,
    stdin: Option<Box<dyn Read + Send>>,
    /// Pipes and devices, which can be read once.
    streams: Vec<Identity>,
    /// Whether any bytes will do: the user named the format.
    is_format_given: bool,
    limits: Limits,
    piece_bytes: usize,
    servers: ServerOptions,
    stop: Stop,
}

impl Opening {
    /// Opens nothing yet. `stdin` is what `-` stands for.
    pub fn new(
        stdin: Box<dyn Read + Send>,
        limits: Limits,
        piece_bytes: usize,
        stop: &Stop,
    ) -> Self {
        Opening {
            opened: Vec::new(),
            files: HashSet::new(),
            in_source: HashSet::new(),
            stdin: Some(stdin),
            streams: Vec::new(),
            is_format_given: false,
            limits,
            piece_bytes: piece_bytes.max(1),
            servers: ServerOptions::default(),
            stop: stop.clone(),
        }
    }

    /// Takes every file for what the user says that it is.
    #[must_use]
    pub fn with_format_given(mut self, is_format_given: bool) -> Self {
        self.is_format_given = is_format_given;
        self
    }

    /// Asks servers so.
    #[must_use]
    pub fn with_servers(mut self, servers: ServerOptions) -> Self {
        self.servers = servers;
        self
    }

    /// The source behind names.
    pub fn source(&mut self, names: &[OsString], wanted: Wanted) -> Result<Source, Error> {
        let mut source = Source::default();
        self.in_source.clear();
        for name in names {
            source.names.push(name_of(Path::new(name)));
            self.add(name, wanted, &mut source)?;
        }
        Ok(source)
    }

    /// The source behind names, whose table of UIDs stands behind other names, if any are given.
    pub fn source_with_uids(
        &mut self,
        names: &[OsString],
        uids: &[OsString],
    ) -> Result<Source, Error> {
        let mut source = Source::default();
        self.in_source.clear();
        for name in uids {
            self.add(name, Wanted::Points, &mut source)?;
        }
        source.uids = (!uids.is_empty()).then_some(0..source.inputs.len());
        for name in names {
            source.names.push(name_of(Path::new(name)));
            self.add(name, Wanted::Points, &mut source)?;
        }
        Ok(source)
    }

    /// A single file or stream, whatever it holds.
    pub fn input(&mut self, name: &OsStr) -> Result<Input, Error> {
        let path = Path::new(name);
        if is_stdin(name) {
            return self.stdin();
        }
        if let Some(address) = name.to_str().filter(|name| is_server(name)) {
            return self.server(address, Wanted::Manifests);
        }
        let metadata = path.metadata().map_err(|error| io_error(&error, &name_of(path)))?;
        match metadata.is_dir() {
            true => Err(Error::usage("is a folder; a file was expected").in_file(name_of(path))),
            false => self.open(path, &metadata),
        }
    }

    /// Files, and what stands in folders, each as a source of its own, and what can't be read of it.
    pub fn items(&mut self, names: &[PathBuf]) -> Result<Items, Error> {
        let mut paths = Vec::new();
        for name in names {
            match name.is_dir() {
                true => paths.extend(entries(name)?),
                false => paths.push(name.clone()),
            }
        }
        let (mut items, mut not_read) = (Vec::new(), Vec::new());
        for path in paths {
            let mut source = Source { names: vec![name_of(&path)], ..Source::default() };
            self.in_source.clear();
            match path.is_dir() {
                true if files_below(&path, &self.stop)?.is_empty() => {}
                true => self.add(path.as_os_str(), Wanted::Points, &mut source)?,
                false => match self.add_one_item(&path, &mut source)? {
                    Ok(()) => {}
                    Err(why) => source.not_read.push(NotRead { name: name_of(&path), why }),
                },
            }
            match source.inputs.is_empty() {
                true => not_read.append(&mut source.not_read),
                false => items.push((path, source)),
            }
        }
        Ok((items, not_read))
    }

    /// Adds a file that is a backup or a file of ours, or tells why it is neither.
    fn add_one_item(
        &mut self,
        path: &Path,
        source: &mut Source,
    ) -> Result<Result<(), String>, Error> {
        let metadata = path.metadata().map_err(|error| io_error(&error, &name_of(path)))?;
        if !metadata.is_file() {
            return Ok(Err("a pipe, socket or device".to_owned()));
        }
        let input = self.open(path, &metadata)?;
        if let Some(why) = input.refusal() {
            // Jobs number their inputs as they get them, and this one they don't get.
            drop(self.opened.pop());
            return Ok(Err(why));
        }
        let is_own = input.is_manifest() || input.is_patch();
        source.inputs.push(input);
        if !is_own {
            self.add_sums(path, source)?;
        }
        Ok(Ok(()))
    }

    /// Whether this path leads to a file that was opened.
    pub fn is_input(&self, path: &Path) -> bool {
        let identity = path.metadata().map(|metadata| Identity::of(&metadata));
        identity.is_ok_and(|identity| self.files.contains(&identity))
    }

    /// The host that feeds what was opened.
    pub fn into_host(self, resources: Resources, progress: Progress) -> Result<NativeHost, Error> {
        NativeHost::new(self.opened, resources, self.stop, progress)
    }

    fn add(&mut self, name: &OsStr, wanted: Wanted, source: &mut Source) -> Result<(), Error> {
        let path = Path::new(name);
        if let Some(address) = name.to_str().filter(|name| is_server(name)) {
            source.inputs.push(self.server(address, wanted)?);
            return Ok(());
        }
        if is_stdin(name) {
            let input = self.stdin()?;
            self.recognise(&input)?;
            source.inputs.push(input);
            return Ok(());
        }
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return self.add_pattern(name, wanted, source);
            }
            Err(error) => return Err(io_error(&error, &name_of(path))),
        };
        if metadata.is_dir() {
            let found = match files_of_snapshot(path, &self.stop)? {
                Some(found) => found,
                None => files_below(path, &self.stop)?,
            };
            if found.is_empty() {
                return Err(nothing(path, "holds no file"));
            }
            return self.add_found(&found, wanted, source);
        }
        if self.is_new(&metadata) {
            let input = self.open(path, &metadata)?;
            self.recognise(&input)?;
            let is_manifest = input.is_manifest();
            source.inputs.push(input);
            if metadata.is_file() && !is_manifest {
                self.add_sums(path, source)?;
            }
        }
        Ok(())
    }

    /// Adds the side file in which Hadoop keeps the sums of a file, if it lies there.
    fn add_sums(&mut self, path: &Path, source: &mut Source) -> Result<(), Error> {
        let Some(name) = path.file_name().and_then(OsStr::to_str) else { return Ok(()) };
        let beside = path.with_file_name(sums_beside(name));
        let Ok(metadata) = beside.metadata() else { return Ok(()) };
        if !metadata.is_file() || !self.is_new(&metadata) {
            return Ok(());
        }
        let input = self.open(&beside, &metadata)?;
        match input.is_sums() {
            true => source.inputs.push(input),
            // Jobs number their inputs as they get them, and this one they don't get.
            false => drop(self.opened.pop()),
        }
        Ok(())
    }

    /// Whether a file is not in the source yet: by whatever names it is reached, it is read once.
    fn is_new(&mut self, metadata: &Metadata) -> bool {
        !metadata.is_file() || self.in_source.insert(Identity::of(metadata))
    }

    fn add_pattern(
        &mut self,
        name: &OsStr,
        wanted: Wanted,
        source: &mut Source,
    ) -> Result<(), Error> {
        let path = Path::new(name);
        let Some(pattern) = name.to_str().filter(|name| name.contains(['*', '?', '['])) else {
            return Err(missing(path));
        };
        let mut found = files_like(pattern, &self.stop)?;
        if found.is_empty() {
            return Err(nothing(path, "matches no file"));
        }
        found.sort_unstable();
        self.add_found(&found, wanted, source)
    }

    /// Adds what a folder or a pattern brought along.
    fn add_found(
        &mut self,
        found: &[PathBuf],
        wanted: Wanted,
        source: &mut Source,
    ) -> Result<(), Error> {
        let beside_snapshot = found.iter().any(|path| is_part_of_snapshot(&name_of(path)));
        for path in found {
            self.stop.check()?;
            match self.add_one_found(path, wanted, beside_snapshot, source)? {
                Ok(()) if wanted == Wanted::Points => self.add_sums(path, source)?,
                Ok(()) => {}
                Err(why) => source.not_read.push(NotRead { name: name_of(path), why }),
            }
        }
        Ok(())
    }

    /// Adds a file of a folder, or tells why it is not read.
    fn add_one_found(
        &mut self,
        path: &Path,
        wanted: Wanted,
        beside_snapshot: bool,
        source: &mut Source,
    ) -> Result<Result<(), String>, Error> {
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Err("a link that leads nowhere".to_owned()));
            }
            Err(error) => return Err(io_error(&error, &name_of(path))),
        };
        if !metadata.is_file() {
            return Ok(Err("a pipe, socket or device in a folder; name it by itself".to_owned()));
        }
        if !self.is_new(&metadata) {
            return Ok(Ok(()));
        }
        let was_open = self.files.contains(&Identity::of(&metadata));
        let input = self.open(path, &metadata)?;
        let is_manifest = input.is_manifest();
        let admitted = match (wanted, is_manifest) {
            (Wanted::Manifests, true) => Ok(input),
            (Wanted::Manifests, false) => Err("no manifest".to_owned()),
            (Wanted::Points, false) if self.is_format_given => Ok(input),
            (Wanted::Points, _) => input.found(beside_snapshot),
        };
        let refusal = match admitted {
            Ok(input) => {
                source.inputs.push(input);
                Ok(())
            }
            Err(why) => {
                // Jobs number their inputs as they get them, and this one they don't get.
                drop(self.opened.pop());
                Err(why)
            }
        };
        // The manifest that a folder is held against often lies in that folder.
        Ok(if is_manifest && was_open { Ok(()) } else { refusal })
    }

    fn open(&mut self, path: &Path, metadata: &Metadata) -> Result<Input, Error> {
        if metadata.is_file() {
            let (file, head) = NamedFile::open(path, HEAD_BYTES)?;
            let input = Input::new(name_of(path), Some(file.size_bytes()), &head, &self.limits);
            self.files.insert(file.identity());
            self.opened.push(Opened::File(file));
            return Ok(input);
        }
        if metadata.file_type().is_socket() {
            return Err(Error::new(Kind::Unsupported, "is a socket").in_file(name_of(path)));
        }
        let identity = Identity::of(metadata);
        if self.streams.contains(&identity) {
            return Err(read_twice(&name_of(path)));
        }
        self.streams.push(identity);
        let owned = path.to_owned();
        self.push_stream(name_of(path), move || fs::File::open(owned))
    }

    fn server(&mut self, address: &str, wanted: Wanted) -> Result<Input, Error> {
        let server = Server::new(address, &self.servers, &self.stop)?;
        let name = name_of(Path::new(address));
        if wanted == Wanted::Manifests {
            return Err(Error::usage("is a server, and no manifest").in_file(name));
        }
        self.opened.push(Opened::Server(Box::new(server)));
        Ok(Input::live(name, &self.limits))
    }

    fn stdin(&mut self) -> Result<Input, Error> {
        let stdin = self.stdin.take().ok_or_else(|| read_twice("-"))?;
        self.push_stream("-".to_owned(), || Ok(stdin))
    }

    fn push_stream<R: Read>(
        &mut self,
        name: String,
        open: impl FnOnce() -> std::io::Result<R> + Send + 'static,
    ) -> Result<Input, Error> {
        let stream = Stream::open(name.clone(), HEAD_BYTES, self.piece_bytes, &self.stop, open)?;
        let head = stream.head().get(..HEAD_BYTES).unwrap_or(stream.head());
        let input = Input::new(name, None, head, &self.limits);
        self.opened.push(Opened::Stream(Mutex::new(Some(stream))));
        Ok(input)
    }

    /// Errors: nothing here reads these bytes.
    fn recognise(&self, input: &Input) -> Result<(), Error> {
        let refusal = input.refusal().filter(|_| !self.is_format_given);
        refusal.map_or(Ok(()), |why| Err(unknown(&input.name, &why)))
    }
}

fn is_stdin(name: &OsStr) -> bool {
    STDIN_NAMES.iter().any(|stdin| name == *stdin)
}
