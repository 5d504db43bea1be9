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
    host::{HEAD_BYTES, is_part_of_snapshot, sums_beside},
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn opening() -> Opening {
        let stdin = Box::new(Cursor::new(b"put m 1 1 a=b\n"));
        Opening::new(stdin, Limits::default(), 1 << 20, &Stop::default())
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn open(folder: &tempfile::TempDir, name: &str) -> Result<Source, Error> {
        opening().source(&[folder.path().join(name).into()], Wanted::Points)
    }

    fn names(source: &Source, folder: &tempfile::TempDir) -> Vec<String> {
        let prefix = format!("{}/", folder.path().display());
        let names = source.inputs.iter().map(|input| input.name.as_str());
        names.map(|name| name.strip_prefix(&prefix).unwrap().to_owned()).collect()
    }

    #[test]
    fn a_folder_is_its_files_by_path_without_what_others_laid_there() {
        let files = ["b", "a/2", "a/1", ".hidden", "_SUCCESS", "b.crc", ".git/x"].map(|n| (n, ""));
        let folder = folder(&files);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        assert_eq!(names(&open(&folder, "").unwrap(), &folder), ["a/1", "a/2", "b"]);
    }

    #[test]
    fn a_pattern_is_what_it_matches_unless_a_file_has_that_name() {
        let folder = folder(&[("p-1", ""), ("p-2", ""), ("q", ""), ("[x]", ""), ("x", "")]);
        assert_eq!(names(&open(&folder, "p-*").unwrap(), &folder), ["p-1", "p-2"]);
        assert_eq!(names(&open(&folder, "[x]").unwrap(), &folder), ["[x]"]);
    }

    #[test]
    fn a_name_that_stands_for_nothing_is_a_wrong_request() {
        let folder = folder(&[(".hidden", ""), ("empty/.keep", "")]);
        for name in ["r-*", "none", "empty"] {
            assert_eq!(open(&folder, name).unwrap_err().kind(), Kind::Usage, "{name}");
        }
        let error = opening().source(&["s3://bucket/x".into()], Wanted::Points).unwrap_err();
        assert!(error.to_string().starts_with("s3://bucket/x: s3:// is not supported yet\nhelp: "));
    }

    fn manifest_of(folder: &tempfile::TempDir) -> Vec<u8> {
        let mut opening = opening();
        let source = opening.source(&[folder.path().into()], Wanted::Points).unwrap();
        let temp_dir = std::env::temp_dir();
        let resources = Resources { threads: 1, temp_dir, piece_bytes: 100 };
        let host = opening.into_host(resources, Progress::default()).unwrap();
        let (options, mut out) = (tsdbproof::Options::default(), Vec::new());
        crate::block_on(tsdbproof::manifest(&host, &source, &options, &mut out)).unwrap();
        out
    }

    #[test]
    fn a_manifest_in_a_folder_is_no_backup_but_the_one_held_against_is_expected() {
        let folder = folder(&[("data", "")]);
        let manifest = folder.path().join("m.arrow");
        fs::write(&manifest, manifest_of(&folder)).unwrap();
        let source = open(&folder, "").unwrap();
        assert_eq!((source.inputs.len(), source.not_read.len()), (1, 1));
        let mut opening = opening();
        opening.input(manifest.as_os_str()).unwrap();
        let source = opening.source(&[folder.path().into()], Wanted::Points).unwrap();
        assert_eq!((source.inputs.len(), source.not_read.len()), (1, 0));
        assert_eq!(opening.opened.len(), 2);
        assert!(opening.is_input(&manifest));
        assert!(!opening.is_input(&folder.path().join("other")));
    }

    #[test]
    fn a_file_of_many_names_is_read_once_and_links_in_circles_end() {
        let files = [("a/x", ""), ("b/y", ""), ("c/z", "")];
        let folder = folder(&files);
        let at = |name: &str| folder.path().join(name);
        let link = |to: &str, from: &str| std::os::unix::fs::symlink(at(to), at(from)).unwrap();
        for from in ["a", "b", "c"] {
            for to in ["a", "b", "c"] {
                link(to, &format!("{from}/to-{to}"));
            }
        }
        link("a/x", "d");
        assert_eq!(open(&folder, "").unwrap().inputs.len(), 3);
        let twice = [at("a/x").into(), at("d").into(), at("a").into()];
        let source = opening().source(&twice, Wanted::Points).unwrap();
        assert_eq!(source.inputs.len(), 3);
        assert_eq!(open(&folder, "**").unwrap().inputs.len(), 3);
    }

    #[test]
    fn standard_input_is_read_once() {
        let mut opening = opening();
        let source = opening.source(&["-".into()], Wanted::Points).unwrap();
        assert_eq!(
            (source.inputs[0].size, source.inputs[0].beginning()),
            (None, b"put m 1 1 a=b\n".as_slice())
        );
        let error = opening.source(&["/dev/stdin".into()], Wanted::Points).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
    }

    #[test]
    fn names_cannot_steer_a_terminal() {
        let folder = folder(&[("a\u{1b}[2J", "")]);
        assert_eq!(names(&open(&folder, "").unwrap(), &folder), ["a\\u{1b}[2J"]);
    }
}
