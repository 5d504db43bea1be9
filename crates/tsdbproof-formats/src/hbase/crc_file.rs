//! The side file `.<name>.crc` that Hadoop puts beside a file of a local disk: sums of its chunks.
//!
//! | bytes | part |
//! | --- | --- |
//! | `63 72 63 00` | `crc`, NUL |
//! | 4 | bytes of a chunk, big endian; 512 if nobody asked for another size |
//! | n × 4 | CRC-32 of each chunk of the file beside it, big endian; the last one may be shorter |
//!
//! It protects what no codec does, and shows a file that was cut between two records.
//! Source: Hadoop 3.3.6 `fs/ChecksumFileSystem.java`.

use flate2::Crc;
use tsdbproof_core::{Position, Problem, ProblemKind};

/// What a side file begins with.
const MAGIC: [u8; 4] = *b"crc\0";

/// The largest chunk; more would be no use to whoever looks for damage.
const CHUNK_BYTES: u32 = 1 << 30;

/// Whether these are the first bytes of a side file.
pub fn is_crc_file(head: &[u8]) -> bool {
    head.starts_with(&MAGIC)
}

/// Holds a file, fed in pieces of any size, against its side file.
pub struct CrcCheck {
    sums: Vec<u8>,
    chunk_bytes: u32,
    /// Of the open chunk, so far.
    crc: Crc,
    /// Chunks so far.
    count: usize,
    /// Chunks in a row that are wrong, and where the first begins.
    wrong: Option<Wrong>,
}

#[derive(Debug, Clone, Copy)]
struct Wrong {
    from: u64,
    count: u64,
}

impl CrcCheck {
    /// A check against this side file, given as a whole. Errors: what is wrong with it.
    pub fn new(side_file: &[u8]) -> Result<Self, String> {
        let head = side_file.split_first_chunk().and_then(|(magic, rest)| {
            let (size, sums) = rest.split_first_chunk()?;
            (*magic == MAGIC).then_some((u32::from_be_bytes(*size), sums))
        });
        let Some((chunk_bytes, sums)) = head else {
            return Err("no side file of Hadoop's; expected \"crc\" in front".into());
        };
        if !(1..=CHUNK_BYTES).contains(&chunk_bytes) || sums.len() % size_of::<u32>() != 0 {
            let length = sums.len();
            return Err(format!(
                "a broken side file; found {length} bytes of sums, each of {chunk_bytes} bytes"
            ));
        }
        let (sums, crc) = (sums.to_vec(), Crc::new());
        Ok(CrcCheck { sums, chunk_bytes, crc, count: 0, wrong: None })
    }

    /// Takes the next bytes of the file.
    pub fn push(&mut self, mut bytes: &[u8], report: &mut dyn FnMut(Problem)) {
        while !bytes.is_empty() {
            let room = usize::try_from(self.chunk_bytes - self.crc.amount()).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.crc.update(now);
            bytes = later;
            if self.crc.amount() == self.chunk_bytes {
                self.end_chunk(report);
            }
        }
    }

    /// The bytes of the file are over.
    pub fn finish(&mut self, report: &mut dyn FnMut(Problem)) {
        if self.crc.amount() > 0 {
            self.end_chunk(report);
        }
        self.end_wrong(report);
        let (found, expected) = (self.count, self.sums.len() / size_of::<u32>());
        if found < expected {
            let chunk = self.chunk_bytes;
            let what = format!(
                "the file is cut: its side file has sums of {expected} chunks of {chunk} bytes, found {found}"
            );
            report(problem(ProblemKind::Cut, self.at(), what));
        }
    }

    /// Where the open chunk begins.
    fn at(&self) -> u64 {
        self.count as u64 * u64::from(self.chunk_bytes)
    }

    fn end_chunk(&mut self, report: &mut dyn FnMut(Problem)) {
        let at = self.count * size_of::<u32>();
        let expected = self.sums.get(at..).and_then(<[u8]>::first_chunk);
        if expected.is_some_and(|sum| u32::from_be_bytes(*sum) == self.crc.sum()) {
            self.end_wrong(report);
        } else {
            let from = self.at();
            self.wrong.get_or_insert(Wrong { from, count: 0 }).count += 1;
        }
        self.count += 1;
        self.crc.reset();
    }

    fn end_wrong(&mut self, report: &mut dyn FnMut(Problem)) {
        if let Some(Wrong { from, count }) = self.wrong.take() {
            let (chunk, s) = (self.chunk_bytes, if count == 1 { "" } else { "s" });
            let what = format!(
                "other sums than in the side file, in {count} chunk{s} of {chunk} bytes; what is read from there may be wrong"
            );
            report(problem(ProblemKind::BadChecksum, from, what));
        }
    }
}

fn problem(kind: ProblemKind, at: u64, what: String) -> Problem {
    Problem { kind, at: Position::Byte(at), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(path: &str) -> Vec<u8> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/opentsdb/");
        std::fs::read(format!("{root}{path}")).unwrap()
    }

    fn check(side_file: &[u8], file: &[u8], piece: usize) -> Vec<(ProblemKind, Position)> {
        let mut found = Vec::new();
        let mut report = |problem: Problem| found.push((problem.kind, problem.at));
        let mut check = CrcCheck::new(side_file).unwrap();
        file.chunks(piece).for_each(|piece| check.push(piece, &mut report));
        check.finish(&mut report);
        found
    }

    #[test]
    fn side_files_of_exports_agree_with_them() {
        for (folder, part) in [("main-none", 0), ("salt-none", 3), ("main-block-lz4", 1)] {
            let file = data(&format!("seq/{folder}/part-m-{part:05}"));
            let side_file = data(&format!("seq/{folder}/.part-m-{part:05}.crc"));
            assert!(is_crc_file(&side_file));
            for piece in [1, 7, 512, file.len()] {
                assert_eq!(check(&side_file, &file, piece), [], "{folder}");
            }
        }
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_found() {
        let file = data("seq/salt-uid-none/part-m-00000");
        let side_file = data("seq/salt-uid-none/.part-m-00000.crc");
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            let chunk = Position::Byte(at as u64 / 512 * 512);
            assert_eq!(check(&side_file, &changed, 100), [(ProblemKind::BadChecksum, chunk)]);
            let found = check(&side_file, &file[..at], file.len());
            let is_whole_chunks = at % 512 == 0;
            let is_last = at / 512 == file.len() / 512;
            assert_eq!(found.len(), 2 - usize::from(is_whole_chunks || is_last), "{at}");
        }
        let mut longer = file.clone();
        longer.push(0);
        assert_eq!(check(&side_file, &longer, 100).len(), 1);
        longer.resize(5000, 0);
        let from = Position::Byte(file.len() as u64 / 512 * 512);
        assert_eq!(check(&side_file, &longer, 100), [(ProblemKind::BadChecksum, from)]);
    }

    #[test]
    fn a_side_file_that_is_none_is_refused() {
        let side_file = data("seq/salt-uid-none/.part-m-00000.crc");
        for cut in (0..side_file.len()).filter(|cut| *cut < 8 || cut % 4 != 0) {
            assert!(CrcCheck::new(&side_file[..cut]).is_err(), "{cut}");
        }
        assert!(CrcCheck::new(b"crc\0\0\0\0\0").is_err());
        assert!(CrcCheck::new(b"SEQ\x06\0\0\x02\0").is_err());
    }
}
