//! A live OpenTSDB: its points, as answers of `/api/query` for every metric that it has.
//!
//! | file | what |
//! | --- | --- |
//! | `address`, `credentials` | where the server is, and who asks |
//! | `plan`, `ask` | which windows are asked for, with which words, and what a refusal means: pure |
//! | `client`, `whole` | one request, with its retries, up to a whole answer |
//! | `resume` | answers that outlive a run |
//! | `config` | what the server says of itself |
//! | `names`, `series` | the metrics of the server, and the series of one |
//! | `asking`, `waiting` | all windows of one metric, as far ahead as there is room for answers |
//! | `put`, `delete`, `journal` | the only code that writes: points, rows before them, and how far it came |
//!
//! Several metrics are asked for side by side, and their answers go to the job in the order of
//! metrics and windows: bytes of the format `query-json`, with what they answer for and what could
//! not be had said beside them ([`Told`]).

mod address;
mod ask;
mod asking;
mod client;
mod config;
mod credentials;
mod delete;
mod journal;
mod names;
mod plan;
mod put;
mod resume;
mod series;
mod waiting;
mod whole;

use std::{
    collections::VecDeque,
    fmt,
    io::Read,
    num::{NonZeroU32, NonZeroUsize},
    ops::Range,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::AtomicBool,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tsdbproof::{Error, Flow, Kind, Sought, Told, Unread, Work};

pub(crate) use address::{base, is_server};
pub use credentials::Credentials;
pub use put::{PutPlan, ServerPuts};
pub use resume::KeptAnswers;

use crate::{PIECE_BYTES, Progress, Stop};
use asking::{Asking, Event};
use client::{Answer, Client};
use names::Metric;

/// How servers are asked.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Requests that run side by side.
    pub concurrency: NonZeroUsize,
    /// Requests a second; `None`: as many as are answered.
    pub rate: Option<NonZeroU32>,
    /// How long a server may say nothing.
    pub timeout: Duration,
    /// The wait before a second try; each wait is twice the one before.
    pub first_wait: Duration,
    /// Bytes of the longest answer; a longer one counts as refused.
    pub answer_bytes: u64,
    /// Who asks.
    pub credentials: Credentials,
    /// Answers of a run that did not end, and where those of this one are kept.
    pub kept: Option<Arc<KeptAnswers>>,
    /// The certificates that are trusted, as PEM; `None`: those of the Mozilla Foundation.
    pub roots_pem: Option<Vec<u8>>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            concurrency: NonZeroUsize::MIN.saturating_add(3),
            rate: None,
            timeout: Duration::from_secs(120),
            first_wait: Duration::from_millis(200),
            answer_bytes: 256 << 20,
            credentials: Credentials::default(),
            kept: None,
            roots_pem: None,
        }
    }
}

/// How often who waits for an answer looks at the wish to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A server that a job reads.
pub(crate) struct Server {
    name: String,
    client: Mutex<Option<Client>>,
    concurrency: NonZeroUsize,
    sought: Mutex<Option<Sought>>,
    kept: Option<Arc<KeptAnswers>>,
    stop: Stop,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.name)
    }
}

impl Server {
    /// Asks nothing yet.
    pub(crate) fn new(name: &str, options: &ServerOptions, stop: &Stop) -> Result<Self, Error> {
        let client = Client::new(address::base(name)?, options, stop)?;
        Ok(Server {
            name: name.to_owned(),
            client: Mutex::new(Some(client)),
            concurrency: options.concurrency,
            sought: Mutex::new(None),
            kept: options.kept.clone(),
            stop: stop.clone(),
        })
    }

