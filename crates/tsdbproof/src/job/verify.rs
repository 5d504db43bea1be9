//! `verify` and `diff`: one side against another.

use std::io::Write;

use tsdbproof_core::{
    Error, Kind, Loss, ProblemKind, Profile,
    digest::{Depth, RootText, Roots},
};

use super::{
    Against, Source,
    compare::{Compare, compare},
    effort::{check_effort, manner, unsettled},
    manifests::{self, ReadManifest},
    patch,
    sample::Sample,
    side, verdict,
};
use crate::{
    Effort, Expect, FileDigests, Host, Input, KnownMetric, Options, Scope, Unread,
    look::{FileLook, Leaves, Looked, Manner, Survey, look, look_as, spills},
    report::{ChangedFile, Differences, JobKind, Report, Side, Verdict},
    store::manifest::FileMeta,
    unread::Gaps,
};

/// Digests `source` and holds it against a manifest or a root.
///
/// The host's inputs are the manifest, if there is one, and then those of `source`.
pub async fn verify<H: Host>(
    host: &H,
    against: &Against,
    source: &Source,
    options: &Options,
    differences: &mut dyn Differences,
) -> Result<Report, Error> {
    match against {
        Against::Manifest(input) => {
            let base = base_of(input)?;
            run(host, JobKind::Verify, [&base, source], options, (differences, None)).await
        }
        Against::Expect(expect) => against_root(host, *expect, source, options).await,
    }
}

/// The side that a manifest is.
pub(super) fn base_of(input: &Input) -> Result<Source, Error> {
    if !input.is_manifest() {
        return Err(not_a_manifest(input));
    }
    let names = vec![input.name.clone()];
    Ok(Source { names, inputs: vec![input.clone()], ..Source::default() })
}

fn not_a_manifest(input: &Input) -> Error {
    Error::new(Kind::Unsupported, "this is no manifest of tsdbproof").in_file(&input.name).help(
        "`tsdbproof manifest SOURCE -o FILE` writes one; `tsdbproof diff` compares two archives",
    )
}

/// Compares two sources; either may be a manifest.
///
/// The host's inputs are those of `base`, then those of `current`.
pub async fn diff<H: Host>(
    host: &H,
    base: &Source,
    current: &Source,
    options: &Options,
    differences: &mut dyn Differences,
) -> Result<Report, Error> {
    run(host, JobKind::Diff, [base, current], options, (differences, None)).await
}

/// The same, and writes the patch that makes current of base to `patch`.
///
/// Errors: current is a manifest, or a side not whole.
pub async fn diff_with_patch<H: Host>(
    host: &H,
    base: &Source,
    current: &Source,
    options: &Options,
    differences: &mut dyn Differences,
    patch: &mut (dyn Write + Send),
) -> Result<Report, Error> {
    run(host, JobKind::Diff, [base, current], options, (differences, Some(patch))).await
}

async fn against_root<H: Host>(
    host: &H,
    Expect(expect): Expect,
    source: &Source,
    options: &Options,
) -> Result<Report, Error> {
    options.check_scope()?;
    if options.allowed.is_any() || options.effort != Effort::Whole {
        return Err(Error::usage("a root alone can't tell how much differs").help(
            "leave out tolerances, gates, --fail-fast and --quick, or verify against a manifest",
        ));
    }
    let scope = options.settled().text();
    let options = &options.without_file_digests();
    let looked = look(host, source, 0, options).await?;
    let survey = side::survey(&looked.leaves)?;
    let roots = survey.totals.roots;
    let found = match expect {
        RootText::Root(profile, _) => RootText::Root(profile, roots.of(profile)),
        RootText::Statement(_) => {
            RootText::Statement(tsdbproof_core::digest::statement(&scope, &roots))
        }
    };
    let side = side::of_source("current", source, &looked, &survey, &scope);
    // What was lost on the way may be all that differs, and a root can't tell.
    let may_differ_alone = !side.losses.is_empty() || !side.unread.is_empty();
    let mut report = verdict::report(JobKind::Verify, vec![side], options);
    report.notes.extend_from_slice(&looked.beside.notes);
    if found != expect {
        report.reasons.push(format!("expected {expect}, found {found}"));
    }
    verdict::decide(&mut report, found != expect && !may_differ_alone, options);
    Ok(report)
}

/// A side whose points or leaves are at hand.
pub(super) enum Read {
    Source(Box<Looked>),
    Manifest(Box<ReadManifest>),
}

