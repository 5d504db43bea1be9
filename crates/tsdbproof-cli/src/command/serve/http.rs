//! As much of HTTP/1.1 as one page needs: `GET /` and `HEAD /`, a connection for each.

use std::{
    borrow::Cow,
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tsdbproof::Error;
use tsdbproof_sources::Stop;

/// Bytes of a request's head; browsers send less than a tenth of it.
const HEAD_BYTES: usize = 16 << 10;
/// How long a browser may take for its request, or for the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that are answered side by side.
const CONNECTIONS: usize = 32;
/// How often a wish to stop is looked for.
const TICK: Duration = Duration::from_millis(50);

/// What goes with every answer: nothing is kept, framed, guessed or told to others.
const HEADERS: &str = "\
Cache-Control: no-store\r\n\
Connection: close\r\n\
Content-Security-Policy: frame-ancestors 'none'\r\n\
Cross-Origin-Opener-Policy: same-origin\r\n\
Cross-Origin-Resource-Policy: same-origin\r\n\
Referrer-Policy: no-referrer\r\n\
X-Content-Type-Options: nosniff\r\n\r\n";

/// Answers until a signal comes, which is then the error.
pub(super) fn serve(
    listener: &TcpListener,
    page: Cow<'static, [u8]>,
    stop: &Stop,
) -> Result<u8, Error> {
    listener.set_nonblocking(true)?;
    let (page, open) = (Arc::new(page), Arc::new(AtomicUsize::new(0)));
    loop {
        stop.check()?;
        match listener.accept() {
            Ok((stream, _)) if open.load(Ordering::Relaxed) < CONNECTIONS => {
                open.fetch_add(1, Ordering::Relaxed);
                let (page, open) = (Arc::clone(&page), Arc::clone(&open));
                thread::spawn(move || {
                    // A browser that goes away takes nothing with it.
                    let _ = answer(stream, &page);
                    open.fetch_sub(1, Ordering::Relaxed);
                });
            }
            // Too many at once are turned away.
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(TICK),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // One that was gone before it was taken, or too many files for the moment.
            Err(_) => thread::sleep(TICK),
        }
    }
}

fn answer(mut stream: TcpStream, page: &[u8]) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let head = read_head(&mut stream)?;
    let (status, body) = match parse(&head) {
        Some(("GET" | "HEAD", "/")) => ("200 OK", page),
        Some(("GET" | "HEAD", _)) => ("404 Not Found", b"not found\n".as_slice()),
        Some(_) => ("405 Method Not Allowed", b"only GET and HEAD\n".as_slice()),
        None => ("400 Bad Request", b"no request\n".as_slice()),
    };
    let kind = if status == "200 OK" { "text/html" } else { "text/plain" };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {length}\r\n{HEADERS}"
    )?;
    if !head.starts_with(b"HEAD ") {
        stream.write_all(body)?;
    }
    stream.flush()
}

/// The bytes up to the empty line, or as many as there may be.
fn read_head(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while head.len() < HEAD_BYTES && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece)? {
            0 => break,
            n => head.extend(piece.iter().take(n)),
        }
    }
    Ok(head)
}

/// Method and path of a request, without its query.
fn parse(head: &[u8]) -> Option<(&str, &str)> {
    let line = std::str::from_utf8(head).ok()?.split_once("\r\n")?.0;
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_request = version.starts_with("HTTP/1.") && words.next().is_none();
    is_request.then(|| (method, target.split('?').next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddr};

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn the_page_is_served_and_nothing_else() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Stop::default();
        let wish = stop.clone();
        let server = thread::spawn(move || {
            serve(&listener, Cow::Borrowed(b"<!doctype html>".as_slice()), &stop)
        });
        for (request, status, body) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "<!doctype html>"),
            ("GET /?a HTTP/1.1\r\n\r\n", "200 OK", "<!doctype html>"),
            ("HEAD / HTTP/1.1\r\n\r\n", "200 OK", ""),
            ("GET /../etc/passwd HTTP/1.1\r\n\r\n", "404 Not Found", "not found\n"),
            ("POST / HTTP/1.1\r\n\r\nx", "405 Method Not Allowed", "only GET and HEAD\n"),
            ("nonsense\r\n\r\n", "400 Bad Request", "no request\n"),
        ] {
            let answer = ask(address, request);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
            assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, body, "{request}");
            assert!(answer.contains("frame-ancestors 'none'"), "{answer}");
        }
        wish.flag().store(2, Ordering::Relaxed);
        assert_eq!(server.join().unwrap().unwrap_err().to_string(), "interrupted");
    }
}
