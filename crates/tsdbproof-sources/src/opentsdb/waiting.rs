//! Answers that came before the job has use for them: as many as the disk should hold, and never fewer
//! than one of each metric, or the metric that is read would wait for those behind it.

use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tsdbproof::Error;

use super::LOOK_EVERY;
use crate::Stop;

/// Bytes of all of them.
const BYTES: u64 = 256 << 20;
/// All of them; each may be an open file.
const ANSWERS: usize = 64;

/// All answers that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    all: Mutex<All>,
    fewer: Condvar,
}

#[derive(Debug, Default)]
struct All {
    answers: usize,
    bytes: u64,
}

/// The room of an answer, until it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    waiting: Arc<Waiting>,
    of_metric: Arc<AtomicUsize>,
    bytes: u64,
}

impl Waiting {
    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room. `of_metric` counts the answers of a metric that have it. Errors: the job shall stop.
    pub(super) fn room(
        self: &Arc<Self>,
        of_metric: &Arc<AtomicUsize>,
        bytes: u64,
        stop: &Stop,
    ) -> Result<Room, Error> {
        let mut all = self.all();
        let is_full = |all: &All| all.answers >= ANSWERS || all.bytes + bytes > BYTES;
        while is_full(&all) && of_metric.load(Ordering::SeqCst) > 0 {
            stop.check()?;
            let waited = self.fewer.wait_timeout(all, LOOK_EVERY);
            all = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        all.answers += 1;
        all.bytes += bytes;
        of_metric.fetch_add(1, Ordering::SeqCst);
        let (waiting, of_metric) = (Arc::clone(self), Arc::clone(of_metric));
        Ok(Room { waiting, of_metric, bytes })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut all = self.waiting.all();
        all.answers -= 1;
        all.bytes -= self.bytes;
        self.of_metric.fetch_sub(1, Ordering::SeqCst);
        self.waiting.fewer.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    #[test]
    fn a_metric_has_room_for_one_answer_whatever_waits_and_for_more_once_less_does() {
        let (waiting, stop) = (Arc::new(Waiting::default()), Stop::default());
        let (first, second) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let large = waiting.room(&first, BYTES, &stop).unwrap();
        let small = waiting.room(&second, 1, &stop).unwrap();
        let begin = std::time::Instant::now();
        let wait = Duration::from_millis(30);
        let free = thread::spawn(move || {
            thread::sleep(wait);
            drop(large);
        });
        drop(waiting.room(&second, 1, &stop).unwrap());
        assert!(begin.elapsed() >= wait);
        free.join().unwrap();
        drop(small);
        let all: Vec<_> = (0..ANSWERS).map(|_| waiting.room(&first, 1, &stop).unwrap()).collect();
        stop.flag().store(15, Ordering::SeqCst);
        assert!(waiting.room(&first, 1, &stop).is_err());
        drop(all);
        let All { answers, bytes } = *waiting.all();
        assert_eq!((answers, bytes), (0, 0));
    }
}
