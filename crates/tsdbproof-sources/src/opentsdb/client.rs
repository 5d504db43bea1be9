//! One server over HTTP: requests one by one, each with its retries, answers whole or not at all.
//!
//! An answer is kept until its end has come, in memory or, where it is larger, in a file without a
//! name. So an answer that breaks off costs nothing but the request, and memory does not grow with
//! what a server sends.

use std::{
    io::{self, Read, Seek},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tempfile::SpooledTempFile;
use tsdbproof::{Error, Kind, quote};
use ureq::{
    Agent, Body,
    http::{
        Response,
        header::{CONTENT_ENCODING, CONTENT_TYPE},
    },
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{
    ServerOptions,
    ask::{self, Refusal},
    credentials::Credentials,
    resume::KeptAnswers,
    waiting::SHORT_BYTES,
    whole::Whole,
};
use crate::Stop;

/// Times that a request is sent before it is given up.
const TRIES: u32 = 8;
/// Those of a request that a server does not answer in time: a smaller one may be.
const SLOW_TRIES: u32 = 2;
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How often who waits looks at the wish to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Bytes of a refusal that are read.
const REFUSAL_BYTES: u64 = 64 << 10;
/// Bytes of an answer to points that are put: every one of them may be refused.
const PUT_ANSWER_BYTES: u64 = 16 << 20;
/// How long a whole answer may take, in time-outs of a single read: a server must not drip forever.
const SLOWEST_BODY: u32 = 30;

/// An answer that is whole.
pub(super) struct Answer {
    /// At its start.
    pub(super) body: Box<dyn Read + Send>,
    pub(super) bytes: u64,
    /// Whether it is unpacked from a file as it is read.
    pub(super) is_kept: bool,
}

/// An answer that came just now.
struct Fresh {
    body: SpooledTempFile,
    bytes: u64,
}

impl From<Fresh> for Answer {
    fn from(Fresh { body, bytes }: Fresh) -> Self {
        Answer { body: Box::new(body), bytes, is_kept: false }
    }
}

impl Fresh {
    fn rewind(&mut self, temp_dir: &Path) -> Result<(), Error> {
        self.body.rewind().map_err(|error| not_kept(&error, temp_dir))
    }

    fn text(&mut self) -> String {
        let mut text = Vec::new();
        // What is no text is no version either, and the next query will tell.
        let _ = (&mut self.body).take(REFUSAL_BYTES).read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// A server, and how it is asked.
pub(super) struct Client {
    agent: Agent,
    base: String,
    credentials: Credentials,
    /// The longest answer.
    answer_bytes: u64,
    first_wait: Duration,
    /// The least time between two requests.
    pause: Duration,
    kept: Option<Arc<KeptAnswers>>,
    /// When the next request may be sent.
    next: Mutex<Instant>,
    stop: Stop,
}

/// How a single request failed.
enum Failed {
    Refused(Refusal),
    /// It was not answered in time.
    Slow(String),
    /// The connection was not to be had, or broke.
    Broken(String),
}

impl Client {
    /// Sends nothing yet.
    pub(super) fn new(base: String, options: &ServerOptions, stop: &Stop) -> Result<Self, Error> {
        let timeout = Some(options.timeout);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // No other host is asked than the one that was named.
            .max_redirects(0)
            .timeout_connect(timeout)
            .timeout_per_read(timeout)
            .timeout_per_write(timeout)
            .timeout_recv_body(Some(options.timeout.saturating_mul(SLOWEST_BODY)))
            .max_idle_connections_per_host(options.concurrency.get())
            .user_agent(concat!("tsdbproof/", env!("CARGO_PKG_VERSION")));
        let config = match &options.roots_pem {
            Some(pem) => {
                let tls = TlsConfig::builder().root_certs(roots(pem)?);
                config.tls_config(tls.build())
            }
            None => config,
        };
        Ok(Client {
            agent: config.build().new_agent(),
            base,
            credentials: options.credentials.clone(),
            first_wait: options.first_wait,
            answer_bytes: options.answer_bytes,
            pause: options.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get()),
            kept: options.kept.clone(),
            next: Mutex::new(Instant::now()),
            stop: stop.clone(),
        })
    }

    /// Asks until there is an answer, a refusal, or no more hope.
    ///
    /// Shape: an answer is whole, and ends as JSON does. Errors: the server can't be had.
    pub(super) fn ask(
        &self,
        path: &str,
        body: Option<&str>,
        temp_dir: &Path,
    ) -> Result<Result<Answer, Refusal>, Error> {
        let answer = self.ask_up_to(TRIES, path, body, temp_dir)?;
        Ok(answer.map(Answer::from))
    }

    /// The same of a query, whose answer a run before this one may have had.
    pub(super) fn query(
        &self,
        body: &str,
        temp_dir: &Path,
    ) -> Result<Result<Answer, Refusal>, Error> {
        let Some(kept) = &self.kept else { return self.ask(ask::QUERY, Some(body), temp_dir) };
        let request = format!("{}{} {body}", self.base, ask::QUERY);
        if let Some(answer) = kept.find(&request)? {
            kept.count_used();
            return Ok(Ok(answer));
        }
        let mut fresh = match self.ask_up_to(TRIES, ask::QUERY, Some(body), temp_dir)? {
            Ok(fresh) => fresh,
            Err(refusal) => return Ok(Err(refusal)),
        };
        kept.add(&request, &mut fresh.body, fresh.bytes)?;
        fresh.rewind(temp_dir)?;
        Ok(Ok(fresh.into()))
    }

    /// Asks for the version of a server of which nobody knows yet whether it runs.
    ///
    /// Errors: it is another than that whose answers were kept.
    pub(super) fn greet(&self, temp_dir: &Path) -> Result<Result<(), Refusal>, Error> {
        let mut fresh = match self.ask_up_to(2, ask::VERSION, None, temp_dir)? {
            Ok(fresh) => fresh,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(kept) = &self.kept else { return Ok(Ok(())) };
        let request = format!("{}{}", self.base, ask::VERSION);
        let version = fresh.text();
        let Some(mut before) = kept.find(&request)? else {
            kept.add(&request, &mut version.as_bytes(), version.len() as u64)?;
            return Ok(Ok(()));
        };
        let mut text = String::new();
        before.body.read_to_string(&mut text)?;
        match text == version {
            true => Ok(Ok(())),
            false => Err(Error::usage("is another server than the one whose answers were kept")
                .help("name another file by --resume, or remove that one")),
        }
    }

    fn ask_up_to(
        &self,
        tries: u32,
        path: &str,
        body: Option<&str>,
        temp_dir: &Path,
    ) -> Result<Result<Fresh, Refusal>, Error> {
        let mut wait = self.first_wait;
        for attempt in 1.. {
            self.wait_for_turn()?;
            let failed = match self.ask_once(path, body, temp_dir)? {
                Ok(answer) => return Ok(Ok(answer)),
                Err(failed) => failed,
            };
            match failed {
                Failed::Refused(Refusal::Later(what)) if attempt >= tries => {
                    return Err(gone(format!("the server answered {what}, {tries} times")));
                }
                Failed::Refused(Refusal::Later(_)) => {}
                Failed::Refused(refusal) => return Ok(Err(refusal)),
                Failed::Slow(what) if attempt >= SLOW_TRIES => {
                    return Ok(Err(Refusal::TooMuch(what)));
                }
                Failed::Broken(what) if attempt >= tries => {
                    return Err(gone(format!("{what}, {tries} times")));
                }
                Failed::Slow(_) | Failed::Broken(_) => {}
            }
            self.sleep(wait)?;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        Err(gone("no try was left".to_owned()))
    }

    fn ask_once(
        &self,
        path: &str,
        body: Option<&str>,
        temp_dir: &Path,
    ) -> Result<Result<Fresh, Failed>, Error> {
        let response = match self.send(path, body) {
            Ok(response) => response,
            Err(error) => return Ok(Err(failed(&error)?)),
        };
        let status = response.status().as_u16();
        if status != 200 {
            let mut text = Vec::new();
            // What breaks off here is a refusal all the same.
            let _ = response.into_body().into_reader().take(REFUSAL_BYTES).read_to_end(&mut text);
            return Ok(Err(Failed::Refused(ask::refusal(status, &text))));
        }
        self.keep(response.into_body().into_reader(), temp_dir)
    }

    fn send(&self, path: &str, body: Option<&str>) -> Result<Response<Body>, ureq::Error> {
        let url = format!("{}{path}", self.base);
        let headers = self.credentials.headers();
        match body {
            Some(body) => {
                let request = self.agent.post(url).header(CONTENT_TYPE, "application/json");
                headers.fold(request, |it, (name, value)| it.header(name, value)).send(body)
            }
            None => {
                let request = self.agent.get(url);
                headers.fold(request, |it, (name, value)| it.header(name, value)).call()
            }
        }
    }

    /// Sends JSON, packed by gzip, until the server has answered what is no fault of the moment; gives the
    /// status and the answer.
    pub(super) fn post_packed(&self, path: &str, packed: &[u8]) -> Result<(u16, Vec<u8>), Error> {
        for attempt in 1.. {
            self.wait_for_turn()?;
            let what = match self.post_once(path, packed)? {
                Ok((status @ (408 | 424 | 429 | 500..=599), answer)) => {
                    format!("the server answered {status}, and {}", quote(&answer))
                }
                Ok(answered) => return Ok(answered),
                Err(Failed::Slow(what) | Failed::Broken(what)) => what,
                Err(Failed::Refused(_)) => "a refusal".to_owned(),
            };
            if attempt >= TRIES {
                return Err(gone(format!("{what}, {TRIES} times")));
            }
            self.pause(attempt)?;
        }
        Err(gone("no try was left".to_owned()))
    }

    fn post_once(
        &self,
        path: &str,
        packed: &[u8],
    ) -> Result<Result<(u16, Vec<u8>), Failed>, Error> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header(CONTENT_TYPE, "application/json");
        let request = request.header(CONTENT_ENCODING, "gzip");
        let headers = self.credentials.headers();
        let sent = headers.fold(request, |it, (name, value)| it.header(name, value)).send(packed);
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Ok(Err(failed(&error)?)),
        };
        let (status, mut answer) = (response.status().as_u16(), Vec::new());
        let body = response.into_body().into_reader().take(PUT_ANSWER_BYTES);
        match io::BufReader::new(body).read_to_end(&mut answer) {
            Ok(_) => Ok(Ok((status, answer))),
            Err(error) => Ok(Err(failed(&ureq::Error::from(error))?)),
        }
    }

    /// Waits before another try: longer with each.
    pub(super) fn pause(&self, attempt: u32) -> Result<(), Error> {
        let wait = self.first_wait.saturating_mul(2_u32.saturating_pow(attempt - 1));
        self.sleep(wait.min(LONGEST_WAIT))
    }

    /// Keeps a body up to its end.
    fn keep(&self, mut from: impl Read, temp_dir: &Path) -> Result<Result<Fresh, Failed>, Error> {
        let mut body = tempfile::spooled_tempfile_in(SHORT_BYTES as usize, temp_dir);
        let mut buffer = vec![0; 64 << 10];
        let (mut bytes, mut whole) = (0, Whole::default());
        loop {
            self.stop.check()?;
            let length = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Err(failed(&ureq::Error::from(error))?)),
            };
            let piece = buffer.get(..length).unwrap_or_default();
            bytes += length as u64;
            if bytes > self.answer_bytes {
                let what = format!("an answer of more than {} bytes", self.answer_bytes);
                return Ok(Err(Failed::Refused(Refusal::TooMuch(what))));
            }
            whole.push(piece);
            io::Write::write_all(&mut body, piece).map_err(|error| not_kept(&error, temp_dir))?;
        }
        if !whole.is_whole() {
            return Ok(Err(Failed::Broken("the answer broke off".to_owned())));
        }
        let mut fresh = Fresh { body, bytes };
        fresh.rewind(temp_dir)?;
        Ok(Ok(fresh))
    }

    /// Waits until the rate allows the next request.
    fn wait_for_turn(&self) -> Result<(), Error> {
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + self.pause;
            turn
        };
        self.sleep(turn.saturating_duration_since(Instant::now()))
    }

    fn sleep(&self, duration: Duration) -> Result<(), Error> {
        let end = Instant::now() + duration;
        loop {
            self.stop.check()?;
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Ok(());
            }
            thread::sleep(rest.min(LOOK_EVERY));
        }
    }
}

