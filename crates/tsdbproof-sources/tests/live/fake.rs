//! A server that speaks as OpenTSDB does, and does what a script says instead where one is given.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_query(&self) -> bool {
        self.path == "/api/query"
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a body of JSON")
    }

    /// The window of a query, both ends inclusive, in milliseconds.
    pub(crate) fn window(&self) -> (u64, u64) {
        let body = self.json();
        let time = |key: &str| {
            let text = body[key].to_string();
            let number: u64 = text.parse().expect("a time");
            if text.len() <= 10 { number * 1000 } else { number }
        };
        (time("start"), time("end"))
    }
}

/// What comes back.
pub(crate) enum Reply {
    /// A status and a body.
    Answer(u16, String),
    /// The same with more headers.
    With(u16, &'static [(&'static str, &'static str)], Vec<u8>),
    /// The body breaks off in its middle.
    Half(String),
    /// The same, and nothing said how long it would be.
    HalfWithoutLength(String),
    /// Nothing, for as long as the client waits.
    Stall,
    /// The head of an answer, then nothing.
    StallInBody,
    /// So many blanks, which JSON may have, and then a body.
    Long(u64, String),
    /// The connection ends.
    Close,
}

/// What the script says of a request, by its number.
type Script = dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync;

/// Points: metric → tags as `key=value` → time in milliseconds → value.
pub(crate) type Points = BTreeMap<String, BTreeMap<String, BTreeMap<u64, String>>>;

/// The points of import text.
pub(crate) fn points(text: &str) -> Points {
    let mut points = Points::new();
    for line in text.lines() {
        let [metric, time, value, tags] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let time: u64 = time.parse().expect("a time");
        let time_ms = if time >> 32 > 0 { time } else { time * 1000 };
        let series = points.entry(metric.into()).or_default().entry(tags.into()).or_default();
        series.insert(time_ms, value.into());
    }
    points
}

/// A server on this machine, until it is dropped.
pub(crate) struct Fake {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    most: Arc<AtomicUsize>,
}

impl Fake {
    /// Answers from these points, unless the script says otherwise.
    pub(crate) fn start(
        points: Points,
        script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (seen, most) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let fake = Fake { url, seen: Arc::clone(&seen), most: Arc::clone(&most) };
        let (points, script): (_, Arc<Script>) = (Arc::new(points), Arc::new(script));
        let open = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (points, script) = (Arc::clone(&points), Arc::clone(&script));
                let (seen, most) = (Arc::clone(&seen), Arc::clone(&most));
                let open = Arc::clone(&open);
                thread::spawn(move || {
                    serve(stream, |request| {
                        let number = {
                            let mut seen = seen.lock().expect("no panic");
                            seen.push(request.clone());
                            seen.len() - 1
                        };
                        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        let scripted = script(request, number);
                        let reply = scripted.unwrap_or_else(|| answer(&points, request));
                        open.fetch_sub(1, Ordering::SeqCst);
                        reply
                    });
                });
            }
        });
        fake
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("no panic").clone()
    }

    /// Requests that were open at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

fn serve(stream: TcpStream, reply: impl Fn(&Request) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut out = stream;
    while let Some(request) = read_request(&mut reader) {
        if write_reply(&mut out, reply(&request)).is_none() {
            return;
        }
    }
}

fn read_request(from: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    from.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let mut request = Request { method, path, headers, body: String::new() };
    let length = request.header("content-length").map_or(0, |it| it.parse().expect("a length"));
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    if request.header("content-encoding") == Some("gzip") {
        let packed = std::mem::take(&mut body);
        GzDecoder::new(&packed[..]).read_to_end(&mut body).expect("gzip");
    }
    request.body = String::from_utf8(body).expect("UTF-8");
    Some(request)
}

