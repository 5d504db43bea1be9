//! Answers that outlive a run, so that the next goes on where an interrupted one was.
//!
//! A gzip file of a member for each: the first tells which job it is of and when that began, every
//! other holds a request, a line feed and its answer. Each has a checksum of its own, so what a crash
//! left half written is seen, and cut off, when the file is opened again. `zcat` shows it all.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::{Compression, bufread, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use tsdbproof::{Error, Kind};

use super::client::Answer;
use crate::{io_error, name_of};

/// How the first member begins.
const MARK: &str = "tsdbproof answers 1";
/// Bytes of the longest request.
const REQUEST_BYTES: u64 = 1 << 20;

/// Answers that were had before, and those that come.
#[derive(Debug)]
pub struct KeptAnswers {
    path: PathBuf,
    file: Arc<File>,
    /// Where each answer stands, by the hash of its request.
    places: Mutex<HashMap<u64, Place>>,
    began_ms: u64,
    used: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    at: u64,
    /// Bytes of the answer, unpacked.
    bytes: u64,
}

/// What the first member says.
#[derive(Serialize, Deserialize)]
struct Job {
    job: String,
    began_ms: u64,
}

impl KeptAnswers {
    /// Those of a file, for as long as nobody else has it open; a new one where there is none.
    ///
    /// Errors: the file is of another job, or is none of this kind: then it stays as it is.
    pub fn open(path: &Path, job: &str, now_ms: u64) -> Result<Self, Error> {
        let name = name_of(path);
        let failed = |error: io::Error| io_error(&error, &name);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let mut file = file.map_err(failed)?;
        if file.try_lock().is_err() {
            return Err(Error::usage("another run keeps its answers there")
                .in_file(name)
                .help("wait for its end, or name another file by --resume"));
        }
        let mut places = HashMap::new();
        let mut began_ms = now_ms;
        if file.metadata().map_err(failed)?.len() == 0 {
            let head = Job { job: job.to_owned(), began_ms };
            let head = serde_json::to_vec(&head).map_err(|error| failed(error.into()))?;
            write_member(&mut file, MARK, &mut head.as_slice()).map_err(failed)?;
        } else {
            let mut members = Members { from: BufReader::new(&file), at: 0 };
            began_ms = began(&mut members, job).map_err(|error| error.in_file(&name))?;
            let whole = members.places(&mut places).map_err(failed)?;
            file.set_len(whole).map_err(failed)?;
        }
        let (file, places) = (Arc::new(file), Mutex::new(places));
        Ok(KeptAnswers { path: path.to_owned(), file, places, began_ms, used: AtomicU64::new(0) })
    }

    /// When the job began, in milliseconds since 1970: all that it takes for now has to stay.
    pub fn began_ms(&self) -> u64 {
        self.began_ms
    }

    /// The job is done: nobody needs them any more.
    pub fn remove(&self) -> Result<(), Error> {
        fs::remove_file(&self.path).map_err(|error| io_error(&error, &name_of(&self.path)))
    }

    /// Counts an answer that took the place of a query.
    pub(super) fn count_used(&self) {
        self.used.fetch_add(1, Ordering::Relaxed);
    }

    /// What is to be said of answers that a run before this one had.
    pub(super) fn note(&self) -> Option<String> {
        let used = self.used.swap(0, Ordering::Relaxed);
        let (name, began) = (name_of(&self.path), tsdbproof::time::time(self.began_ms));
        let answers = if used == 1 { "answer is" } else { "answers are" };
        (used > 0).then(|| {
            format!("{used} {answers} of the run that began at {began} and did not end: {name}")
        })
    }

    /// The answer that a request had.
    pub(super) fn find(&self, request: &str) -> Result<Option<Answer>, Error> {
        let place =
            self.places.lock().unwrap_or_else(PoisonError::into_inner).get(&hash(request)).copied();
        let Some(Place { at, bytes }) = place else { return Ok(None) };
        let failed = |error: io::Error| io_error(&error, &name_of(&self.path));
        let from = BufReader::new(From { file: Arc::clone(&self.file), at });
        let mut body = BufReader::new(GzDecoder::new(from));
        // Another request may have the same hash.
        let mut line = String::new();
        body.read_line(&mut line).map_err(failed)?;
        if line.strip_suffix('\n') != Some(request) {
            return Ok(None);
        }
        Ok(Some(Answer { body: Box::new(body), bytes, is_kept: true }))
    }

    /// Keeps an answer; reads it to its end.
    pub(super) fn add(&self, request: &str, body: &mut impl Read, bytes: u64) -> Result<(), Error> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = &*self.file;
        let written = file.seek(SeekFrom::End(0)).and_then(|at| {
            write_member(&mut file, request, body).inspect_err(|_| {
                // What stays of it is cut off by whoever opens the file.
                let _ = self.file.set_len(at);
            })?;
            Ok(at)
        });
        let at = written.map_err(|error| io_error(&error, &name_of(&self.path)))?;
        places.insert(hash(request), Place { at, bytes });
        Ok(())
    }
}

fn hash(request: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.hash(&mut hasher);
    hasher.finish()
}

