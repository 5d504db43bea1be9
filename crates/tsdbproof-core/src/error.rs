//! What ends a job. A fault *in* a backup is a [`Problem`](crate::Problem), not an error.
//!
//! A message reads `file: place: what is wrong; found X, expected Y`, in lower case, then `help: …`
//! on a line of its own. Who knows a part adds that part: a reader the place, the job the file.

use std::fmt;

use crate::Position;

/// A job that could not be done.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    file: Option<String>,
    at: Option<Position>,
    what: String,
    help: Option<String>,
}

/// All that a caller may branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The machine refused: a file that can't be read, a full disk.
    Io,
    /// The bytes are not what they claim to be, and reading can't go on.
    Malformed,
    /// The bytes are sound but nothing here reads them.
    Unsupported,
    /// A limit was hit that an option or another host raises.
    Limit,
    /// The request makes no sense.
    Usage,
    /// A file is another than when the job began.
    Changed,
    /// The host was told to stop.
    Interrupted,
}

impl Error {
    /// An error of this kind; `what` says what was found and what was expected.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, file: None, at: None, what: what.into(), help: None }))
    }

    /// A request that makes no sense.
    pub fn usage(what: impl Into<String>) -> Self {
        Error::new(Kind::Usage, what)
    }

    /// The same error, at a place.
    #[must_use]
    pub fn at(mut self, at: Position) -> Self {
        self.0.at.get_or_insert(at);
        self
    }

    /// The same error, in a file, as the user named it. The first name given stands.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.0.file.get_or_insert_with(|| file.into());
        self
    }

    /// The same error, with what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.get_or_insert_with(|| help.into());
        self
    }

    /// What is wrong and what to do, in a line, without the file.
    pub fn in_a_line(&self) -> String {
        let at = self.0.at.map_or(String::new(), |at| format!("{at}: "));
        let help = self.0.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
        format!("{at}{}{help}", self.0.what)
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What was found and what was expected, alone.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// Where, in its file.
    pub fn position(&self) -> Option<Position> {
        self.0.at
    }

    /// What to do.
    pub fn advice(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The file it is about, as the user named it.
    pub fn file(&self) -> Option<&str> {
        self.0.file.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.0.file {
            write!(f, "{file}: ")?;
        }
        if let Some(at) = &self.0.at {
            write!(f, "{at}: ")?;
        }
        f.write_str(&self.0.what)?;
        match &self.0.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::new(Kind::Io, error.to_string())
    }
}
