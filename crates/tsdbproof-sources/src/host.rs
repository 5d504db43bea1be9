//! The machine as a job's host: threads read files in pieces, scratch space is a temporary file.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};
use tsdbproof::{Error, Host, Kind, Scratch, Sought, Task, Work};

use crate::{
    Progress, Stop, ahead, file::NamedFile, opentsdb::Server, scratch::TempFile, stream::Stream,
};

/// What of the machine a job may take.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Threads; 0 for one of each core.
    pub threads: usize,
    /// Where scratch space lies.
    pub temp_dir: PathBuf,
    /// Bytes that are read at a time.
    pub piece_bytes: usize,
}

/// An input that is open.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A file, read in any order.
    File(NamedFile),
    /// A stream, until it is read.
    Stream(Mutex<Option<Stream>>),
    /// A server.
    Server(Box<Server>),
}

/// The machine that this program runs on.
#[derive(Debug)]
pub struct NativeHost {
    opened: Vec<Opened>,
    pool: ThreadPool,
    resources: Resources,
    stop: Stop,
    progress: Progress,
}

impl Resources {
    /// Threads, as many as will be started.
    pub fn thread_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        if self.threads == 0 { cores() } else { self.threads }
    }
}

impl NativeHost {
    pub(crate) fn new(
        opened: Vec<Opened>,
        resources: Resources,
        stop: Stop,
        progress: Progress,
    ) -> Result<Self, Error> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(resources.thread_count())
            .thread_name(|index| format!("reader-{index}"))
            .build()
            .map_err(|error| {
                Error::new(Kind::Io, format!("threads could not be started: {error}"))
            })?;
        for opened in &opened {
            if let Opened::Server(server) = opened {
                server.greet(&resources.temp_dir)?;
            }
        }
        Ok(NativeHost { opened, pool, resources, stop, progress })
    }

    /// Bytes that these tasks will read; unknown where one reads a stream.
    fn total_bytes<W>(&self, tasks: &[Task<W>]) -> Option<u64> {
        let mut first: BTreeMap<usize, u64> = BTreeMap::new();
        for task in tasks {
            let from = first.entry(task.input).or_insert(task.from);
            *from = task.from.min(*from);
        }
        let bytes = first.into_iter().map(|(input, from)| match self.opened.get(input)? {
            Opened::File(file) => Some(file.size_bytes().saturating_sub(from)),
            Opened::Stream(_) | Opened::Server(_) => None,
        });
        bytes.sum()
    }

    fn run<W: Work>(
        &self,
        task: &mut Task<W>,
        buffer: &mut [u8],
        has_spare_thread: bool,
        go_on: impl Fn() -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        go_on()?;
        let (name, fed) = match self.opened.get(task.input) {
            Some(Opened::File(file)) => {
                let mut feed = |work: &mut dyn Work| {
                    file.feed(task.from, work, buffer, &self.progress, &go_on)
                };
                let fed = match has_spare_thread {
                    true => ahead::feed(&mut task.work, feed),
                    false => feed(&mut task.work),
                };
                (file.name().to_owned(), fed)
            }
            Some(Opened::Stream(stream)) => {
                let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
                let stream = stream.filter(|_| task.from == 0).ok_or_else(|| {
                    Error::new(Kind::Unsupported, "a stream can be read only once, from its start")
                        .help("write it to a file first, and name that")
                })?;
                let name = stream.name().to_owned();
                let piece_bytes = self.resources.piece_bytes;
                (name, stream.feed(&mut task.work, piece_bytes, &self.progress))
            }
            Some(Opened::Server(server)) => {
                let temp_dir = &self.resources.temp_dir;
                let fed = server.feed(&mut task.work, temp_dir, &self.progress, go_on);
                (server.name().to_owned(), fed)
            }
            None => return Err(Error::usage(format!("there is no input {}", task.input))),
        };
        // A wish to stop is about no file.
        fed.and_then(|()| task.work.finish()).map_err(|error| match error.kind() {
            Kind::Interrupted => error,
            _ => error.in_file(name),
        })
    }

    /// A name that leads elsewhere by now stands for other bytes than those that were read.
    fn check_names(&self, inputs: impl Iterator<Item = usize>) -> Result<(), Error> {
        for input in inputs {
            if let Some(Opened::File(file)) = self.opened.get(input) {
                file.check_name()?;
            }
        }
        Ok(())
    }
}

impl Host for NativeHost {
    async fn read<W: Work>(&self, tasks: Vec<Task<W>>) -> Result<Vec<Task<W>>, Error> {
        self.progress.begin(self.total_bytes(&tasks));
        let mut inputs: Vec<usize> = tasks.iter().map(|task| task.input).collect();
        inputs.sort_unstable();
        inputs.dedup();
        // The error of the first task that fails is the job's, whichever thread was faster.
        let failed = AtomicUsize::new(usize::MAX);
        let has_spare_thread = tasks.len() < self.threads();
        let run = |buffer: &mut Vec<u8>, (index, mut task): (usize, Task<W>)| {
            let go_on = || match failed.load(Ordering::Relaxed) < index {
                true => Err(Error::new(Kind::Interrupted, "another task failed")),
                false => self.stop.check(),
            };
            let result = self.run(&mut task, buffer, has_spare_thread, go_on);
            if result.is_err() {
                failed.fetch_min(index, Ordering::Relaxed);
            }
            (index, result.map(|()| task))
        };
        let buffer = || vec![0; self.resources.piece_bytes.max(1)];
        let tasks = tasks.into_iter().enumerate().par_bridge();
        let mut done: Vec<_> = self.pool.install(|| tasks.map_init(buffer, run).collect());
        done.sort_unstable_by_key(|(index, _)| *index);
        let done = done.into_iter().map(|(_, task)| task).collect::<Result<_, _>>()?;
        self.check_names(inputs.into_iter())?;
        Ok(done)
    }