    /// Its name, as messages show it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Asks for its version: an error here comes before hours of work.
    pub(crate) fn greet(&self, temp_dir: &Path) -> Result<(), Error> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(client) = client.as_ref() else { return Ok(()) };
        match client.greet(temp_dir) {
            Ok(Err(ask::Refusal::Final(error))) | Err(error) => Err(error.in_file(&self.name)),
            // What else it says a query will say again.
            Ok(_) => Ok(()),
        }
    }

    /// Keeps what is sought until it is read.
    pub(crate) fn seek(&self, sought: Sought) {
        *self.sought.lock().unwrap_or_else(PoisonError::into_inner) = Some(sought);
    }

    /// Feeds all that is sought to work; once.
    pub(crate) fn feed(
        &self,
        work: &mut impl Work,
        temp_dir: &Path,
        progress: &Progress,
        go_on: impl Fn() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).take();
        let client = client.ok_or_else(|| {
            Error::new(Kind::Unsupported, "a server can be read only once in a job")
        })?;
        let sought = self.sought.lock().unwrap_or_else(PoisonError::into_inner).take();
        let sought = sought.unwrap_or_default();
        let (metrics, gaps) = names::metrics(&client, &sought, self.concurrency, temp_dir)?;
        config::duplicates(&client, temp_dir)?
            .into_iter()
            .try_for_each(|it| work.tell(it).map(drop))?;
        gaps.into_iter().map(Told::Unread).try_for_each(|told| work.tell(told).map(drop))?;
        let scope = sought.scope.from_ms.unwrap_or(0)..sought.scope.to_ms.unwrap_or(u64::MAX);
        beyond(&scope, &sought).into_iter().try_for_each(|told| work.tell(told).map(drop))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let asking = Asking {
            client,
            temp_dir: temp_dir.to_owned(),
            scope,
            now_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            waiting: Arc::default(),
            stop: self.stop.clone(),
            has_answered: AtomicBool::new(false),
        };
        let jobs = self.start(Arc::new(asking))?;
        self.read_all(metrics, &jobs, &mut Feeding { work, progress, go_on: &go_on })?;
        self.kept
            .iter()
            .filter_map(|kept| kept.note())
            .map(Told::Note)
            .try_for_each(|it| work.tell(it).map(drop))
    }

    /// Starts those who ask; they end when nobody has a job for them.
    fn start(&self, asking: Arc<Asking>) -> Result<Sender<Job>, Error> {
        let (sender, jobs) = channel::<Job>();
        let jobs = Arc::new(Mutex::new(jobs));
        for index in 0..self.concurrency.get() {
            let (asking, jobs) = (Arc::clone(&asking), Arc::clone(&jobs));
            let run = move || {
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((metric, events)) = job else { return };
                    asking.run(&metric, &events);
                }
            };
            thread::Builder::new().name(format!("asker-{index}")).spawn(run)?;
        }
        Ok(sender)
    }

    /// Feeds metric by metric, while those behind it are already asked for.
    fn read_all<W: Work>(
        &self,
        metrics: Vec<Metric>,
        jobs: &Sender<Job>,
        feeding: &mut Feeding<'_, W>,
    ) -> Result<(), Error> {
        let mut metrics = metrics.into_iter();
        let mut ahead: VecDeque<(Arc<str>, Receiver<Event>)> = VecDeque::new();
        loop {
            while ahead.len() < self.concurrency.get()
                && let Some(metric) = metrics.next()
            {
                let (sender, events) = channel();
                let name = Arc::clone(&metric.name);
                jobs.send((metric, sender)).map_err(|_| died())?;
                ahead.push_back((name, events));
            }
            let Some((name, events)) = ahead.pop_front() else { return Ok(()) };
            if self.read(&name, &events, feeding)? == Flow::Enough {
                let tell = |it| feeding.work.tell(it).map(drop);
                let behind = ahead.into_iter().map(|(name, _)| name);
                let behind = behind.chain(metrics.map(|metric| metric.name));
                return behind.map(|name| left_out(&name, 0..u64::MAX)).try_for_each(tell);
            }
        }
    }

    /// Feeds one metric.
    fn read<W: Work>(
        &self,
        metric: &Arc<str>,
        events: &Receiver<Event>,
        feeding: &mut Feeding<'_, W>,
    ) -> Result<Flow, Error> {
        let mut came = Vec::new();
        loop {
            self.stop.check()?;
            (feeding.go_on)()?;
            match events.recv_timeout(LOOK_EVERY) {
                Ok(Event::Done) => return feeding.work.tell(Told::Ended(Arc::clone(metric))),
                Ok(Event::Failed(error)) => return Err(error),
                Ok(Event::Unread(gap)) => drop(feeding.work.tell(Told::Unread(gap))?),
                Ok(Event::Came(times_ms)) => {
                    came.push(times_ms.clone());
                    let told = Told::Came { metric: Arc::clone(metric), times_ms };
                    if feeding.work.tell(told)? == Flow::Enough {
                        let rest = plan::rest_of(came).into_iter();
                        rest.map(|times| left_out(metric, times))
                            .try_for_each(|it| feeding.work.tell(it).map(drop))?;
                        return Ok(Flow::Enough);
                    }
                }
                Ok(Event::Answer(told, answer, _room)) => {
                    feeding.work.tell(told)?;
                    if feeding.push(answer)? == Flow::Enough {
                        return Ok(Flow::Enough);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(died()),
            }
        }
    }
}

/// A metric, and where its answers go.
type Job = (Metric, Sender<Event>);

/// Who takes the answers.
struct Feeding<'a, W> {
    work: &'a mut W,
    progress: &'a Progress,
    go_on: &'a dyn Fn() -> Result<(), Error>,
}

impl<W: Work> Feeding<'_, W> {
    fn push(&mut self, mut answer: Answer) -> Result<Flow, Error> {
        let mut buffer =
            vec![0; PIECE_BYTES.min(usize::try_from(answer.bytes).unwrap_or(PIECE_BYTES))];
        loop {
            (self.go_on)()?;
            let length = answer.body.read(&mut buffer)?;
            let piece = buffer.get(..length).unwrap_or_default();
            if piece.is_empty() {
                return Ok(Flow::More);
            }
            self.progress.add(length);
            if self.work.push(piece)? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
    }
}

/// What is to be said of times that can't be asked for.
fn beyond(scope: &Range<u64>, sought: &Sought) -> Option<Told> {
    if scope.end <= plan::END_MS {
        return None;
    }
    let from_ms = scope.start.max(plan::END_MS);
    if sought.known.iter().all(|known| known.last_ms < from_ms) {
        let from = tsdbproof::time::time(from_ms);
        return Some(Told::Note(format!("times from {from} on can't be asked for, and were not")));
    }
    let why = "OpenTSDB can't be asked for so late a time".to_owned();
    Some(Told::Unread(Unread { metric: None, tags: None, from_ms, to_ms: scope.end, why }))
}

/// Times of a metric that nobody has to know any more.
fn left_out(metric: &str, times_ms: Range<u64>) -> Told {
    let why = "not asked for: others differ already".to_owned();
    let (metric, Range { start: from_ms, end: to_ms }) = (Some(metric.to_owned()), times_ms);
    Told::Unread(Unread { metric, tags: None, from_ms, to_ms, why })
}

fn died() -> Error {
    Error::new(Kind::Io, "a thread that asks the server ended early")
}
