//! Side files with the sums of the files beside them: read shortly before what they are of.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use tsdbproof_core::{Error, sort};

use super::{
    indexed::Collect,
    intake::FirstLook,
    reading::{Holds, Reading},
    staged::Staged,
};
use crate::{Host, Input, Task, Work, host::sums_beside};

/// Bytes of sums that are held at once, of more than one file.
const HELD_BYTES: u64 = 64 << 20;

/// Tells each input which other has its sums.
pub(super) fn find_sums(inputs: &[Input], readings: &mut [Reading]) {
    let sums = inputs.iter().enumerate().filter(|(_, input)| input.is_sums());
    let sums: BTreeMap<&str, usize> =
        sort::gathered(sums.map(|(at, input)| (input.name.as_str(), at)));
    if sums.is_empty() {
        return;
    }
    for (input, reading) in inputs.iter().zip(readings) {
        reading.sums = sums.get(sums_beside(&input.name).as_str()).copied();
    }
}

/// A first look, by the tasks of which each has its part of an input.
pub(super) struct Looking<'a> {
    pub(super) inputs: &'a [Input],
    pub(super) first_input: usize,
    /// Whether one task has to end before the next begins.
    pub(super) in_order: bool,
}

impl Looking<'_> {
    /// Feeds the tasks, each with the sums of its input.
    pub(super) async fn feed<H: Host>(
        &self,
        host: &H,
        mut tasks: Vec<Task<FirstLook>>,
    ) -> Result<Vec<Task<Staged<FirstLook>>>, Error> {
        let mut done = Vec::with_capacity(tasks.len());
        while !tasks.is_empty() {
            let rest = tasks.split_off(self.batch(&tasks).end);
            let batch = self.with_sums(host, tasks).await?;
            done.extend(match self.in_order {
                true => one_by_one(host, batch).await?,
                false => host.read(batch).await?,
            });
            tasks = rest;
        }
        Ok(done)
    }

    /// The first tasks, as many as have little enough of sums.
    fn batch(&self, tasks: &[Task<FirstLook>]) -> Range<usize> {
        let mut held = 0;
        let bytes = |task: &Task<FirstLook>| {
            let sums = task.work.reading.sums.and_then(|index| self.inputs.get(index));
            sums.map_or(0, |input| input.size.unwrap_or(0))
        };
        let is_beyond = |task: &Task<FirstLook>| {
            held += bytes(task);
            held > HELD_BYTES
        };
        let beyond = tasks.iter().position(is_beyond);
        0..beyond.unwrap_or(tasks.len()).max(1)
    }

    async fn with_sums<H: Host>(
        &self,
        host: &H,
        tasks: Vec<Task<FirstLook>>,
    ) -> Result<Vec<Task<Staged<FirstLook>>>, Error> {
        let mut wanted: Vec<usize> = Vec::new();
        for task in tasks.iter().filter(|task| task.work.reading.holds != Holds::NoFile) {
            let limit = task.work.reading.options.limits.index_bytes as u64;
            let is_small = |index: &usize| {
                self.inputs.get(*index).is_some_and(|input| input.size.unwrap_or(0) <= limit)
            };
            wanted.extend(task.work.reading.sums.filter(is_small));
        }
        wanted.dedup();
        let limit = usize::MAX;
        let collect = |index: &usize| Task {
            input: self.first_input + index,
            from: 0,
            work: Collect { bytes: Vec::new(), limit },
        };
        let read = host.read(wanted.iter().map(collect).collect()).await?;
        let read = read.into_iter().map(|task| Arc::from(task.work.bytes));
        let sums: BTreeMap<usize, Arc<[u8]>> = sort::gathered(wanted.into_iter().zip(read));
        let staged = |Task { input, from, mut work }: Task<FirstLook>| {
            work.sums = work.reading.sums.and_then(|index| sums.get(&index).cloned());
            Task { input, from, work: Staged::Planned(work) }
        };
        Ok(tasks.into_iter().map(staged).collect())
    }
}

/// Feeds one task after the other.
async fn one_by_one<H: Host, W: Work>(
    host: &H,
    tasks: Vec<Task<W>>,
) -> Result<Vec<Task<W>>, Error> {
    let mut done = Vec::new();
    for task in tasks {
        done.extend(host.read(vec![task]).await?);
    }
    Ok(done)
}