    fn seek(&self, input: usize, sought: Sought) -> Result<(), Error> {
        match self.opened.get(input) {
            Some(Opened::Server(server)) => {
                server.seek(sought);
                Ok(())
            }
            _ => Err(Error::usage(format!("input {input} is no server"))),
        }
    }

    fn scratch(&self) -> Result<Option<Arc<dyn Scratch>>, Error> {
        let file = TempFile::create(&self.resources.temp_dir, &self.stop)?;
        Ok(Some(Arc::new(file)))
    }

    fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }
}

/// Runs a job to its end. The futures of a native host are ready when they are asked.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Opening, Wanted};
    use std::{ffi::OsString, fs, io::Cursor};
    use tsdbproof::{Flow, Limits};

    /// Collects bytes, up to a number of them, and may do something at the first.
    struct Collect<'a> {
        bytes: Vec<u8>,
        most: usize,
        at_first: Option<&'a (dyn Fn() + Sync)>,
    }

    impl Work for Collect<'_> {
        fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
            if let Some(action) = self.at_first.take() {
                action();
            }
            self.bytes.extend_from_slice(bytes);
            Ok(if self.bytes.len() < self.most { Flow::More } else { Flow::Enough })
        }

        fn finish(&mut self) -> Result<(), Error> {
            self.bytes.truncate(self.most);
            Ok(())
        }
    }

    fn task(input: usize, from: u64, most: usize) -> Task<Collect<'static>> {
        Task { input, from, work: Collect { bytes: Vec::new(), most, at_first: None } }
    }

    fn host(names: &[OsString], threads: usize, stop: &Stop) -> NativeHost {
        let stdin = Box::new(Cursor::new(vec![b'x'; 1000]));
        let mut opening = Opening::new(stdin, Limits::default(), 7, stop).with_format_given(true);
        opening.source(names, Wanted::Points).unwrap();
        let temp_dir = std::env::temp_dir();
        let resources = Resources { threads, temp_dir, piece_bytes: 7 };
        opening.into_host(resources, Progress::default()).unwrap()
    }

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn tasks_come_back_in_order_with_their_bytes() {
        let bytes: Vec<u8> = (0..=255).collect();
        let file = file(&bytes);
        for threads in [1, 3] {
            let host = host(&[file.path().into(), "-".into()], threads, &Stop::default());
            let mut tasks: Vec<_> = (0..256).map(|from| task(0, from, 10)).collect();
            tasks.push(task(1, 0, usize::MAX));
            let done = block_on(host.read(tasks)).unwrap();
            for (from, task) in done.iter().take(256).enumerate() {
                assert_eq!(task.work.bytes, bytes[from..(from + 10).min(256)]);
            }
            assert_eq!(done[256].work.bytes.len(), 1000);
            let again = block_on(host.read(vec![task(1, 0, 1)])).err().unwrap();
            assert_eq!(again.kind(), Kind::Unsupported);
        }
    }

    #[test]
    fn a_file_that_changes_under_a_job_ends_it() {
        let changes: [&(dyn Fn(&std::path::Path) + Sync); 4] = [
            &|path| fs::write(path, [b'y'; 101]).unwrap(),
            &|path| fs::write(path, "cut").unwrap(),
            &|path| fs::remove_file(path).unwrap(),
            &|path| {
                let other = path.with_extension("other");
                fs::write(&other, [b'x'; 100]).unwrap();
                fs::rename(other, path).unwrap();
            },
        ];
        for change in changes {
            let file = file(&[b'x'; 100]);
            let host = host(&[file.path().into()], 1, &Stop::default());
            let action = || change(file.path());
            let mut task = task(0, 0, usize::MAX);
            task.work.at_first = Some(&action);
            let error = block_on(host.read(vec![task])).err().unwrap();
            assert_eq!(error.kind(), Kind::Changed, "{error}");
        }
    }

    #[test]
    fn the_first_task_that_fails_names_the_error_and_a_signal_ends_all() {
        let stop = Stop::default();
        let file = file(&[b'x'; 100]);
        let host = host(&[file.path().into()], 3, &stop);
        let tasks = (0..50).map(|input| task(input, 0, 100)).collect();
        let error = block_on(host.read(tasks)).err().unwrap();
        assert_eq!(error.to_string(), "there is no input 1");
        stop.flag().store(15, Ordering::Relaxed);
        let error = block_on(host.read(vec![task(0, 0, 100)])).err().unwrap();
        assert_eq!((error.kind(), stop.signal()), (Kind::Interrupted, Some(15)));
    }

    #[test]
    fn progress_counts_the_bytes_of_each_phase() {
        let file = file(&[b'x'; 100]);
        let host = host(&[file.path().into()], 2, &Stop::default());
        block_on(host.read(vec![task(0, 50, 100), task(0, 20, 28)])).unwrap();
        let phase = host.progress.phase();
        assert_eq!((phase.number, phase.done_bytes, phase.total_bytes), (1, 78, Some(80)));
    }
}
