//! The packed bytes of a file as the decompressors with parts (members, frames) walk over them.
//!
//! Bytes come in pieces of any size, but are walked over in windows whose bounds depend on the file
//! alone. So a header or a block lies in one slice, and neither places nor texts of faults can
//! depend on how a host cuts a file into pieces.

use tsdbproof_core::{Error, Position, Problem, ProblemKind};

use super::{Decompressor, Out, Piece};

/// Packed bytes that are gathered before they are walked over.
const WINDOW_BYTES: usize = 512 << 10;

/// Walked bytes that stay, to go back to behind a fault. No header or block is longer.
pub(super) const KEEP_BYTES: usize = (128 << 10) + 64;

/// The part of a file's packed bytes that is in memory.
pub(super) struct Packed {
    bytes: Vec<u8>,
    /// The place of `bytes[0]` in the file.
    first: u64,
    /// The place in `bytes` of the first byte not walked over.
    at: usize,
    ended: bool,
    /// How many bytes were walked over again behind faults.
    repeated: u64,
}

impl Packed {
    fn new() -> Self {
        Packed { bytes: Vec::new(), first: 0, at: 0, ended: false, repeated: 0 }
    }

    /// Takes as many bytes as there is room for; gives the others back.
    fn fill<'a>(&mut self, more: &'a [u8]) -> &'a [u8] {
        let room = WINDOW_BYTES.saturating_sub(self.bytes.len());
        let (now, later) = more.split_at_checked(room).unwrap_or((more, &[]));
        self.bytes.extend_from_slice(now);
        later
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= WINDOW_BYTES
    }

    /// Makes room: drops what was walked over, but for the last [`KEEP_BYTES`].
    fn slide(&mut self) {
        let gone = self.at.saturating_sub(KEEP_BYTES);
        self.bytes.drain(..gone);
        self.first += gone as u64;
        self.at -= gone;
    }

    /// Whether no bytes follow on [`Packed::rest`].
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The bytes not walked over yet.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The place of the rest's first byte in the file.
    pub(super) fn place(&self) -> u64 {
        self.first + self.at as u64
    }

    /// The place behind the rest.
    pub(super) fn end(&self) -> u64 {
        self.first + self.bytes.len() as u64
    }

    /// Walks over `count` bytes.
    pub(super) fn take(&mut self, count: usize) {
        self.at = self.bytes.len().min(self.at + count);
    }

    /// Walks over all there is.
    pub(super) fn take_all(&mut self) {
        self.at = self.bytes.len();
    }

    /// Goes back to `place`, or as near to it as the kept bytes reach.
    ///
    /// All steps back together are no longer than the file so far and a little, so that a file made
    /// of heads of parts without bodies takes linear time: behind that, the walk stays where it is.
    pub(super) fn back_to(&mut self, place: u64) {
        let steps = self.place().saturating_sub(place.max(self.first));
        if self.repeated + steps > self.place() + (WINDOW_BYTES as u64) {
            return;
        }
        self.repeated += steps;
        self.at -= usize::try_from(steps).unwrap_or(0);
    }
}

/// What a step of a walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A step was done; another may follow.
    Done,
    /// The rest is too short for a step, or the file is over and all is said.
    NeedsMore,
}

/// Walks over the parts of a packed file.
///
/// A step that finds the rest too short while the file has ended reports the cut and takes the rest.
/// A rest of [`KEEP_BYTES`] is never too short.
pub(super) trait Walk: Send {
    fn step(&mut self, packed: &mut Packed, out: &mut Out<'_>) -> Result<Step, Error>;

    /// Whether a checksum protects all bytes so far.
    fn is_protected(&self) -> bool;
}

/// A decompressor that walks.
pub(super) struct Walked<W> {
    packed: Packed,
    walk: W,
}

impl<W: Walk> Walked<W> {
    pub(super) fn over(walk: W) -> Self {
        Walked { packed: Packed::new(), walk }
    }

    /// The walk, where it came to.
    pub(super) fn into_walk(self) -> W {
        self.walk
    }

    fn walk(&mut self, out: &mut Out<'_>) -> Result<(), Error> {
        while self.walk.step(&mut self.packed, out)? == Step::Done {}
        Ok(())
    }
}

impl<W: Walk> Decompressor for Walked<W> {
    fn push(&mut self, mut packed: &[u8], out: &mut Out<'_>) -> Result<(), Error> {
        while !packed.is_empty() {
            packed = self.packed.fill(packed);
            if self.packed.is_full() {
                self.walk(out)?;
                self.packed.slide();
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), Error> {
        self.packed.ended = true;
        self.walk(out)
    }

    fn is_protected(&self) -> bool {
        self.walk.is_protected()
    }
}

/// A fault behind which the next part of the file must be searched for.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) kind: ProblemKind,
    /// Where the broken part or the stray bytes begin.
    pub(super) at: u64,
    pub(super) what: String,
    /// The first packed byte that was of no use.
    pub(super) from: u64,
}

impl Lost {
    /// The one report of the fault, once the search is over: `next` begins at `place`.
    pub(super) fn found(&self, place: u64, next: &str) -> Piece<'static> {
        let passed = self.passed_over(place);
        self.gap(format!(
            "{passed} passed over, reading goes on at the {next} at packed byte {place}"
        ))
    }

    /// The one report of the fault where nothing was found up to the file's end.
    pub(super) fn not_found(&self, end: u64) -> Piece<'static> {
        let passed = self.passed_over(end);
        self.gap(format!("{passed} passed over, up to the end of the file"))
    }

    fn passed_over(&self, to: u64) -> String {
        match to.saturating_sub(self.from) {
            1 => "1 packed byte".into(),
            count => format!("{count} packed bytes"),
        }
    }

    fn gap(&self, search: String) -> Piece<'static> {
        let what = format!("{}; {search}", self.what);
        Piece::Gap(Problem { kind: self.kind, at: Position::PackedByte(self.at), what })
    }
}

/// The report of a part that the file's end cuts.
pub(super) fn cut(end: u64, what: String) -> Piece<'static> {
    Piece::Gap(Problem { kind: ProblemKind::Cut, at: Position::PackedByte(end), what })
}

/// The unpacked bytes from `from` up to, not with, `to`, in words.
pub(super) fn span(from: u64, to: u64) -> String {
    match to.saturating_sub(from) {
        0 => "no unpacked bytes".into(),
        1 => format!("unpacked byte {from}"),
        _ => format!("unpacked bytes {from} to {}", to - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes back again and again, as a walk over a hostile file would.
    struct BackAndForth {
        walked: u64,
    }

    impl Walk for BackAndForth {
        fn step(&mut self, packed: &mut Packed, _: &mut Out<'_>) -> Result<Step, Error> {
            if packed.rest().is_empty() {
                return Ok(Step::NeedsMore);
            }
            let here = packed.place();
            let count = packed.rest().len().min(KEEP_BYTES);
            packed.take(count);
            self.walked += count as u64;
            packed.back_to(here + 1);
            Ok(Step::Done)
        }

        fn is_protected(&self) -> bool {
            false
        }
    }

    #[test]
    fn steps_back_never_cost_more_than_linear_time() {
        let mut walked = Walked::over(BackAndForth { walked: 0 });
        let file = vec![7; 5 << 20];
        let mut out = |_: Piece<'_>| Ok(());
        walked.push(&file, &mut out).expect("no limit is hit");
        walked.finish(&mut out).expect("no limit is hit");
        assert!(walked.walk.walked < 3 * file.len() as u64, "{}", walked.walk.walked);
        assert_eq!(walked.packed.place(), file.len() as u64);
    }
}
