//! Who asks: from a file or a variable, never from the command line, and never shown.
//!
//! | line | header |
//! | --- | --- |
//! | `basic NAME:PASSWORD` | `Authorization: Basic …` |
//! | `bearer TOKEN` | `Authorization: Bearer TOKEN` |
//! | `header NAME: VALUE` | itself |
//!
//! Blank lines and those that begin with `#` are passed over.

use std::{fmt, fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use tsdbproof::{Error, Kind};
use ureq::http::{HeaderName, HeaderValue, header::AUTHORIZATION};

use crate::{io_error, name_of};

/// Headers that tell a server who asks.
#[derive(Clone, Default)]
pub struct Credentials(Vec<(HeaderName, HeaderValue)>);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} headers)", self.0.len())
    }
}

/// The largest file of credentials, in bytes.
const MOST_BYTES: u64 = 64 << 10;

impl Credentials {
    /// Those of a file.
    pub fn of_file(path: &Path) -> Result<Self, Error> {
        let name = name_of(path);
        let size = path.metadata().map_err(|error| io_error(&error, &name))?.len();
        if size > MOST_BYTES {
            return Err(Error::new(Kind::Limit, "is too long for credentials").in_file(name));
        }
        let text = fs::read_to_string(path).map_err(|error| io_error(&error, &name))?;
        Credentials::parse(&text).map_err(|error| error.in_file(name))
    }

    /// Those of a text. Errors: a line is none of the forms; it is not shown.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let headers = lines.map(|(index, line)| {
            header(line).ok_or_else(|| {
                Error::usage(format!("line {} is no credential", index + 1)).help(
                    "write basic NAME:PASSWORD, bearer TOKEN, or header NAME: VALUE, one on a line",
                )
            })
        });
        Ok(Credentials(headers.collect::<Result<_, _>>()?))
    }

    /// Every header.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

fn header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (how, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim();
    let (name, value) = match how.to_ascii_lowercase().as_str() {
        "basic" if rest.contains(':') => {
            (AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(rest)))
        }
        "bearer" => (AUTHORIZATION, format!("Bearer {rest}")),
        "header" => {
            let (name, value) = rest.split_once(':')?;
            (name.trim().parse().ok()?, value.trim().to_owned())
        }
        _ => return None,
    };
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_headers() {
        let text = "# who\n\nbasic me:hunter2\r\n  Bearer abc\nheader X-Token: a:b \n";
        let credentials = Credentials::parse(text).unwrap();
        let headers: Vec<_> = credentials
            .headers()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(headers[0], ("authorization", "Basic bWU6aHVudGVyMg=="));
        assert_eq!(headers[1..], [("authorization", "Bearer abc"), ("x-token", "a:b")]);
        assert!(credentials.headers().all(|(_, value)| value.is_sensitive()));
        assert_eq!(format!("{credentials:?}"), "Credentials(3 headers)");
    }

    #[test]
    fn what_is_no_credential_is_refused_and_not_shown() {
        for text in
            ["hunter2", "basic hunter2", "header hunter2", "header hun ter2: x", "x hunter2"]
        {
            let error = Credentials::parse(text).unwrap_err().to_string();
            assert!(error.starts_with("line 1 ") && !error.contains("ter2"), "{error}");
        }
    }
}