fn write_member(to: &mut impl Write, line: &str, body: &mut impl Read) -> io::Result<()> {
    let mut packed = GzEncoder::new(BufWriter::new(to), Compression::fast());
    packed.write_all(line.as_bytes())?;
    packed.write_all(b"\n")?;
    io::copy(body, &mut packed)?;
    packed.finish()?.flush()
}

/// When the job of a file began. Errors: it is another job's, or none's.
fn began(members: &mut Members<impl BufRead>, job: &str) -> Result<u64, Error> {
    let foreign = || {
        Error::usage("is no file of answers").help("--resume makes its own: name another, or none")
    };
    let mut text = String::new();
    let mut head = bufread::GzDecoder::new(members).take(REQUEST_BYTES);
    head.read_to_string(&mut text).map_err(|_| foreign())?;
    let head = text.strip_prefix(MARK).ok_or_else(foreign)?;
    let head: Job = serde_json::from_str(head).map_err(|_| foreign())?;
    if head.job != job {
        let what = format!("keeps the answers of another job; found {}, expected {job}", head.job);
        return Err(Error::new(Kind::Usage, what).help("name another file, or remove this one"));
    }
    Ok(head.began_ms)
}

/// Members of a file, from one to the next; how far it was read.
struct Members<R> {
    from: R,
    at: u64,
}

impl<R: BufRead> Members<R> {
    /// Adds where every whole member stands; gives where the last of them ends.
    fn places(&mut self, places: &mut HashMap<u64, Place>) -> io::Result<u64> {
        loop {
            let at = self.at;
            if self.fill_buf()?.is_empty() {
                return Ok(at);
            }
            let mut member = BufReader::new(bufread::GzDecoder::new(&mut *self));
            let mut line = String::new();
            let read = (&mut member).take(REQUEST_BYTES).read_line(&mut line);
            let read = read.and_then(|_| io::copy(&mut member, &mut io::sink()));
            match (read, line.strip_suffix('\n')) {
                (Ok(bytes), Some(request)) => {
                    places.insert(hash(request), Place { at, bytes });
                }
                _ => return Ok(at),
            }
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buffer)?;
        self.at += length as u64;
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Members<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.from.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.at += length as u64;
        self.from.consume(length);
    }
}

/// A file from a byte on, whoever else reads or writes it.
struct From {
    file: Arc<File>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kept: &KeptAnswers, request: &str) -> Option<String> {
        let mut answer = kept.find(request).unwrap()?;
        let mut text = String::new();
        answer.body.read_to_string(&mut text).unwrap();
        assert_eq!(text.len() as u64, answer.bytes);
        Some(text)
    }

    #[test]
    fn what_is_whole_is_found_again_wherever_the_file_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers");
        let kept = KeptAnswers::open(&path, "job", 5).unwrap();
        let head = fs::metadata(&path).unwrap().len();
        kept.add("one", &mut "[1]".as_bytes(), 3).unwrap();
        let first = fs::metadata(&path).unwrap().len();
        kept.add("two", &mut "[2,\n2]".as_bytes(), 6).unwrap();
        assert_eq!(text(&kept, "two").as_deref(), Some("[2,\n2]"));
        assert!(
            KeptAnswers::open(&path, "job", 5).unwrap_err().to_string().contains("another run")
        );
        drop(kept);
        let all = fs::read(&path).unwrap();
        for length in usize::try_from(head).unwrap()..=all.len() {
            fs::write(&path, &all[..length]).unwrap();
            let kept = KeptAnswers::open(&path, "job", 9).unwrap();
            assert_eq!(kept.began_ms(), 5);
            let is_whole = |end: u64| length as u64 >= end;
            assert_eq!(text(&kept, "one").is_some(), is_whole(first), "{length}");
            assert_eq!(text(&kept, "two").is_some(), is_whole(all.len() as u64), "{length}");
            kept.add("three", &mut "[3]".as_bytes(), 3).unwrap();
            assert_eq!(text(&kept, "three").as_deref(), Some("[3]"));
        }
        KeptAnswers::open(&path, "job", 9).unwrap().remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_changed_byte_costs_what_stands_behind_it_and_is_never_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers");
        let kept = KeptAnswers::open(&path, "job", 5).unwrap();
        let head = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
        kept.add("one", &mut "[1]".as_bytes(), 3).unwrap();
        drop(kept);
        let all = fs::read(&path).unwrap();
        for at in head..all.len() {
            let mut bytes = all.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            let kept = KeptAnswers::open(&path, "job", 9).unwrap();
            // A header of gzip has bytes that mean nothing.
            assert!(text(&kept, "one").is_none_or(|text| text == "[1]"), "{at}");
        }
    }

    #[test]
    fn other_files_and_other_jobs_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers");
        drop(KeptAnswers::open(&path, "job", 5).unwrap());
        let error = KeptAnswers::open(&path, "another", 5).unwrap_err().to_string();
        assert!(error.contains("found job, expected another"), "{error}");
        for bytes in [&b"a text"[..], &fs::read(&path).unwrap()[..9]] {
            fs::write(&path, bytes).unwrap();
            assert!(KeptAnswers::open(&path, "job", 5).is_err());
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }
}
