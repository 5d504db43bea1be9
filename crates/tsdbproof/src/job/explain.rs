//! `--explain`: what a job would read, compare and write, from the beginnings of its inputs alone.
//!
//! What the job refuses before it reads is refused here, by the same code.

use tsdbproof_core::{Error, Profile, digest::Depth};

use tsdbproof_formats::decompress::Codec;

use super::{Against, Interval, Source, Target, verify};
use crate::{
    Input, Options,
    look::recognise,
    report::{Explanation, JobKind, PlannedInput, PlannedSide},
};

/// A job that is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// One that digests a source: a manifest, a look.
    Source(JobKind, &'a Source),
    /// A check, with the interval that gaps are looked for by.
    Check(&'a Source, Interval),
    /// A conversion.
    Convert(&'a Source, Target),
    /// A source against a manifest or a root.
    Verify(&'a Against, &'a Source),
    /// Two sides.
    Diff(&'a Source, &'a Source),
}

/// What a host would give to a job.
#[derive(Debug, Clone, Default)]
pub struct Means {
    /// Threads.
    pub threads: usize,
    /// Where temporary files would lie, if there is such a place.
    pub temp_dir: Option<String>,
    /// Files that the job would write, beside reports.
    pub writes: Vec<String>,
}

/// Tells what a job would do. Errors are those that the job would end with before it reads.
pub fn explain(asked: Asked<'_>, options: &Options, means: Means) -> Result<Explanation, Error> {
    options.check_scope()?;
    let (job, sides, mut steps) = match asked {
        Asked::Source(job, source) => {
            let is_shown = job == JobKind::Show && is_manifest(source);
            let side = match is_shown {
                true => side("manifest", source, true, options)?,
                false => side("source", source, false, options)?,
            };
            let steps =
                if is_shown { manifest_steps("the manifest") } else { digest_steps(job, options) };
            (job, vec![side], steps)
        }
        Asked::Check(source, interval) => {
            let steps = check_steps(interval);
            (JobKind::Check, vec![side("source", source, false, options)?], steps)
        }
        Asked::Convert(source, target) => {
            let steps = convert_steps(target);
            (JobKind::Convert, vec![side("source", source, false, options)?], steps)
        }
        Asked::Verify(Against::Expect(expect), source) => {
            let steps = vec![
                "every point of CURRENT is digested".to_owned(),
                format!("its root must be {}", expect.0),
            ];
            (JobKind::Verify, vec![side("current", source, false, options)?], steps)
        }
        Asked::Verify(Against::Manifest(input), source) => {
            comparison(JobKind::Verify, &verify::base_of(input)?, source, options)?
        }
        Asked::Diff(base, current) => comparison(JobKind::Diff, base, current, options)?,
    };
    let sources = sides.iter().filter(|side| !side.is_manifest);
    if sources.flat_map(|side| &side.inputs).any(|input| input.size_bytes.is_none()) {
        steps.push("a stream can be read only once, so its points are kept".to_owned());
    }
    if sides.iter().flat_map(|side| &side.inputs).any(|input| input.is_uids) {
        steps.insert(0, "names of UIDs are read first, from what was chosen for them".to_owned());
    }
    if options.strict {
        steps.push("the first bad line ends the job (--strict)".to_owned());
    }
    Ok(Explanation {
        job,
        sides,
        steps,
        profile: options.profile,
        scope: options.settled().text(),
        writes: means.writes,
        threads: means.threads,
        memory_bytes: options.memory_bytes,
        temp_dir: means.temp_dir,
        version: env!("CARGO_PKG_VERSION"),
    })
}

fn is_manifest(source: &Source) -> bool {
    matches!(source.inputs.as_slice(), [input] if input.is_manifest())
}

fn comparison(
    job: JobKind,
    base: &Source,
    current: &Source,
    options: &Options,
) -> Result<(JobKind, Vec<PlannedSide>, Vec<String>), Error> {
    let side = |role, source| {
        let is_manifest = verify::manifest_of(source)?.is_some();
        side(role, source, is_manifest, options)
    };
    let (base, current) = (side("base", base)?, side("current", current)?);
    let steps = compare_steps(&base, &current, options);
    Ok((job, vec![base, current], steps))
}

fn side(
    role: &'static str,
    source: &Source,
    is_manifest: bool,
    options: &Options,
) -> Result<PlannedSide, Error> {
    let is_uids = |index| source.uids.as_ref().is_some_and(|chosen| chosen.contains(&index));
    let planned = |(index, (input, (codec, format))): (usize, (&Input, _))| PlannedInput {
        name: input.name.clone(),
        size_bytes: input.size,
        codec,
        format,
        is_uids: is_uids(index),
    };
    let recognised = match is_manifest {
        true => vec![("plain", "manifest"); source.inputs.len()],
        false => recognise(&source.inputs, options)?,
    };
    Ok(PlannedSide {
        role,
        names: source.names.clone(),
        is_manifest,
        inputs: source.inputs.iter().zip(recognised).enumerate().map(planned).collect(),
        not_read: source.not_read.clone(),
    })
}

fn manifest_steps(which: &str) -> Vec<String> {
    vec![format!("{which} is read whole, and the digests of its rows and footer are checked")]
}

/// What a job does that reads one source.
fn digest_steps(job: JobKind, options: &Options) -> Vec<String> {
    let depth = match options.depth {
        Depth::Metric => "metric",
        Depth::Series => "series",
        Depth::Day => "day of each series",
        Depth::Hour => "hour of each series",
    };
    let mut steps = vec![match job {
        JobKind::Manifest => format!("every point is digested, with a row for each {depth}"),
        _ => "every point is digested".to_owned(),
    }];
    let files = options.file_digests;
    if job == JobKind::Manifest && files.blocks {
        steps.push("each MiB of the files is digested (BLAKE3)".to_owned());
    }
    if job == JobKind::Manifest && files.sha256 {
        steps.push("each file is digested whole (SHA-256), by a thread of its own".to_owned());
    }
    steps
}

/// What a check does.
fn check_steps(interval: Interval) -> Vec<String> {
    let gaps = match interval {
        Interval::Unknown => "gaps are not looked for (--interval)".to_owned(),
        Interval::Auto => "gaps are looked for by the rhythm that each series keeps".to_owned(),
        Interval::Ms(ms) => format!("gaps are looked for at an interval of {} s", ms as f64 / 1e3),
    };
    vec![
        "every point is digested and kept, to be looked at in the order of time".to_owned(),
        "points of import text are looked at in their own order too, as `tsdb import` reads them"
            .to_owned(),
        gaps,
    ]
}

/// What a conversion does.
fn convert_steps(target: Target) -> Vec<String> {
    let packed = match target.codec {
        Codec::Plain => String::new(),
        codec => format!(", packed by {}", codec.name()),
    };
    let files = if target.is_partitioned { ", a file for each metric and day" } else { "" };
    vec![
        "every point is digested and kept, to be sorted by metric, tags and time".to_owned(),
        format!("they are written as {}{packed}{files}", target.format.name),
        "what was written is read back, and has to have the root of the source".to_owned(),
    ]
}

/// What a comparison does with two sides.
fn compare_steps(base: &PlannedSide, current: &PlannedSide, options: &Options) -> Vec<String> {
    let profile = match options.profile {
        Profile::Exact => "every value as it is (profile exact)",
        Profile::F32 => "decimals in single precision (profile f32)",
    };
    let mut steps = Vec::new();
    for (name, side) in [("BASE", base), ("CURRENT", current)] {
        match side.is_manifest {
            true => steps.extend(manifest_steps(name)),
            false => steps.push(format!("every point of {name} is digested")),
        }
    }
    if !base.is_manifest && !current.is_manifest {
        steps.push(format!("every hour of every series is compared, {profile}"));
        steps.push("hours that differ are read once more, and compared by point".to_owned());
        return steps;
    }
    steps.push(format!("they are compared as deep as the manifest reaches, {profile}"));
    steps.push("what differs is counted, for a manifest has no points".to_owned());
    if base.is_manifest && !current.is_manifest {
        steps.push("the bytes of files are compared, if the manifest has their digests".to_owned());
    }
    steps
}
