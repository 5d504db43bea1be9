//! What is packed in a SequenceFile of blocks, unpacked and counted: the least that any reader of it
//! does.
//!
//! A block is the mark −1, 16 bytes of sync marker, the number of its records, and four buffers, each
//! behind its length: lengths of keys, keys, lengths of values, values.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::{Decompress, FlushDecompress, Status};

/// Prints the number of unpacked bytes.
pub(super) fn count(path: &Path) -> Result<(), String> {
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(failed)?);
    let mut unpack = Unpack::default();
    unpack.blocks(&mut file).map_err(failed)?;
    println!("bytes={}", unpack.unpacked_bytes);
    Ok(())
}

#[derive(Default)]
struct Unpack {
    packed: Vec<u8>,
    unpacked_bytes: u64,
}

impl Unpack {
    fn blocks(&mut self, file: &mut impl Read) -> io::Result<()> {
        skip_header(file)?;
        while let Some(mark) = next_mark(file)? {
            if mark != -1 {
                return Err(io::Error::other("no mark where a block should begin"));
            }
            skip(file, 16)?;
            vint(file)?;
            for _ in 0..4 {
                let length = vint(file)?;
                self.packed.clear();
                file.take(length).read_to_end(&mut self.packed)?;
                self.unpacked_bytes += self.inflate()?;
            }
        }
        Ok(())
    }

    fn inflate(&self) -> io::Result<u64> {
        let mut inflate = Decompress::new(true);
        let mut out = vec![0; 256 << 10];
        loop {
            let taken = inflate.total_in() as usize;
            let rest = self.packed.get(taken..).unwrap_or_default();
            match inflate.decompress(rest, &mut out, FlushDecompress::None)? {
                Status::StreamEnd => return Ok(inflate.total_out()),
                Status::BufError => return Err(io::Error::other("a buffer is cut")),
                Status::Ok => {}
            }
        }
    }
}

/// Magic, names of classes, flags, codec, metadata (none), sync marker.
fn skip_header(file: &mut impl Read) -> io::Result<()> {
    skip(file, 4)?;
    for _ in 0..2 {
        let length = vint(file)?;
        skip(file, length)?;
    }
    skip(file, 2)?;
    let length = vint(file)?;
    skip(file, length)?;
    skip(file, 4 + 16)
}

fn skip(file: &mut impl Read, bytes: u64) -> io::Result<()> {
    io::copy(&mut file.take(bytes), &mut io::sink()).map(|_| ())
}

/// The next four bytes; `None` at the end of the file.
fn next_mark(file: &mut impl Read) -> io::Result<Option<i32>> {
    let mut mark = [0; 4];
    match file.read_exact(&mut mark) {
        Ok(()) => Ok(Some(i32::from_be_bytes(mark))),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(e),
    }
}

/// Hadoop's integer of variable length; none here is negative.
fn vint(file: &mut impl Read) -> io::Result<u64> {
    let mut first = [0; 1];
    file.read_exact(&mut first)?;
    let first = i8::from_be_bytes(first);
    if first >= -112 {
        return Ok(u64::try_from(first).unwrap_or(0));
    }
    let mut bytes = vec![0; usize::from((-112 - i16::from(first)).unsigned_abs())];
    file.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
