//! One metric, asked for window by window; what is refused is narrowed down, to a row if need be.

use std::{
    ops::Range,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::Sender,
    },
};

use tsdbproof::{Error, Kind, Tags, Told, Unread};

use super::{
    ask::{self, Refusal},
    client::{Answer, Client},
    names::Metric,
    plan::{Refused, Windows},
    series::{Series, series},
    waiting::{Room, Waiting},
};
use crate::Stop;

/// Windows of a metric that nothing mends, after which the rest of it is given up.
const MOST_BROKEN: u32 = 4096;
/// Refusals after which a server that has not answered once is given up.
const MOST_UNANSWERED: u32 = 64;

/// What comes of a metric, in its order.
pub(super) enum Event {
    /// An answer, what it may hold, and the room that it has until it is read.
    Answer(Told, Answer, Room),
    /// Points that were not to be had.
    Unread(Unread),
    /// All of these times came, but for those points.
    Came(Range<u64>),
    /// The job ends.
    Failed(Error),
    /// The metric is over.
    Done,
}

/// What those who ask share.
pub(super) struct Asking {
    pub(super) client: Client,
    pub(super) temp_dir: PathBuf,
    pub(super) scope: Range<u64>,
    pub(super) now_ms: u64,
    pub(super) waiting: Arc<Waiting>,
    pub(super) stop: Stop,
    /// Whether the server answered any query.
    pub(super) has_answered: AtomicBool,
}

/// Why no more is asked.
enum Ended {
    Failed(Error),
    /// Nobody wants to know.
    Unwanted,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Ended::Failed(error)
    }
}

impl Asking {
    /// Asks for all of a metric.
    pub(super) fn run(&self, metric: &Metric, events: &Sender<Event>) {
        let mut asker = Asker {
            asking: self,
            metric,
            events,
            waiting: Arc::default(),
            series: None,
            refusals: 0,
            broken: 0,
        };
        let end = match asker.run() {
            Ok(()) => Event::Done,
            Err(Ended::Failed(error)) => Event::Failed(error),
            Err(Ended::Unwanted) => return,
        };
        // Whoever went does not wait for it.
        let _ = events.send(end);
    }
}

struct Asker<'a> {
    asking: &'a Asking,
    metric: &'a Metric,
    events: &'a Sender<Event>,
    /// Its answers that wait to be read.
    waiting: Arc<AtomicUsize>,
    /// The series of the metric, once they were needed; or why they are not known.
    series: Option<Result<Vec<Vec<Series>>, String>>,
    refusals: u32,
    /// Those that no shorter window mends.
    broken: u32,
}

