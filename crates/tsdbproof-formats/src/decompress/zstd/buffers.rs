//! zstd in buffers that are there as a whole, by the same walk as files.

use tsdbproof_core::{Error, Kind};

use super::{Frames, HostDecoder, Zstd, frame};
use crate::Limits;
use crate::decompress::packed::Walked;
use crate::decompress::{Decompressor, Piece};

/// Unpacks buffers of zstd frames, one after the other.
pub(crate) struct ZstdBuffers {
    limits: Limits,
    /// Kept, for a file may hold millions of small buffers. None behind a fault.
    frames: Option<Frames<HostDecoder>>,
}

impl ZstdBuffers {
    pub(crate) fn new(limits: &Limits) -> Self {
        ZstdBuffers { limits: *limits, frames: None }
    }

    /// Whether these bytes begin as frames do.
    pub(crate) fn begins_frame(packed: &[u8]) -> bool {
        use frame::Start::{Bad, Frame, Skippable};
        matches!(frame::start(packed), Skippable { .. } | Frame(_) | Bad(_))
    }

    /// Appends what a buffer holds to `out`, `limit` bytes at most; gives back whether every frame
    /// had a checksum, all of which are right.
    pub(crate) fn unpack(
        &mut self,
        packed: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool, String> {
        let mut fault = None;
        let mut take = |piece: Piece<'_>| {
            let what = match piece {
                Piece::Bytes(bytes) if out.len() + bytes.len() <= limit => {
                    out.extend_from_slice(bytes);
                    return Ok(());
                }
                Piece::Bytes(_) => format!("more than {limit} bytes come out"),
                Piece::Gap(problem) | Piece::Problem(problem) => problem.what,
            };
            fault = Some(what);
            Err(Error::new(Kind::Malformed, "a buffer of zstd frames is broken"))
        };
        let mut open = self.frames.take().map_or_else(|| Zstd::new(&self.limits), Walked::over);
        let done = open.push(packed, &mut take).and_then(|()| open.finish(&mut take));
        if let Err(error) = done {
            return Err(fault.unwrap_or_else(|| error.to_string()));
        }
        let mut frames = open.into_walk();
        let is_checked = !std::mem::take(&mut frames.has_unchecked);
        self.frames = Some(frames);
        Ok(is_checked)
    }
}
