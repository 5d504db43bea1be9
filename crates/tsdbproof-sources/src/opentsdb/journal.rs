//! What a server has acknowledged, in a file that is there whole or not at all: where another run goes on.

use std::{fs, io::Write, path::Path, path::PathBuf};

use serde::{Deserialize, Serialize};
use tsdbproof::{Acknowledged, Error, Kind};

use crate::{AtomicFile, Stop, io_error, name_of};

/// The journal of a restore.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    kept: Kept,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Tells that it is a journal, and of which version.
    tsdbproof_restore: u32,
    /// What is restored, and where.
    what: String,
    server: String,
    points: u64,
    refused: u64,
    first_refused: Vec<String>,
    rows_deleted: Option<u64>,
}

const VERSION: u32 = 1;

impl Journal {
    /// The journal at `path` of what has this digest, restored to this server; a new one if there is none.
    ///
    /// Errors: it is of something else.
    pub(super) fn open(path: &Path, what: &str, server: &str) -> Result<Self, Error> {
        let fresh = Kept {
            tsdbproof_restore: VERSION,
            what: what.to_owned(),
            server: server.to_owned(),
            points: 0,
            refused: 0,
            first_refused: Vec::new(),
            rows_deleted: None,
        };
        let kept = match fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => fresh,
            Err(error) => return Err(io_error(&error, &name_of(path))),
            Ok(bytes) => {
                let kept: Kept = serde_json::from_slice(&bytes).map_err(|error| {
                    Error::new(Kind::Malformed, format!("no journal of a restore: {error}"))
                        .in_file(name_of(path))
                        .help("name another file")
                })?;
                let is_same = (kept.tsdbproof_restore, &kept.what, &kept.server)
                    == (VERSION, &fresh.what, &fresh.server);
                if !is_same {
                    let what =
                        "is the journal of another restore: other points, rows or another server";
                    return Err(Error::usage(what)
                        .in_file(name_of(path))
                        .help("name another file, or remove this one to begin again"));
                }
                kept
            }
        };
        Ok(Journal { path: path.to_owned(), kept })
    }

    pub(super) fn told(&self) -> Acknowledged {
        let Kept { points, refused, first_refused, rows_deleted, .. } = self.kept.clone();
        Acknowledged { points, refused, first_refused, rows_deleted }
    }

    /// Keeps this.
    pub(super) fn save(&mut self, told: Acknowledged) -> Result<(), Error> {
        let Acknowledged { points, refused, first_refused, rows_deleted } = told;
        self.kept = Kept { points, refused, first_refused, rows_deleted, ..self.kept.clone() };
        let text = serde_json::to_vec(&self.kept).map_err(|error| {
            Error::new(Kind::Io, error.to_string()).in_file(name_of(&self.path))
        })?;
        // What was acknowledged is to be kept just when a run is interrupted.
        let mut file = AtomicFile::create(&self.path, &Stop::default())?;
        file.write_all(&text).and_then(|()| file.write_all(b"\n"))?;
        file.commit()
    }
}
