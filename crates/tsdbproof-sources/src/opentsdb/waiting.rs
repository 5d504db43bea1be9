//! Answers that came before the job has use for them: as many as memory and disk should hold, and never
//! fewer than one of each metric, or the metric that is read would wait for those behind it.

use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tsdbproof::Error;

use super::{LOOK_EVERY, client::Answer};
use crate::Stop;

/// Bytes of all of them.
const BYTES: u64 = 256 << 20;
/// Bytes that they take of memory; of those in files, 64 have room.
const MEMORY_BYTES: u64 = 64 * SHORT_BYTES;
/// The longest answer that lies in memory; a longer one lies in a file, whose handle counts as much.
pub(super) const SHORT_BYTES: u64 = 64 << 10;
/// What an answer takes beside its bytes.
const OF_EACH_BYTES: u64 = 1 << 10;

/// All answers that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    all: Mutex<All>,
    fewer: Condvar,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct All {
    bytes: u64,
    memory_bytes: u64,
}

impl All {
    /// What one answer takes.
    fn of(answer: &Answer) -> Self {
        let memory_bytes = match answer.is_kept {
            true => SHORT_BYTES,
            false => (answer.bytes + OF_EACH_BYTES).min(SHORT_BYTES),
        };
        All { bytes: answer.bytes, memory_bytes }
    }

    fn has_room_for(self, one: All) -> bool {
        self.bytes + one.bytes <= BYTES && self.memory_bytes + one.memory_bytes <= MEMORY_BYTES
    }
}

/// The room of an answer, until it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    waiting: Arc<Waiting>,
    of_metric: Arc<AtomicUsize>,
    one: All,
}

impl Waiting {
    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room. `of_metric` counts the answers of a metric that have it. Errors: the job shall stop.
    pub(super) fn room(
        self: &Arc<Self>,
        of_metric: &Arc<AtomicUsize>,
        answer: &Answer,
        stop: &Stop,
    ) -> Result<Room, Error> {
        let one = All::of(answer);
        let mut all = self.all();
        while !all.has_room_for(one) && of_metric.load(Ordering::SeqCst) > 0 {
            stop.check()?;
            let waited = self.fewer.wait_timeout(all, LOOK_EVERY);
            all = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        all.bytes += one.bytes;
        all.memory_bytes += one.memory_bytes;
        of_metric.fetch_add(1, Ordering::SeqCst);
        let (waiting, of_metric) = (Arc::clone(self), Arc::clone(of_metric));
        Ok(Room { waiting, of_metric, one })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut all = self.waiting.all();
        all.bytes -= self.one.bytes;
        all.memory_bytes -= self.one.memory_bytes;
        self.of_metric.fetch_sub(1, Ordering::SeqCst);
        self.waiting.fewer.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    fn answer(bytes: u64, is_kept: bool) -> Answer {
        Answer { body: Box::new(std::io::empty()), bytes, is_kept }
    }

    #[test]
    fn a_metric_has_room_for_one_answer_whatever_waits_and_for_more_once_less_does() {
        let (waiting, stop) = (Arc::new(Waiting::default()), Stop::default());
        let (first, second) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let room = |of: &Arc<AtomicUsize>, bytes| waiting.room(of, &answer(bytes, false), &stop);
        let large = room(&first, BYTES).unwrap();
        let small = room(&second, 1).unwrap();
        let begin = std::time::Instant::now();
        let wait = Duration::from_millis(30);
        let free = thread::spawn(move || {
            thread::sleep(wait);
            drop(large);
        });
        drop(room(&second, 1).unwrap());
        assert!(begin.elapsed() >= wait);
        free.join().unwrap();
        drop(small);
        // Many short ones have room, and few long ones.
        let short: Vec<_> = (0..1000).map(|_| room(&first, 2).unwrap()).collect();
        drop(short);
        let long: Vec<_> = (0..64).map(|_| room(&first, SHORT_BYTES).unwrap()).collect();
        stop.flag().store(15, Ordering::SeqCst);
        assert!(room(&first, 2).is_err());
        drop(long);
        assert_eq!(*waiting.all(), All::default());
        assert_eq!(All::of(&answer(2, true)).memory_bytes, SHORT_BYTES);
    }
}