impl Read {
    pub(super) fn leaves(&self) -> &Leaves {
        match self {
            Read::Source(looked) => &looked.leaves,
            Read::Manifest(manifest) => &manifest.leaves,
        }
    }

    pub(super) fn survey(&self) -> Result<Survey, Error> {
        match self {
            Read::Source(looked) => side::survey(&looked.leaves),
            Read::Manifest(manifest) => manifest.survey(),
        }
    }

    fn compare(&self, survey: &Survey) -> Compare<'_> {
        let looked = match self {
            Read::Source(looked) => Some(&**looked),
            Read::Manifest(_) => None,
        };
        let unread = self.unread();
        let has_unnamed = survey.losses.contains_key(Loss::UnnamedUids.name());
        Compare {
            leaves: self.leaves().clone(),
            looked,
            has_unnamed,
            unread,
            drawn: None,
            for_patch: false,
        }
    }

    /// Its end of a patch.
    fn end(&self, survey: &Survey, names: &[String]) -> patch::End<'_> {
        let (leaves, totals) = (self.leaves(), survey.totals);
        let (looked, source) = match self {
            Read::Source(looked) => {
                let files: Vec<_> = looked.files.iter().map(side::file_meta).collect();
                (Some(&**looked), patch::source(names, &files))
            }
            Read::Manifest(manifest) => (None, patch::source(names, &manifest.meta.files)),
        };
        patch::End { leaves, looked, totals, source }
    }

    /// Its metrics.
    pub(super) fn metrics(&self) -> Result<Vec<KnownMetric>, Error> {
        let mut metrics = Vec::new();
        self.leaves().survey(&mut |depth, name, entry, _| {
            if depth == Depth::Metric {
                let metric = name.series.metric.clone();
                let (first_ms, last_ms) = (entry.first_ms, entry.last_ms);
                metrics.push(KnownMetric { metric, first_ms, last_ms, only_ms: None });
            }
            Ok(())
        })?;
        Ok(metrics)
    }

    /// Series whose names a server can't hold are not missing there.
    pub(super) fn lost_names(&self, gaps: &mut Gaps) -> Result<(), Error> {
        let mut rows = self.leaves().rows()?;
        while let Some(series) = rows.next_series()? {
            if series.tags.as_str().chars().any(|c| c > '\u{ff}') {
                gaps.add(Unread::of_lost_name(&series));
            }
        }
        Ok(())
    }

    /// What could not be read of it.
    pub(super) fn unread(&self) -> &Gaps {
        match self {
            Read::Source(looked) => &looked.beside.unread,
            Read::Manifest(manifest) => &manifest.meta.unread,
        }
    }

    /// What else is to be said of it.
    fn notes(&self) -> &[String] {
        match self {
            Read::Source(looked) => &looked.beside.notes,
            Read::Manifest(_) => &[],
        }
    }
}

/// The manifest that a side is, if it is one.
pub(super) fn manifest_of(source: &Source) -> Result<Option<&Input>, Error> {
    match source.inputs.as_slice() {
        [input] if input.is_manifest() => Ok(Some(input)),
        inputs => match inputs.iter().find(|input| input.is_manifest()) {
            None => Ok(None),
            Some(input) => Err(Error::usage("a manifest stands among other files")
                .in_file(&input.name)
                .help("a side is one manifest or a source; `manifest merge` joins manifests")),
        },
    }
}

/// Where the patch goes, if one is asked for.
type Patch<'a> = Option<&'a mut (dyn Write + Send)>;

