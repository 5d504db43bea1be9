//! Tasks that several do side by side: this worker, and those that help it.

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

/// Tasks that wait, and those that were done.
pub(crate) struct Queue<W> {
    waiting: VecDeque<(usize, Task<W>)>,
    done: Vec<(usize, Result<Task<W>, Error>)>,
}

impl<W: Work> Queue<W> {
    pub(crate) fn new(tasks: Vec<Task<W>>) -> Self {
        Queue { waiting: tasks.into_iter().enumerate().collect(), done: Vec::new() }
    }

    /// The next task; of those that can be done elsewhere the next with its order.
    pub(crate) fn next(&mut self, is_elsewhere: bool) -> Option<(usize, Task<W>, Option<Vec<u8>>)> {
        if !is_elsewhere {
            return self.waiting.pop_front().map(|(index, task)| (index, task, None));
        }
        let mut orders = self.waiting.iter().map(|(_, task)| task.work.order());
        let (at, order) = orders.by_ref().enumerate().find(|(_, order)| order.is_some())?;
        drop(orders);
        self.waiting.remove(at).map(|(index, task)| (index, task, order))
    }

    /// After an error nothing new is begun.
    pub(crate) fn end(&mut self, index: usize, result: Result<Task<W>, Error>) {
        if result.is_err() {
            self.waiting.clear();
        }
        self.done.push((index, result));
    }

    /// All tasks, or the error of the first that failed.
    pub(crate) fn finish(mut self) -> Result<Vec<Task<W>>, Error> {
        self.done.sort_by_key(|(index, _)| *index);
        self.done.into_iter().map(|(_, result)| result).collect()
    }
}
