//! gzip: members one after the other, each with a checksum.
//!
//! | bytes | part of a member |
//! | --- | --- |
//! | `1f 8b 08` | magic and method (deflate) |
//! | 1 | flags: 1 text, 2 header CRC, 4 extra, 8 name, 16 comment; others must be 0 |
//! | 4 + 1 + 1 | time, XFL, OS |
//! | 2 + n, n + NUL, n + NUL, 2 | extra field, name, comment, header CRC; each if its flag is set |
//! | … | deflate data |
//! | 4 + 4 | CRC-32 and length modulo 2^32 of what is unpacked, little endian |
//!
//! Zeros behind the last member are padding (tapes, block devices) and no fault, as for gzip(1).
//! Source: RFC 1952.

use flate2::{Crc, Decompress, FlushDecompress, Status};
use tsdbproof_core::{Error, Position, Problem, ProblemKind};

use self::header::{FIXED_BYTES, Header, find_header, header};
use super::packed::{Lost, Packed, Step, Walk, Walked, cut, span};
use super::{Out, Piece};
use crate::Limits;

mod header;
#[cfg(test)]
mod tests;

/// Unpacked bytes in one piece.
const OUT_BYTES: usize = 256 << 10;

/// How far back to search for a next member. Broken deflate data is often noticed only behind the
/// next header, where members are short (bgzip); no member of bgzip is longer than this.
const BACK_BYTES: u64 = 64 << 10;

/// A gzip decompressor.
pub(super) type Gzip = Walked<Members>;

impl Gzip {
    pub(super) fn new(_: &Limits) -> Self {
        Walked::over(Members {
            state: State::Between,
            inflate: Decompress::new(false),
            crc: Crc::new(),
            buffer: vec![0; OUT_BYTES],
            unpacked: 0,
            member: Member::default(),
        })
    }
}

/// The walk over the members.
pub(super) struct Members {
    state: State,
    inflate: Decompress,
    crc: Crc,
    buffer: Vec<u8>,
    /// Unpacked bytes so far.
    unpacked: u64,
    member: Member,
}

/// What comes next in the file.
#[derive(Debug)]
enum State {
    /// A member's header, padding, or the end.
    Between,
    /// Deflate data.
    Data,
    /// A member's checksum and length.
    Trailer,
    /// Zeros that began at this packed byte.
    Padding(u64),
    /// Anything: a fault was found and the next member is not yet.
    Search(Lost),
}

/// Where the open member began.
#[derive(Debug, Default, Clone, Copy)]
struct Member {
    packed: u64,
    unpacked: u64,
}

impl Walk for Members {
    fn step(&mut self, packed: &mut Packed, out: &mut Out<'_>) -> Result<Step, Error> {
        match self.state {
            State::Between => self.between(packed, out),
            State::Data => self.data(packed, out),
            State::Trailer => self.trailer(packed, out),
            State::Padding(from) => self.padding(packed, from),
            State::Search(_) => self.search(packed, out),
        }
    }

    fn is_protected(&self) -> bool {
        true
    }
}

impl Members {
    fn between(&mut self, packed: &mut Packed, out: &mut Out<'_>) -> Result<Step, Error> {
        let place = packed.place();
        match header(packed.rest()) {
            Header::Nothing => return Ok(Step::NeedsMore),
            Header::Whole { size, sound } => {
                packed.take(size);
                self.begin(place);
                if !sound {
                    out(self.wrong_header_crc())?;
                }
            }
            Header::Short if packed.ended() => {
                packed.take_all();
                self.member = Member { packed: place, unpacked: self.unpacked };
                out(self.cut(packed, "header"))?;
            }
            Header::Short => return Ok(Step::NeedsMore),
            Header::Zero if place > 0 => self.state = State::Padding(place),
            Header::Zero | Header::Foreign => {
                let what = "bytes that belong to no gzip member".into();
                self.lose(Lost { kind: ProblemKind::StrayBytes, at: place, what, from: place });
            }
            Header::Bad { why, tried } => {
                packed.take(tried);
                packed.back_to(place + 1);
                let what = format!("gzip member with a broken header: {why}");
                self.lose(Lost { kind: ProblemKind::BadFrame, at: place, what, from: place });
            }
        }
        Ok(Step::Done)
    }

    fn begin(&mut self, place: u64) {
        self.member = Member { packed: place, unpacked: self.unpacked };
        self.inflate.reset(false);
        self.crc.reset();
        self.state = State::Data;
    }

    fn data(&mut self, packed: &mut Packed, out: &mut Out<'_>) -> Result<Step, Error> {
        let before = (self.inflate.total_in(), self.inflate.total_out());
        let result =
            self.inflate.decompress(packed.rest(), &mut self.buffer, FlushDecompress::None);
        let read = usize::try_from(self.inflate.total_in() - before.0).unwrap_or(0);
        let written = usize::try_from(self.inflate.total_out() - before.1).unwrap_or(0);
        packed.take(read);
        self.give(written, out)?;
        match result {
            Ok(Status::StreamEnd) => self.state = State::Trailer,
            Ok(_) if read > 0 || written > 0 => {}
            // The inflater always takes a byte if there is one, so the rest is empty.
            Ok(_) if !packed.ended() => return Ok(Step::NeedsMore),
            Ok(_) => self.ends_in_data(packed, out)?,
            Err(error) => self.broken(packed, error.message().unwrap_or("bad deflate data")),
        }
        Ok(Step::Done)
    }

