//! Points on their way into a live OpenTSDB, by `/api/put`.
//!
//! Batches go side by side, each until the server says of every point of it that it is stored (`sync`) or
//! refused (`details`). A put that is repeated writes the same cell again, so a batch whose answer was
//! lost is sent once more. What is acknowledged from the first point on without a gap is what a journal
//! keeps, and where another run goes on.
//!
//! Source: OpenTSDB 2.4.1 `tsd/PutDataPointRpc.java`; `tsd/PipelineFactory.java`: a body above 8 KiB is
//! taken for chunked and refused, and its limit counts packed bytes.

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::Write,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use serde_json::Value;
use tsdbproof::{Acknowledged, Error, Kind, Puts, quote, shown};

use super::{
    ServerOptions, address,
    ask::{self, Refusal},
    client::Client,
    delete::delete_rows,
    journal::Journal,
};
use crate::{Stop, io_error, name_of};

/// Packed bytes of a body that a server takes whatever its settings.
const BODY_BYTES: usize = 8000;
/// Times that points are sent that the server could not store.
const TRIES: u32 = 4;
/// Refused points that are named.
const NAMED: usize = 10;
/// Characters of a message that are shown.
const MESSAGE_CHARS: usize = 240;
/// How often a journal is written.
const SAVE_EVERY: Duration = Duration::from_secs(1);
const PUT: &str = "/api/put?sync&details";

/// A server that points are put into.
pub struct ServerPuts {
    shared: Arc<Shared>,
    sender: Option<SyncSender<Batch>>,
    threads: Vec<JoinHandle<()>>,
    next_index: u64,
    plan: PutPlan,
    server: String,
    journal: Option<Journal>,
    saved: Instant,
    stop: Stop,
}

/// What is done beside putting points.
#[derive(Debug, Clone, Default)]
pub struct PutPlan {
    /// What is acknowledged, for another run to go on from.
    pub journal: Option<PathBuf>,
    /// A list of rows that are deleted first.
    pub deletes: Option<PathBuf>,
    /// Where answers are kept.
    pub temp_dir: PathBuf,
}

struct Batch {
    index: u64,
    lines: Vec<u8>,
    points: u64,
}

struct Shared {
    client: Client,
    state: Mutex<State>,
}

/// What came of the batches so far.
#[derive(Default)]
struct State {
    told: Acknowledged,
    /// The batch before which all are acknowledged.
    first_open: u64,
    /// Points of acknowledged batches behind it.
    ahead: BTreeMap<u64, u64>,
    failed: Option<Error>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn acknowledge(&mut self, index: u64, points: u64) {
        self.ahead.insert(index, points);
        while let Some(points) = self.ahead.remove(&self.first_open) {
            self.first_open += 1;
            self.told.points += points;
        }
    }

    fn refuse(&mut self, count: u64, errors: &[Fault]) {
        self.told.refused += count;
        let room = NAMED.saturating_sub(self.told.first_refused.len());
        let named = errors.iter().take(room).map(|fault| {
            let Fault { error, datapoint } = fault;
            shown(format!("{datapoint}: {error}"), MESSAGE_CHARS)
        });
        self.told.first_refused.extend(named);
    }
}

impl fmt::Debug for ServerPuts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerPuts({})", self.server)
    }
}

impl ServerPuts {
    /// Sends nothing yet.
    pub fn new(
        name: &str,
        options: &ServerOptions,
        plan: PutPlan,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let server = address::base(name)?;
        let client = Client::new(server.clone(), options, stop)?;
        let state = Mutex::new(State::default());
        let shared = Arc::new(Shared { client, state });
        let (sender, batches) = sync_channel(options.concurrency.get());
        let batches = Arc::new(Mutex::new(batches));
        let mut threads = Vec::new();
        for index in 0..options.concurrency.get() {
            let (shared, batches) = (Arc::clone(&shared), Arc::clone(&batches));
            let run = move || put_all(&shared, &batches);
            threads.push(thread::Builder::new().name(format!("putter-{index}")).spawn(run)?);
        }
        Ok(ServerPuts {
            shared,
            sender: Some(sender),
            threads,
            next_index: 0,
            plan,
            server,
            journal: None,
            saved: Instant::now(),
            stop: stop.clone(),
        })
    }

    /// Asks for the server's version: an error here comes before anything is written.
    pub fn greet(&self) -> Result<(), Error> {
        match self.shared.client.greet(&self.plan.temp_dir) {
            Ok(Err(Refusal::Final(error))) | Err(error) => Err(error.in_file(&self.server)),
            Ok(_) => Ok(()),
        }
    }

    /// What the journal of this restore has to be of.
    fn what(&self, root: &str) -> Result<String, Error> {
        let Some(deletes) = &self.plan.deletes else { return Ok(root.to_owned()) };
        let size = fs::metadata(deletes).map_err(|error| io_error(&error, &name_of(deletes)))?;
        Ok(format!("{root} and {} bytes of rows", size.len()))
    }

