//! Streams of zlib, gzip and bzip2, one behind the other; each ends with a checksum.

use flate2::{Decompress, FlushDecompress, Status};

use super::too_long;

/// Unpacked bytes for which there is room at first.
const STEP_BYTES: usize = 64 << 10;

/// The window of gzip, as a power of two.
const GZIP_WINDOW: u8 = 15;

/// Decoders that wait for their next stream.
#[derive(Default)]
pub(super) struct Streams {
    /// Kept, for a file may hold millions of small streams.
    zlib: Option<Decompress>,
}

impl Streams {
    /// Appends what streams of zlib hold to `out`.
    pub(super) fn zlib(
        &mut self,
        packed: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let inflate = self.zlib.get_or_insert_with(|| Decompress::new(true));
        unpack(packed, limit, out, |packed, out| {
            inflate.reset(true);
            one(packed, limit, out, |packed, out| inflate_step(inflate, packed, out))
        })
    }

    /// Appends what members of gzip hold to `out`.
    pub(super) fn gzip(
        &mut self,
        packed: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        unpack(packed, limit, out, |packed, out| {
            let mut inflate = Decompress::new_gzip(GZIP_WINDOW);
            one(packed, limit, out, |packed, out| inflate_step(&mut inflate, packed, out))
        })
    }

    /// Appends what streams of bzip2 hold to `out`.
    pub(super) fn bzip2(
        &mut self,
        packed: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        unpack(packed, limit, out, |packed, out| {
            let mut bzip2 = bzip2::Decompress::new(false);
            one(packed, limit, out, |packed, out| bzip2_step(&mut bzip2, packed, out))
        })
    }
}

/// Unpacks streams; `one` unpacks a stream and gives back how long it is.
fn unpack(
    mut packed: &[u8],
    limit: usize,
    out: &mut Vec<u8>,
    mut one: impl FnMut(&[u8], &mut Vec<u8>) -> Result<usize, String>,
) -> Result<(), String> {
    loop {
        let read = one(packed, out)?;
        packed = packed.get(read..).unwrap_or_default();
        if out.len() > limit {
            return Err(too_long(limit));
        }
        if packed.is_empty() {
            return Ok(());
        }
    }
}

/// What a decoder did in a step.
struct Did {
    read: usize,
    is_end: bool,
}

/// Unpacks a stream; `step` fills the capacity that `out` has. Gives back the stream's length.
fn one(
    packed: &[u8],
    limit: usize,
    out: &mut Vec<u8>,
    mut step: impl FnMut(&[u8], &mut Vec<u8>) -> Result<Did, String>,
) -> Result<usize, String> {
    let mut at = 0;
    loop {
        // A byte more than the limit shows that there is more.
        let room = limit.saturating_add(1).saturating_sub(out.len());
        if room == 0 {
            return Err(too_long(limit));
        }
        if out.capacity() == out.len() {
            out.reserve_exact(room.min(out.len().max(STEP_BYTES)));
        }
        let before = out.len();
        let did = step(packed.get(at..).unwrap_or_default(), out)?;
        at += did.read;
        if did.is_end {
            return Ok(at);
        }
        if did.read == 0 && out.len() == before {
            return Err("its end is missing".into());
        }
    }
}

fn inflate_step(inflate: &mut Decompress, packed: &[u8], out: &mut Vec<u8>) -> Result<Did, String> {
    let before = inflate.total_in();
    let status = inflate
        .decompress_vec(packed, out, FlushDecompress::None)
        .map_err(|error| error.message().unwrap_or("bad deflate data").to_string())?;
    let read = usize::try_from(inflate.total_in() - before).unwrap_or(0);
    Ok(Did { read, is_end: status == Status::StreamEnd })
}

fn bzip2_step(
    bzip2: &mut bzip2::Decompress,
    packed: &[u8],
    out: &mut Vec<u8>,
) -> Result<Did, String> {
    let before = bzip2.total_in();
    let status = bzip2.decompress_vec(packed, out).map_err(|error| error.to_string())?;
    let read = usize::try_from(bzip2.total_in() - before).unwrap_or(0);
    Ok(Did { read, is_end: status == bzip2::Status::StreamEnd })
}