    /// Hands out the first bytes of the buffer.
    fn give(&mut self, count: usize, out: &mut Out<'_>) -> Result<(), Error> {
        let bytes = self.buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        self.crc.update(bytes);
        self.unpacked += bytes.len() as u64;
        out(Piece::Bytes(bytes))
    }

    /// The file is over, but not the data. If a header stands in what was taken for data, the member
    /// is not cut but broken, and what follows on it was not seen.
    fn ends_in_data(&mut self, packed: &mut Packed, out: &mut Out<'_>) -> Result<(), Error> {
        self.broken(packed, "its data has no end");
        if find_header(packed.rest()).is_none() {
            packed.take_all();
            out(self.cut(packed, "data"))?;
        }
        Ok(())
    }

    /// Gives up the open member; the search for the next one begins a little before this place.
    fn broken(&mut self, packed: &mut Packed, why: &str) {
        let (at, from) = (self.member.packed, packed.place());
        let what = format!(
            "gzip member broken at packed byte {from}: {why}; {} came from it unchecked",
            span(self.member.unpacked, self.unpacked),
        );
        packed.back_to(from.saturating_sub(BACK_BYTES).max(at + 1));
        self.lose(Lost { kind: ProblemKind::BadFrame, at, what, from });
    }

    fn trailer(&mut self, packed: &mut Packed, out: &mut Out<'_>) -> Result<Step, Error> {
        let Some((trailer, _)) = packed.rest().split_first_chunk::<8>() else {
            if !packed.ended() {
                return Ok(Step::NeedsMore);
            }
            packed.take_all();
            out(self.cut(packed, "checksum"))?;
            return Ok(Step::Done);
        };
        let [a, b, c, d, e, f, g, h] = *trailer;
        packed.take(trailer.len());
        self.state = State::Between;
        let (crc, expected_crc) = (self.crc.sum(), u32::from_le_bytes([a, b, c, d]));
        let (length, expected_length) = (self.crc.amount(), u32::from_le_bytes([e, f, g, h]));
        if crc != expected_crc {
            let values = format!("checksum; found {crc:08x}, expected {expected_crc:08x}");
            out(self.wrong_trailer(&values))?;
        } else if length != expected_length {
            let values = format!("length; found {length} bytes, expected {expected_length}");
            out(self.wrong_trailer(&values))?;
        }
        Ok(Step::Done)
    }

    fn wrong_trailer(&self, values: &str) -> Piece<'static> {
        let doubt = span(self.member.unpacked, self.unpacked);
        let what = format!("gzip member with a wrong {values}; {doubt} may be wrong");
        bad_checksum(self.member.packed, what)
    }

    fn wrong_header_crc(&self) -> Piece<'static> {
        let what = "gzip member with a wrong checksum of its header";
        bad_checksum(self.member.packed, what.into())
    }

    /// The report of a member whose `part` the file's end cuts.
    fn cut(&mut self, packed: &Packed, part: &str) -> Piece<'static> {
        self.state = State::Between;
        let Member { packed: began, unpacked } = self.member;
        let unchecked = span(unpacked, self.unpacked);
        cut(
            packed.end(),
            format!(
                "gzip member that began at packed byte {began} is cut: the file ends in its {part}; {unchecked} came from it unchecked"
            ),
        )
    }

    fn padding(&mut self, packed: &mut Packed, from: u64) -> Result<Step, Error> {
        let zeros = packed.rest().iter().position(|&byte| byte != 0);
        let Some(zeros) = zeros else {
            packed.take_all();
            return Ok(Step::NeedsMore);
        };
        packed.take(zeros);
        let what = "bytes that belong to no gzip member".into();
        self.lose(Lost { kind: ProblemKind::StrayBytes, at: from, what, from });
        Ok(Step::Done)
    }

    fn lose(&mut self, lost: Lost) {
        self.state = State::Search(lost);
    }

    fn search(&mut self, packed: &mut Packed, out: &mut Out<'_>) -> Result<Step, Error> {
        let State::Search(lost) = &self.state else { return Ok(Step::Done) };
        match find_header(packed.rest()) {
            Some(at) => {
                packed.take(at);
                out(lost.found(packed.place(), "gzip member"))?;
            }
            None if packed.ended() => {
                packed.take_all();
                out(lost.not_found(packed.end()))?;
            }
            None => {
                packed.take((packed.rest().len() + 1).saturating_sub(FIXED_BYTES));
                return Ok(Step::NeedsMore);
            }
        }
        self.state = State::Between;
        Ok(Step::Done)
    }
}

fn bad_checksum(member: u64, what: String) -> Piece<'static> {
    let at = Position::PackedByte(member);
    Piece::Problem(Problem { kind: ProblemKind::BadChecksum, at, what })
}