    /// Deletes rows, unless an earlier run did: points that it put would go with them.
    fn delete(&mut self) -> Result<(), Error> {
        let Some(deletes) = self.plan.deletes.clone() else { return Ok(()) };
        if self.shared.state().told.rows_deleted.is_none() {
            let rows = delete_rows(&self.shared.client, &deletes, &self.plan.temp_dir)?;
            self.shared.state().told.rows_deleted = Some(rows);
            self.save()?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), Error> {
        self.saved = Instant::now();
        let told = self.shared.state().told.clone();
        self.journal.as_mut().map_or(Ok(()), |journal| journal.save(told))
    }

    /// Waits for what is on its way.
    fn close(&mut self) {
        self.sender = None;
        for thread in self.threads.drain(..) {
            // A panic has been told by the hook; what it had is not acknowledged.
            let _ = thread.join();
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.stop.check()?;
        let failed = self.shared.state().failed.take();
        failed.map_or(Ok(()), |error| Err(error.in_file(&self.server)))
    }
}

impl Puts for ServerPuts {
    fn begin(&mut self, root: &str) -> Result<u64, Error> {
        if let Some(path) = &self.plan.journal {
            let journal = Journal::open(path, &self.what(root)?, &self.server)?;
            self.shared.state().told = journal.told();
            self.journal = Some(journal);
            // A journal that can't be kept is found out before the server is changed.
            self.save()?;
        }
        self.delete()?;
        Ok(self.shared.state().told.points)
    }

    fn put(&mut self, lines: Vec<u8>, points: u64) -> Result<(), Error> {
        self.check()?;
        let batch = Batch { index: self.next_index, lines, points };
        self.next_index += 1;
        let sent = self.sender.as_ref().is_some_and(|sender| sender.send(batch).is_ok());
        if !sent {
            return Err(Error::new(Kind::Io, "the threads that put points ended early"));
        }
        if self.saved.elapsed() > SAVE_EVERY { self.save() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<Acknowledged, Error> {
        self.close();
        self.save()?;
        self.check()?;
        let state = self.shared.state();
        match state.ahead.is_empty() && state.first_open == self.next_index {
            true => Ok(state.told.clone()),
            false => Err(Error::new(Kind::Io, "not every batch was answered")),
        }
    }
}

impl Drop for ServerPuts {
    fn drop(&mut self) {
        self.close();
        // An error has ended the job already, and the journal is older, not wrong.
        let _ = self.save();
    }
}

/// Puts batches until there are no more; after a failure they are only taken.
fn put_all(shared: &Shared, batches: &Mutex<Receiver<Batch>>) {
    loop {
        let batch = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Batch { index, lines, points }) = batch else { return };
        if shared.state().failed.is_some() {
            continue;
        }
        let put = put(shared, &lines);
        let mut state = shared.state();
        match put {
            Ok(()) => state.acknowledge(index, points),
            Err(error) => drop(state.failed.get_or_insert(error)),
        }
    }
}

/// Puts the points of these lines, in as many bodies as it takes.
fn put(shared: &Shared, lines: &[u8]) -> Result<(), Error> {
    let all: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').filter(|it| !it.is_empty()).collect();
    let mut parts = vec![all.as_slice()];
    while let Some(part) = parts.pop() {
        let packed = gzip(part)?;
        if packed.len() > BODY_BYTES && part.len() > 1 {
            let (first, second) = part.split_at(part.len() / 2);
            parts.extend([second, first]);
            continue;
        }
        put_part(shared, &packed, part.len() as u64)?;
    }
    Ok(())
}

fn gzip(objects: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(b"[")?;
    packer.write_all(&objects.join(&b','))?;
    packer.write_all(b"]")?;
    Ok(packer.finish()?)
}

/// What `details` tell.
#[derive(Deserialize)]
struct Details {
    success: u64,
    failed: u64,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    error: String,
    datapoint: Value,
}

/// Puts points until each is stored or refused.
fn put_part(shared: &Shared, packed: &[u8], points: u64) -> Result<(), Error> {
    for attempt in 1..=TRIES {
        let (status, answer) = shared.client.post_packed(PUT, packed)?;
        let Ok(Details { success, failed, errors }) = serde_json::from_slice(&answer) else {
            return Err(not_taken(status, &answer));
        };
        if success.checked_add(failed) != Some(points) {
            let what =
                format!("of {points} points the server stored {success} and refused {failed}");
            return Err(
                Error::new(Kind::Io, what).help("ask whoever runs the server what that means")
            );
        }
        if failed == 0 {
            return Ok(());
        }
        // A point that can't be is told with 400, one that the storage did not take with 200.
        if status != 200 || attempt == TRIES {
            shared.state().refuse(failed, &errors);
            return Ok(());
        }
        shared.client.pause(attempt)?;
    }
    Ok(())
}

fn not_taken(status: u16, answer: &[u8]) -> Error {
    match ask::refusal(status, answer) {
        Refusal::Final(error) => error,
        _ => Error::new(Kind::Io, format!("the server answered {status}, and {}", quote(answer)))
            .help("ask whoever runs the server whether it takes points by /api/put"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_acknowledged_has_no_gap() {
        let mut state = State::default();
        for (index, expected) in [(2, 0), (0, 10), (3, 10), (1, 40)] {
            state.acknowledge(index, 10);
            assert_eq!(state.told.points, expected);
        }
    }
}
