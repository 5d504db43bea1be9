//! Jobs on a server, as the command runs them.

use std::{
    ffi::OsString,
    fs,
    io::empty,
    num::{NonZeroU32, NonZeroUsize},
    path::Path,
    sync::Arc,
    time::Duration,
};

use tempfile::NamedTempFile;
use tsdbproof::{
    Against, Effort, Error, Input, Options, Source,
    report::{Difference, Differences, Report},
};
use tsdbproof_sources::{
    Credentials, KeptAnswers, NativeHost, Opening, Progress, Resources, ServerOptions, Stop,
    Wanted, block_on,
};

/// Points of several metrics, one of which the first list leaves out.
pub(crate) const POINTS: &str = "\
a 1699999200 1 host=x
a 1699999260 -2.5 host=x
a 1699999260123 7 host=x
a 1700002800 3 host=x
a 1699999200 10 host=y
a 1702000000 11 host=y
b.c 1500000000 4 dc=ams host=z
b.c 1893456000 5 dc=ams host=z
été 1699999205 9223372036854775807 clé=ü
~odd 1699999205 0.1 host=x
";

/// Points at the borders of what counts seconds and what milliseconds.
pub(crate) const OLD: &str = "\
a 1 1 host=x
a 3600 2 host=x
a 4294967296 3 host=x
a 9999999999 4 host=x
a 10000800000 5 host=x
a 100000000000 6 host=x
a 1262304000 7 host=x
";

/// A job on a server.
pub(crate) struct Job {
    pub(crate) concurrency: usize,
    pub(crate) rate: Option<u32>,
    pub(crate) timeout_ms: u64,
    pub(crate) answer_bytes: u64,
    pub(crate) credentials: &'static str,
    pub(crate) metric: Option<&'static str>,
    pub(crate) from_ms: Option<u64>,
    pub(crate) settle_ms: Option<u64>,
    pub(crate) effort: Effort,
    pub(crate) kept: Option<Arc<KeptAnswers>>,
}

impl Default for Job {
    fn default() -> Self {
        Job {
            concurrency: 2,
            rate: None,
            timeout_ms: 5000,
            answer_bytes: 1 << 20,
            credentials: "",
            metric: None,
            from_ms: None,
            settle_ms: None,
            effort: Effort::Whole,
            kept: None,
        }
    }
}

/// Differences are counted in the report.
struct Uncounted;

impl Differences for Uncounted {
    fn difference(&mut self, _: &Difference) {}
}

impl Job {
    fn opening(&self) -> Opening {
        let servers = ServerOptions {
            concurrency: NonZeroUsize::new(self.concurrency).expect("some"),
            rate: self.rate.and_then(NonZeroU32::new),
            timeout: Duration::from_millis(self.timeout_ms),
            answer_bytes: self.answer_bytes,
            credentials: Credentials::parse(self.credentials).expect("credentials"),
            first_wait: Duration::from_millis(1),
            kept: self.kept.clone(),
            roots_pem: None,
        };
        let limits = self.options().read.limits;
        Opening::new(Box::new(empty()), limits, 1 << 16, &Stop::default()).with_servers(servers)
    }

    fn options(&self) -> Options {
        let mut options = Options::default();
        options.scope.metrics = self.metric.map(str::to_owned).into_iter().collect();
        options.scope.from_ms = self.from_ms;
        options.settle_ms = self.settle_ms;
        options.effort = self.effort;
        options
    }

    /// A source behind an address, or a file of these points.
    fn open(
        &self,
        opening: &mut Opening,
        what: &str,
        kept: &mut Vec<NamedTempFile>,
    ) -> Result<Source, Error> {
        let name: OsString = match what.starts_with("http") {
            true => what.into(),
            false => {
                let file = NamedTempFile::new()?;
                fs::write(file.path(), what)?;
                let name = file.path().into();
                kept.push(file);
                name
            }
        };
        opening.source(&[name], Wanted::Points)
    }

    fn host(opening: Opening) -> Result<NativeHost, Error> {
        let temp_dir = std::env::temp_dir();
        let resources = Resources { threads: 2, temp_dir, piece_bytes: 1 << 16 };
        opening.into_host(resources, Progress::default())
    }

    pub(crate) fn diff(&self, base: &str, current: &str) -> Result<Report, Error> {
        let (mut opening, mut kept) = (self.opening(), Vec::new());
        let base = self.open(&mut opening, base, &mut kept)?;
        let current = self.open(&mut opening, current, &mut kept)?;
        let host = Self::host(opening)?;
        block_on(tsdbproof::diff(&host, &base, &current, &self.options(), &mut Uncounted))
    }

    pub(crate) fn manifest(&self, of: &str) -> Result<Report, Error> {
        Ok(self.manifest_file(of)?.1)
    }

    /// The manifest, and what was said of it.
    pub(crate) fn manifest_file(&self, of: &str) -> Result<(NamedTempFile, Report), Error> {
        let (mut opening, mut kept) = (self.opening(), Vec::new());
        let source = self.open(&mut opening, of, &mut kept)?;
        let host = Self::host(opening)?;
        let mut file = NamedTempFile::new()?;
        let report =
            block_on(tsdbproof::manifest(&host, &source, &self.options(), file.as_file_mut()))?;
        Ok((file, report))
    }

    pub(crate) fn verify(&self, manifest: &Path, source: &str) -> Result<Report, Error> {
        let (mut opening, mut kept) = (self.opening(), Vec::new());
        let manifest: Input = opening.input(manifest.as_os_str())?;
        let source = self.open(&mut opening, source, &mut kept)?;
        let host = Self::host(opening)?;
        let against = Against::Manifest(manifest);
        block_on(tsdbproof::verify(&host, &against, &source, &self.options(), &mut Uncounted))
    }
}

/// What a report says of what was not read.
pub(crate) fn coverage(report: &Report) -> String {
    let parts = report.sides.iter().flat_map(|side| &side.unread);
    parts.map(|part| format!("{}: {}\n", part.name, part.why)).collect()
}