async fn run<H: Host>(
    host: &H,
    job: JobKind,
    sides: [&Source; 2],
    options: &Options,
    outputs: (&mut dyn Differences, Patch<'_>),
) -> Result<Report, Error> {
    options.check_scope()?;
    // Each side has its half of the memory.
    let is_live = sides.map(|side| side.inputs.iter().any(Input::is_live));
    let mut options = Options { memory_bytes: options.memory_bytes / 2, ..options.clone() };
    let (spill, _) = spills(host, options.memory_bytes)?;
    let mut read = [None, None];
    let mut first_input = 0;
    let starts = sides.map(|side| {
        let start = first_input;
        first_input += side.inputs.len();
        start
    });
    for ((source, start), read) in sides.iter().zip(starts).zip(&mut read) {
        if let Some(input) = manifest_of(source)? {
            let inputs = std::slice::from_ref(input);
            let mut found =
                manifests::read(host, inputs, start, &spill, options.memory_bytes).await?;
            *read = found.pop().map(Box::new).map(Read::Manifest);
        }
    }
    options.scope = scope_of(&read, &options.scope)?;
    check_effort(&options, is_live, outputs.1.is_some())?;
    let unsettled = unsettled(&read, &mut options);
    // A patch names its sources by them.
    let blocks = has_blocks(&read) || outputs.1.is_some();
    options.file_digests = FileDigests { blocks, sha256: false };
    // A server is asked last, for what stands on the other side first.
    let mut drawn = None;
    for index in if is_live[0] { [1, 0] } else { [0, 1] } {
        if read[index].is_some() {
            continue;
        }
        let other = read[1 - index].as_ref().filter(|_| is_live[index]);
        let manner = match other {
            Some(other) => manner(other, unsettled.as_ref(), &options, &mut drawn)?,
            None => Manner::default(),
        };
        let mut looked = look_as(host, sides[index], starts[index], &options, manner).await?;
        unsettled.iter().for_each(|gap| looked.beside.unread.add(gap.clone()));
        if let Some(other) = other {
            other.lost_names(&mut looked.beside.unread)?;
        }
        read[index] = Some(Read::Source(Box::new(looked)));
    }
    let [Some(base), Some(current)] = read else { return Err(Error::usage("a side is missing")) };
    report(host, job, sides, ([base, current], drawn), &options, outputs).await
}

/// Whether there are digests of files to hold a source's files against.
fn has_blocks(read: &[Option<Read>; 2]) -> bool {
    let [Some(Read::Manifest(manifest)), None] = read else { return false };
    manifest.meta.files.iter().any(|file| !file.blocks.is_empty())
}

/// The scope of the comparison: a manifest's own, where there is one.
fn scope_of(read: &[Option<Read>; 2], asked: &Scope) -> Result<Scope, Error> {
    let mut scope = None::<Scope>;
    for manifest in read.iter().flatten() {
        let Read::Manifest(manifest) = manifest else { continue };
        let own = Scope::parse(&manifest.meta.scope)?;
        if scope.as_ref().is_some_and(|scope| *scope != own) {
            return Err(Error::usage(
                "the manifests have different scopes: their roots say nothing of each other",
            )
            .help("make both with the same --from, --to, --metric, --tag and --duplicates"));
        }
        scope = Some(own);
    }
    match scope {
        Some(own) if *asked != Scope::default() && asked.text() != own.text() => Err(Error::usage(
            "these filters are not the manifest's: its root covers another scope",
        )
        .help("leave the filters out (the manifest's own are used), or make a manifest with them")),
        Some(own) => Ok(own),
        None => Ok(asked.clone()),
    }
}

async fn report<H: Host>(
    host: &H,
    job: JobKind,
    sources: [&Source; 2],
    (read, drawn): ([Read; 2], Option<Sample>),
    options: &Options,
    (differences, patch): (&mut dyn Differences, Patch<'_>),
) -> Result<Report, Error> {
    let scope = options.settled().text();
    let surveys = [read[0].survey()?, read[1].survey()?];
    let [base, current] = &read;
    let [mut of_base, of_current] = [base.compare(&surveys[0]), current.compare(&surveys[1])];
    (of_base.drawn, of_base.for_patch) = (drawn.as_ref(), patch.is_some());
    let (mut compared, found) = compare(host, [of_base, of_current], options, differences).await?;
    compared.sample = drawn.map(|drawn| drawn.told);
    let mut sides = Vec::new();
    for (((role, source), read), survey) in
        ["base", "current"].into_iter().zip(sources).zip(&read).zip(&surveys)
    {
        sides.push(side_of(role, source, read, survey, &scope));
    }
    let mut report = verdict::report(job, sides, options);
    read.iter().for_each(|read| report.notes.extend_from_slice(read.notes()));
    let alike = compared.equal_nodes + compared.lossy_nodes;
    let differs = compared.counts.weight() > 0 || compared.nodes != alike;
    let roots = surveys.each_ref().map(|survey| survey.totals.roots);
    note_profiles(&mut report, differs, &roots, options.profile);
    note_other_objects(&mut report, base, current);
    report.compared = Some(compared);
    verdict::decide(&mut report, differs, options);
    compare_bytes(&mut report, base, current);
    if let Some(out) = patch {
        let [of_base, of_current] = sources.map(|source| &source.names[..]);
        let ends = [base.end(&surveys[0], of_base), current.end(&surveys[1], of_current)];
        report.patches.push(patch::write(host, (ends, found), &report, options, out).await?);
    }
    Ok(report)
}

fn side_of(role: &'static str, source: &Source, read: &Read, survey: &Survey, scope: &str) -> Side {
    match read {
        Read::Source(looked) => side::of_source(role, source, looked, survey, scope),
        Read::Manifest(manifest) => {
            let name = source.names.first().map(String::as_str).unwrap_or_default();
            side::of_manifest(role, name, &manifest.leaves, &manifest.meta, survey)
        }
    }
}

/// The exact root stays the truth, whichever profile decides.
fn note_profiles(
    report: &mut Report,
    differs: bool,
    [base, current]: &[Roots; 2],
    profile: Profile,
) {
    let exact = base.exact == current.exact;
    if !differs && !exact && profile == Profile::F32 {
        report.notes.push("equal in single precision only: the exact roots differ".to_owned());
    }
}

/// What is no point is counted, not compared: counts that differ are worth a note.
fn note_other_objects(report: &mut Report, base: &Read, current: &Read) {
    let (Read::Source(base), Read::Source(current)) = (base, current) else { return };
    // Text of a scan does not tell a histogram from other objects.
    let classes: [(&str, &[ProblemKind]); 3] = [
        ("annotations", &[ProblemKind::Annotation]),
        ("histograms and other objects", &[ProblemKind::Histogram, ProblemKind::NotAPoint]),
        ("values of rollups", &[ProblemKind::Rollup]),
    ];
    for (what, kinds) in classes {
        let count = |side: &Looked| kinds.iter().map(|kind| side.problems.count(*kind)).sum();
        let [of_base, of_current]: [u64; 2] = [count(base), count(current)];
        if of_base != of_current {
            let counts = format!("{of_base} in BASE and {of_current} in CURRENT");
            report.notes.push(format!("{what}, which are no points, are not compared: {counts}"));
        }
    }
}

/// Whether the files are those of the manifest, byte for byte, and where they are not.
fn compare_bytes(report: &mut Report, base: &Read, current: &Read) {
    let (Read::Manifest(manifest), Read::Source(looked)) = (base, current) else { return };
    // Each file of the manifest stands for one file: two copies of one are not two files.
    let mut files: Vec<&FileMeta> = manifest.meta.files.iter().collect();
    let mut others = Vec::new();
    for look in &looked.files {
        match files.iter().position(|file| has_bytes_of(look, file)) {
            Some(index) => drop(files.swap_remove(index)),
            None => others.push(look),
        }
    }
    let all_same = files.is_empty() && others.is_empty() && !looked.files.is_empty();
    for look in others {
        let same_name = |file: &&&FileMeta| base_name(&file.name) == base_name(&look.name);
        let file = files.iter().find(same_name);
        report.changed_files.extend(file.and_then(|file| changed_file(file, look)));
    }
    let has_losses = report.sides.iter().any(|side| !side.losses.is_empty());
    match report.verdict {
        Verdict::Same if all_same => report.verdict = Verdict::SameBytes,
        Verdict::Incomplete if all_same && has_losses => {
            report.notes.push("the files are those of the manifest, byte for byte".to_owned());
        }
        _ => {}
    }
}

fn has_bytes_of(look: &FileLook, file: &FileMeta) -> bool {
    file.size_bytes == look.size_bytes
        && !file.blocks.is_empty()
        && file.blocks.iter().eq(look.blocks.blocks.values())
}

/// A name without its folders.
pub(super) fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// The stretches in which a file is another than the manifest tells; blocks are of 1 MiB.
fn changed_file(file: &FileMeta, look: &FileLook) -> Option<ChangedFile> {
    if file.blocks.is_empty() || look.blocks.blocks.is_empty() {
        return None;
    }
    let block_bytes = crate::look::BLOCK_BYTES;
    let end = file.size_bytes.max(look.size_bytes);
    let mut bytes: Vec<(u64, u64)> = Vec::new();
    for (index, from) in (0..end.div_ceil(block_bytes)).map(|index| (index, index * block_bytes)) {
        let before = usize::try_from(index).ok().and_then(|index| file.blocks.get(index));
        if before == look.blocks.blocks.get(&index) {
            continue;
        }
        let to = end.min(from + block_bytes);
        match bytes.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => bytes.push((from, to)),
        }
    }
    Some(ChangedFile { name: look.name.clone(), bytes })
}
