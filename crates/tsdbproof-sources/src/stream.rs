//! A stream: read by a thread of its own, so that a writer who never writes can't hold up a signal.

use std::{
    fmt,
    io::{self, Read},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use tsdbproof::{Error, Flow, Kind, Work};

use crate::{Progress, Stop, io_error};

/// How often a reader that waits looks at the wish to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What a thread sends: pieces, then an empty one, or an error. A thread that just goes has died.
type Piece = io::Result<Vec<u8>>;
/// Pieces that may wait to be used.
const PIECES_AHEAD: usize = 2;

/// A stream whose head was looked at.
pub(crate) struct Stream {
    name: String,
    /// What was read and not used yet.
    head: Vec<u8>,
    /// Gone once the end was seen.
    pieces: Option<Receiver<Piece>>,
    stop: Stop,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({})", self.name)
    }
}

impl Stream {
    /// Opens a stream and reads its head.
    pub(crate) fn open<R: Read>(
        name: String,
        head_bytes: usize,
        piece_bytes: usize,
        stop: &Stop,
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
    ) -> Result<Self, Error> {
        let (sender, pieces) = sync_channel(PIECES_AHEAD);
        // Opening a named pipe waits for its writer, so that is the thread's to do as well.
        let send = move || match open() {
            Ok(input) => send_pieces(input, piece_bytes, &sender),
            Err(error) => drop(sender.send(Err(error))),
        };
        thread::Builder::new().name("stream".into()).spawn(send)?;
        let mut stream =
            Stream { name, head: Vec::new(), pieces: Some(pieces), stop: stop.clone() };
        while stream.head.len() < head_bytes {
            match stream.next()? {
                Some(piece) => stream.head.extend_from_slice(&piece),
                None => break,
            }
        }
        Ok(stream)
    }

    /// Its name, as messages show it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The first bytes.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Feeds the whole stream, from its first byte on.
    pub(crate) fn feed(
        mut self,
        work: &mut impl Work,
        piece_bytes: usize,
        progress: &Progress,
    ) -> Result<(), Error> {
        let head = std::mem::take(&mut self.head);
        let mut feed = |piece: &[u8]| {
            progress.add(piece.len());
            work.push(piece)
        };
        for piece in head.chunks(piece_bytes) {
            if feed(piece)? == Flow::Enough {
                return Ok(());
            }
        }
        while let Some(piece) = self.next()? {
            if feed(&piece)? == Flow::Enough {
                break;
            }
        }
        Ok(())
    }

    /// The next piece; `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let Some(pieces) = &self.pieces else { return Ok(None) };
        loop {
            self.stop.check()?;
            match pieces.recv_timeout(LOOK_EVERY) {
                Ok(Ok(piece)) if piece.is_empty() => {
                    self.pieces = None;
                    return Ok(None);
                }
                Ok(Ok(piece)) => return Ok(Some(piece)),
                Ok(Err(error)) => return Err(io_error(&error, &self.name)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::new(Kind::Io, "reading ended early").in_file(&self.name));
                }
            }
        }
    }
}

/// Reads to the end; a receiver that has gone ends it too.
fn send_pieces(mut input: impl Read, piece_bytes: usize, to: &SyncSender<Piece>) {
    loop {
        let mut piece = Vec::with_capacity(piece_bytes);
        // `take` fills a piece from as many short reads as a pipe needs.
        let read = input.by_ref().take(piece_bytes as u64).read_to_end(&mut piece);
        let is_last = !matches!(read, Ok(bytes) if bytes == piece_bytes);
        if !piece.is_empty() && to.send(Ok(piece)).is_err() {
            return;
        }
        if is_last {
            return drop(to.send(read.map(|_| Vec::new())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Collect(Vec<u8>);

    impl Work for Collect {
        fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
            self.0.extend_from_slice(bytes);
            Ok(Flow::More)
        }

        fn finish(&mut self) -> Result<(), Error> {
            Ok(())
        }
    }

    fn open(input: impl Read + Send + 'static) -> Result<Stream, Error> {
        Stream::open("-".into(), 10, 3, &Stop::default(), || Ok(input))
    }

    #[test]
    fn a_look_at_the_head_loses_no_byte() {
        let bytes: Vec<u8> = (0..100).collect();
        let stream = open(io::Cursor::new(bytes.clone())).unwrap();
        assert_eq!(stream.head(), &bytes[..12]);
        let mut work = Collect(Vec::new());
        stream.feed(&mut work, 3, &Progress::default()).unwrap();
        assert_eq!(work.0, bytes);
    }

    #[test]
    fn a_stream_that_breaks_or_whose_reader_dies_is_an_error() {
        struct Breaks(bool);
        impl Read for Breaks {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                assert!(!self.0, "a reader that panics");
                Err(io::Error::other("gone"))
            }
        }
        assert_eq!(open(Breaks(false)).unwrap_err().to_string(), "-: gone");
        assert_eq!(open(Breaks(true)).unwrap_err().to_string(), "-: reading ended early");
    }

    #[test]
    fn a_signal_ends_the_wait_for_a_stream() {
        struct Waits;
        impl Read for Waits {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                loop {
                    thread::park();
                }
            }
        }
        let stop = Stop::default();
        stop.flag().store(2, std::sync::atomic::Ordering::Relaxed);
        let error = Stream::open("-".into(), 10, 3, &stop, || Ok(Waits)).unwrap_err();
        assert_eq!(error.kind(), Kind::Interrupted);
    }
}
