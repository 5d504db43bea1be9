//! Opens what a user names: files, folders, globs, standard input and servers; native only.
//!
//! [`Opening`] turns names into sources, [`NativeHost`] feeds their bytes to jobs. A file is
//! stamped when it is opened, and a job ends when it finds another file in its place.

mod ahead;
mod atomic;
mod file;
mod find;
mod host;
mod memory;
mod opening;
mod opentsdb;
mod outputs;
mod part;
mod progress;
mod refused;
mod scratch;
mod stop;
mod stream;

pub use atomic::AtomicFile;
pub use host::{NativeHost, Resources, block_on};
pub use memory::memory_bytes;
pub use opening::{Items, Opening, Wanted};
pub use opentsdb::{Credentials, KeptAnswers, PutPlan, ServerOptions, ServerPuts};
pub use outputs::NativeOutputs;
pub use progress::{Phase, Progress};
pub use refused::check_address;
pub use stop::Stop;

use std::{io, path::Path};

use tsdbproof::{Error, Kind, shown};

/// Bytes that are read at a time.
pub const PIECE_BYTES: usize = 1 << 20;

/// Characters of a path that a message shows.
const PATH_CHARS: usize = 1024;

/// A path as messages and reports name it.
pub fn name_of(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        return "\"\"".to_owned();
    }
    shown(path.as_os_str().as_encoded_bytes(), PATH_CHARS)
}

/// What the system says of a file, in this program's words.
pub fn io_error(error: &io::Error, name: &str) -> Error {
    let (what, help) = match error.kind() {
        io::ErrorKind::NotFound => ("no such file".to_owned(), None),
        io::ErrorKind::PermissionDenied => (
            "may not be opened: permission denied".to_owned(),
            Some("ask its owner, or run as one who may"),
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ("the disk is full".to_owned(), Some("free some space, or choose another folder"))
        }
        io::ErrorKind::FileTooLarge => (
            "the file would be larger than a file may be here".to_owned(),
            Some("raise the limit (`ulimit -f`), or choose another file system"),
        ),
        _ => (error.to_string(), None),
    };
    let error = Error::new(Kind::Io, what).in_file(name);
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}
