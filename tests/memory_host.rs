//! A host whose inputs lie in memory, and which does what hosts may do: pieces of any size, tasks
//! in any order or side by side, no scratch space.

use std::{
    future::Future,
    ops::Range,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    thread,
};

use tsdbproof::{Error, Flow, Host, Input, Limits, Scratch, Source, Task, Work, host::HEAD_BYTES};

/// Inputs in memory, and how they are fed.
#[derive(Debug, Clone)]
pub(crate) struct MemoryHost {
    /// Bytes, and how often they were read.
    pub(crate) inputs: Vec<(Vec<u8>, Arc<Mutex<u32>>)>,
    /// Their names, for errors.
    pub(crate) names: Vec<String>,
    /// Sizes of the pieces, in turn.
    pub(crate) piece_bytes: Vec<usize>,
    /// How many tasks run side by side.
    pub(crate) threads: usize,
    /// Whether the inputs are streams, which can be read only once.
    pub(crate) are_streams: bool,
    /// Whether there is scratch space.
    pub(crate) has_scratch: bool,
}

impl Default for MemoryHost {
    fn default() -> Self {
        MemoryHost {
            inputs: Vec::new(),
            names: Vec::new(),
            piece_bytes: vec![64 << 10],
            threads: 2,
            are_streams: false,
            has_scratch: true,
        }
    }
}

impl MemoryHost {
    /// A source of these files, behind those of earlier sources.
    pub(crate) fn source(&mut self, files: &[(&str, &[u8])]) -> Source {
        let inputs = files.iter().map(|(name, bytes)| {
            self.inputs.push((bytes.to_vec(), Arc::default()));
            self.names.push((*name).to_owned());
            let size = (!self.are_streams).then_some(bytes.len() as u64);
            let head = &bytes[..bytes.len().min(HEAD_BYTES)];
            Input::new((*name).to_owned(), size, head, &Limits::default())
        });
        let inputs: Vec<_> = inputs.collect();
        let names = inputs.iter().map(|input| input.name.clone()).collect();
        Source { names, inputs, ..Source::default() }
    }

    fn feed<W: Work>(&self, task: &mut Task<W>) -> Result<(), Error> {
        let (bytes, reads) = &self.inputs[task.input];
        if self.are_streams {
            let mut reads = reads.lock().expect("no test panics in here");
            assert_eq!((*reads, task.from), (0, 0), "a stream can be read only once");
            *reads += 1;
        }
        let from = usize::try_from(task.from).expect("a test's input fits into memory");
        let mut rest = &bytes[from..];
        for size in self.piece_bytes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at(rest.len().min((*size).max(1)));
            rest = behind;
            if task.work.push(piece)? == Flow::Enough {
                break;
            }
        }
        task.work.finish()
    }
}

impl Host for MemoryHost {
    async fn read<W: Work>(&self, mut tasks: Vec<Task<W>>) -> Result<Vec<Task<W>>, Error> {
        // The last first: no result may depend on the order.
        let queue = Mutex::new(tasks.iter_mut().rev());
        let work = || -> Result<(), Error> {
            loop {
                let Some(task) = queue.lock().expect("no test panics in here").next() else {
                    return Ok(());
                };
                self.feed(task).map_err(|error| match self.names.get(task.input) {
                    Some(name) => error.in_file(name),
                    None => error,
                })?;
            }
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("no task panics"))
        })?;
        Ok(tasks)
    }

    fn scratch(&self) -> Result<Option<Arc<dyn Scratch>>, Error> {
        Ok(self.has_scratch.then(|| Arc::new(MemoryScratch::default()) as Arc<dyn Scratch>))
    }

    fn threads(&self) -> usize {
        self.threads
    }
}

/// Scratch space that is memory too.
#[derive(Debug, Default)]
struct MemoryScratch(Mutex<Vec<u8>>);

fn range(at: u64, length: usize) -> Range<usize> {
    let start = usize::try_from(at).expect("a test's scratch space fits into memory");
    start..start + length
}

impl Scratch for MemoryScratch {
    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        let mut space = self.0.lock().expect("no test panics in here");
        let range = range(at, bytes.len());
        if space.len() < range.end {
            space.resize(range.end, 0);
        }
        space[range].copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<(), Error> {
        let space = self.0.lock().expect("no test panics in here");
        bytes.copy_from_slice(&space[range(at, bytes.len())]);
        Ok(())
    }
}

/// What a job gives, on a host that never waits.
pub(crate) fn run<T>(job: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(job).as_mut().poll(&mut context) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("memory never waits"),
    }
}