impl Asker<'_> {
    fn run(&mut self) -> Result<(), Ended> {
        let scope = &self.asking.scope;
        let Some(only) = &self.metric.only_ms else { return self.run_in(scope.clone()) };
        let parts = only.iter().map(|it| it.start.max(scope.start)..it.end.min(scope.end));
        parts.filter(|part| !part.is_empty()).try_for_each(|part| self.run_in(part))
    }

    fn run_in(&mut self, scope: Range<u64>) -> Result<(), Ended> {
        let mut windows = Windows::new(scope, self.metric.known_ms, self.asking.now_ms);
        while let Some(window) = windows.next() {
            let (why, is_too_much) = match self.query(None, &window)? {
                Ok(bytes) => {
                    windows.answered(bytes);
                    self.send(Event::Came(window))?;
                    continue;
                }
                Err(Refusal::Unknown) => return self.unknown(),
                Err(refusal) => reason(refusal)?,
            };
            self.count_refusal(&why)?;
            self.broken += u32::from(!is_too_much);
            if self.broken > MOST_BROKEN {
                let rest = windows.give_up().map_or(window.clone(), |rest| {
                    rest.start.min(window.start)..rest.end.max(window.end)
                });
                return self.unread(None, &rest, format!("{why}; too many refusals to go on"));
            }
            if windows.refused(&window, is_too_much) == Refused::Least {
                self.broken += u32::from(is_too_much);
                self.series_by_series(&window, &why, is_too_much)?;
                self.send(Event::Came(window))?;
            }
        }
        Ok(())
    }

    /// A metric without a UID has no points; one that the server itself lists is a contradiction.
    fn unknown(&self) -> Result<(), Ended> {
        match self.metric.known_ms {
            Some(_) => Ok(()),
            None => {
                let why = "the server lists the metric, and then does not know it";
                self.unread(None, &self.asking.scope, why.to_owned())
            }
        }
    }

    /// Asks for a window, and hands the answer on; gives its size.
    fn query(
        &self,
        tsuids: Option<&[String]>,
        window: &Range<u64>,
    ) -> Result<Result<u64, Refusal>, Ended> {
        let Asking { client, temp_dir, waiting, stop, has_answered, .. } = self.asking;
        let body = ask::query(&self.metric.name, tsuids, window);
        match client.query(&body, temp_dir)? {
            Ok(answer) => {
                has_answered.store(true, Ordering::Relaxed);
                let bytes = answer.bytes;
                let room = waiting.room(&self.waiting, &answer, stop)?;
                self.send(Event::Answer(ask::told(&self.metric.name, window), answer, room))?;
                Ok(Ok(bytes))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// A server that refuses everything says nothing of what it holds.
    fn count_refusal(&mut self, why: &str) -> Result<(), Ended> {
        self.refusals += 1;
        let has_answered = self.asking.has_answered.load(Ordering::Relaxed);
        if !has_answered && self.refusals >= MOST_UNANSWERED {
            let what = format!("the server refuses every query: {why}");
            let error = Error::new(Kind::Io, what);
            return Err(error.help("ask whoever runs the server what that means").into());
        }
        Ok(())
    }

    /// Asks for a window that can't be halved, for groups of series, down to single ones.
    ///
    /// What is broken must be found so, or it stands in a series that is not listed; what is too much need
    /// not, but of no series it can't be.
    fn series_by_series(
        &mut self,
        window: &Range<u64>,
        why: &str,
        is_too_much: bool,
    ) -> Result<(), Ended> {
        if self.series.is_none() {
            let Asking { client, temp_dir, .. } = self.asking;
            self.series = Some(series(client, &self.metric.name, temp_dir)?);
        }
        let mut groups = match &self.series {
            Some(Ok(groups)) => groups.clone(),
            Some(Err(unknown)) => {
                let why = format!("{why}; which series that is can't be told: {unknown}");
                return self.unread(None, window, why);
            }
            None => Vec::new(),
        };
        let mut is_explained = is_too_much && !groups.is_empty();
        groups.reverse();
        while let Some(mut group) = groups.pop() {
            let tsuids: Vec<String> = group.iter().map(|series| series.tsuid.clone()).collect();
            let why = match self.query(Some(&tsuids), window)? {
                Ok(_) => continue,
                Err(refusal) => reason(refusal)?.0,
            };
            self.count_refusal(&why)?;
            if let [series] = group.as_slice() {
                self.unread(Some(series.tags.clone()), window, why)?;
                is_explained = true;
                continue;
            }
            let rest = group.split_off(group.len() / 2);
            groups.extend([rest, group]);
        }
        if is_explained {
            return Ok(());
        }
        let why = format!("{why}; no series that the server lists is refused by itself");
        self.unread(None, window, why)
    }

    fn unread(&self, tags: Option<Tags>, window: &Range<u64>, why: String) -> Result<(), Ended> {
        let metric = Some(self.metric.name.to_string());
        let Range { start: from_ms, end: to_ms } = *window;
        self.send(Event::Unread(Unread { metric, tags, from_ms, to_ms, why }))
    }

    fn send(&self, event: Event) -> Result<(), Ended> {
        self.events.send(event).map_err(|_| Ended::Unwanted)
    }
}

/// Why a window was refused, and whether for being too much. Errors: not for what stands in it.
fn reason(refusal: Refusal) -> Result<(String, bool), Ended> {
    match refusal {
        Refusal::TooMuch(why) => Ok((why, true)),
        Refusal::Broken(why) | Refusal::Later(why) => Ok((why, false)),
        Refusal::Unknown => Ok(("the series is not known any more".to_owned(), false)),
        Refusal::Final(error) => Err(error.into()),
    }
}