/// The certificates of a text. Errors: there is none.
fn roots(pem: &[u8]) -> Result<RootCerts, Error> {
    let wrong = || {
        Error::usage("--ca-file holds no certificate")
            .help("name a file with -----BEGIN CERTIFICATE----- in it")
    };
    let items = parse_pem(pem).collect::<Result<Vec<_>, _>>().map_err(|_| wrong())?;
    let certificates: Vec<Certificate<'static>> = items
        .into_iter()
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    match certificates.is_empty() {
        true => Err(wrong()),
        false => Ok(RootCerts::new_with_certs(&certificates)),
    }
}

/// What a failure of the transport means. Errors: it is none that a second try could mend.
fn failed(error: &ureq::Error) -> Result<Failed, Error> {
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            Ok(Failed::Broken("no connection in time".to_owned()))
        }
        ureq::Error::Timeout(_) | ureq::Error::BodyStalled => {
            Ok(Failed::Slow("no answer in time".to_owned()))
        }
        ureq::Error::HostNotFound => Err(gone("there is no such host".to_owned())),
        ureq::Error::Rustls(error) => Err(untrusted(&error.to_string())),
        ureq::Error::Tls(what) => Err(untrusted(what)),
        ureq::Error::Io(error) => match error.get_ref().and_then(|it| it.downcast_ref()) {
            Some(inner) => failed(inner),
            None if error.kind() == io::ErrorKind::InvalidData => {
                Err(untrusted(&error.to_string()))
            }
            None if error.kind() == io::ErrorKind::TimedOut => {
                Ok(Failed::Slow("no answer in time".to_owned()))
            }
            None => Ok(Failed::Broken(format!("the connection failed: {error}"))),
        },
        error => Ok(Failed::Broken(format!("the connection failed: {error}"))),
    }
}

fn untrusted(what: &str) -> Error {
    // So rustls calls bytes that are no TLS at all.
    if what.contains("corrupt message") {
        return Error::new(Kind::Io, format!("the server does not speak TLS: {what}"))
            .help("write http:// in place of https://, or name the port that has TLS");
    }
    Error::new(Kind::Io, format!("the server is not to be trusted: {what}"))
        .help("name the certificates of its authority by --ca-file")
}

fn gone(what: String) -> Error {
    Error::new(Kind::Io, what).help("see whether the server runs and can be reached from here")
}

fn not_kept(error: &io::Error, folder: &Path) -> Error {
    crate::scratch::failed(error, folder, "written")
}