/// `None`: the connection is to be closed.
fn write_reply(out: &mut TcpStream, reply: Reply) -> Option<()> {
    let head =
        |status, length: usize| format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n");
    let wait = || thread::sleep(Duration::from_secs(20));
    match reply {
        Reply::Answer(status, body) => {
            out.write_all(format!("{}\r\n{body}", head(status, body.len())).as_bytes()).ok()
        }
        Reply::With(status, headers, body) => {
            let headers: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let head = format!("{}{headers}\r\n", head(status, body.len()));
            out.write_all(&[head.as_bytes(), &body].concat()).ok()
        }
        Reply::Half(body) => {
            let half = &body[..body.len() / 2];
            out.write_all(format!("{}\r\n{half}", head(200, body.len())).as_bytes()).ok()?;
            None
        }
        Reply::HalfWithoutLength(body) => {
            let half = &body[..body.len() / 2];
            out.write_all(format!("HTTP/1.0 200 X\r\n\r\n{half}").as_bytes()).ok()?;
            None
        }
        Reply::Stall => {
            wait();
            None
        }
        Reply::StallInBody => {
            out.write_all(format!("{}\r\n[", head(200, 1 << 20)).as_bytes()).ok()?;
            wait();
            None
        }
        Reply::Long(blanks, body) => {
            out.write_all(b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n").ok()?;
            for _ in 0..blanks >> 16 {
                out.write_all(&[b' '; 1 << 16]).ok()?;
            }
            out.write_all(body.as_bytes()).ok()?;
            None
        }
        Reply::Close => None,
    }
}

/// What OpenTSDB answers.
pub(crate) fn answer(points: &Points, request: &Request) -> Reply {
    let Some((path, asked)) = request.path.split_once('?') else {
        return match request.path.as_str() {
            "/api/version" => Reply::Answer(200, r#"{"version":"2.4.1"}"#.to_owned()),
            "/api/config" => {
                Reply::Answer(200, r#"{"tsd.storage.fix_duplicates":"false"}"#.to_owned())
            }
            "/api/query" => query(points, request),
            "/api/search/lookup" => lookup(points, &request.json()),
            _ => error(404, "Endpoint not found"),
        };
    };
    assert_eq!(path, "/api/suggest");
    let prefix = asked.split_once("q=").expect("a prefix").1;
    let begins = |name: &str| match prefix {
        "" => name < "~",
        _ => name.starts_with(&unescape(prefix)),
    };
    let names: Vec<_> = points.keys().filter(|name| begins(name)).collect();
    Reply::Answer(200, json!(names).to_string())
}

fn unescape(text: &str) -> String {
    let bytes = text.split('%').skip(1).map(|hex| u8::from_str_radix(hex, 16).expect("hex"));
    String::from_utf8(bytes.collect()).expect("UTF-8")
}

/// An error as OpenTSDB writes it.
pub(crate) fn error(status: u16, message: &str) -> Reply {
    let error = json!({"error": {"code": status, "message": message, "trace": "java"}});
    Reply::Answer(status, error.to_string())
}

/// A series by its number among those of its metric.
fn tsuid(index: usize) -> String {
    format!("{index:018X}")
}

fn query(points: &Points, request: &Request) -> Reply {
    let (from, to) = request.window();
    let query = &request.json()["queries"][0];
    assert!(from < to && query["aggregator"] == "none", "{}", request.body);
    let (metric, tsuids) = match (query["metric"].as_str(), query["tsuids"].as_array()) {
        (Some(metric), None) => (metric, None),
        (None, Some(tsuids)) => (points.keys().next().expect("a metric").as_str(), Some(tsuids)),
        _ => panic!("{}", request.body),
    };
    let Some(series) = points.get(metric) else {
        return error(400, &format!("No such name for 'metrics': '{metric}'"));
    };
    let mut objects = Vec::new();
    for (index, (tags, points)) in series.iter().enumerate() {
        let dps: Vec<_> =
            points.range(from..=to).map(|(time, value)| format!("\"{time}\":{value}")).collect();
        if !dps.is_empty() && tsuids.is_none_or(|all| all.iter().any(|it| *it == tsuid(index))) {
            let (metric, tags, dps) = (json!(metric), json!(tag_map(tags)), dps.join(","));
            objects.push(format!(
                r#"{{"metric":{metric},"tags":{tags},"aggregateTags":[],"dps":{{{dps}}}}}"#
            ));
        }
    }
    Reply::Answer(200, format!("[{}]", objects.join(",")))
}

fn lookup(points: &Points, body: &Value) -> Reply {
    let Some(series) = points.get(body["metric"].as_str().expect("a metric")) else {
        return error(404, "Unable to resolve one or more UIDs");
    };
    let rows = series.keys().enumerate().flat_map(|(index, tags)| {
        let row = json!({"tsuid": tsuid(index), "metric": "m", "tags": tag_map(tags)});
        [row.clone(), row]
    });
    Reply::Answer(200, json!({"type": "LOOKUP", "results": rows.collect::<Vec<_>>()}).to_string())
}

fn tag_map(tags: &str) -> BTreeMap<&str, &str> {
    tags.split(' ').map(|tag| tag.split_once('=').expect("a tag")).collect()
}
