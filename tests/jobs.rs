//! Jobs as tests call them: on inputs in memory, with all their differences at hand.

use tsdbproof::{
    Against, Error, Options, Source,
    render::Json,
    report::{Difference, Differences, Report},
};

use crate::memory_host::{MemoryHost, run};

/// Every difference of a job.
#[derive(Debug, Default)]
pub(crate) struct All(pub(crate) Vec<Difference>);

impl Differences for All {
    fn difference(&mut self, difference: &Difference) {
        self.0.push(difference.clone());
    }
}

/// A file in the repository.
pub(crate) fn data(path: &str) -> Vec<u8> {
    let path = format!("{}/data/opentsdb/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The manifest of these files, and its report.
pub(crate) fn manifest(
    mut host: MemoryHost,
    files: &[(&str, &[u8])],
    options: &Options,
) -> Result<(Vec<u8>, Report), Error> {
    let source = host.source(files);
    let mut bytes = Vec::new();
    let report = run(tsdbproof::manifest(&host, &source, options, &mut bytes))?;
    Ok((bytes, report))
}

/// The manifest of this text, which is sound.
pub(crate) fn manifest_of(text: &[u8], options: &Options) -> (Vec<u8>, Report) {
    manifest(MemoryHost::default(), &[("backup.txt", text)], options).expect("the text is sound")
}

/// The comparison of two files.
pub(crate) fn diff(
    mut host: MemoryHost,
    base: &[u8],
    current: &[u8],
    options: &Options,
) -> Result<(Report, Vec<Difference>), Error> {
    let (base, current) =
        (host.source(&[("base.txt", base)]), host.source(&[("current.txt", current)]));
    let mut all = All::default();
    let report = run(tsdbproof::diff(&host, &base, &current, options, &mut all))?;
    Ok((report, all.0))
}

/// A file held against a manifest.
pub(crate) fn verify(
    mut host: MemoryHost,
    manifest: &[u8],
    current: &[u8],
    options: &Options,
) -> Result<(Report, Vec<Difference>), Error> {
    let Source { inputs, .. } = host.source(&[("backup.manifest", manifest)]);
    let against = Against::Manifest(inputs[0].clone());
    let current = host.source(&[("current.txt", current)]);
    let mut all = All::default();
    let report = run(tsdbproof::verify(&host, &against, &current, options, &mut all))?;
    Ok((report, all.0))
}

/// What a transcript shows of a job: JSON lines, or its error.
pub(crate) fn all_of(job: impl FnOnce(&mut dyn Differences) -> Result<Report, Error>) -> String {
    let mut json = Json::new(Vec::new());
    match job(&mut json) {
        Err(error) => format!("error: {error}").lines().map(|line| format!("! {line}\n")).collect(),
        Ok(report) => String::from_utf8(json.finish(&report).expect("memory takes it"))
            .expect("JSON is UTF-8"),
    }
}
