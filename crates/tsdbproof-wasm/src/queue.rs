//! Tasks that several do side by side: this worker, and those that help it.
//!
//! Work is taken by its trait, not by its type: a copy of all this for each of the kinds of work
//! would be a fifteenth of the page's wasm.

use std::{collections::VecDeque, future::poll_fn, pin::Pin, task::Poll};

use tsdbproof::{Error, Task, Work};

/// Work on a queue, here or in another worker.
pub(crate) type Lane<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Waits for all of them, side by side.
pub(crate) async fn join(mut lanes: Vec<Lane<'_>>) {
    poll_fn(|context| {
        lanes.retain_mut(|lane| lane.as_mut().poll(context).is_pending());
        if lanes.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// A task that waits.
pub(crate) struct Waiting<'t> {
    /// Which of the tasks it is.
    index: usize,
    pub(crate) input: usize,
    pub(crate) from: u64,
    pub(crate) work: &'t mut dyn Work,
}

/// Tasks that wait, and what went wrong with others.
pub(crate) struct Queue<'t> {
    waiting: VecDeque<Waiting<'t>>,
    failed: Option<(usize, Error)>,
}

impl<'t> Queue<'t> {
    pub(crate) fn new<W: Work>(tasks: &'t mut [Task<W>]) -> Self {
        let waiting = tasks.iter_mut().enumerate().map(|(index, task)| Waiting {
            index,
            input: task.input,
            from: task.from,
            work: &mut task.work,
        });
        Queue { waiting: waiting.collect(), failed: None }
    }

    /// The next task; of those that can be done elsewhere the next with its order.
    pub(crate) fn next(&mut self, is_elsewhere: bool) -> Option<(Waiting<'t>, Option<Vec<u8>>)> {
        if !is_elsewhere {
            return self.waiting.pop_front().map(|task| (task, None));
        }
        let mut orders = self.waiting.iter().map(|task| task.work.order());
        let (at, order) = orders.by_ref().enumerate().find(|(_, order)| order.is_some())?;
        drop(orders);
        self.waiting.remove(at).map(|task| (task, order))
    }

    /// After an error nothing new is begun.
    pub(crate) fn end(&mut self, task: &Waiting<'_>, result: Result<(), Error>) {
        let Err(error) = result else { return };
        self.waiting.clear();
        if self.failed.as_ref().is_none_or(|(index, _)| task.index < *index) {
            self.failed = Some((task.index, error));
        }
    }

    /// The error of the first task that failed.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.failed.map_or(Ok(()), |(_, error)| Err(error))
    }
}
