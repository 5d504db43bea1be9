//! Snapshots among the inputs of a source: what they name is read, as they say it; nothing else
//! that lies below the root that they stand in.

use std::{collections::BTreeSet, sync::Arc};

use tsdbproof_core::{Error, Position, Problem, ProblemKind, sort};
use tsdbproof_formats::{STORE_FILE, Snapshot, SnapshotFolder, decompress::Codec, find_snapshots};

use super::{
    indexed::Collect,
    reading::{Holds, Planned, Reading},
};
use crate::{
    Host, Source, Task, host,
    report::{NotRead, SnapshotRead},
    time::time,
};

/// What snapshots told.
#[derive(Default)]
pub(super) struct Snapshots {
    pub(super) read: Vec<SnapshotRead>,
    /// With the input's index.
    pub(super) problems: Vec<(usize, Problem)>,
    /// What no format claims, and no snapshot could name.
    pub(super) not_read: Vec<NotRead>,
}

/// Finds the snapshots of a source, and plans what is read of its files.
pub(super) async fn read_snapshots<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    now_ms: Option<i64>,
    readings: &mut [Reading],
) -> Result<Snapshots, Error> {
    let mut found = Snapshots::default();
    let names = source.inputs.iter().map(|input| match input.part {
        Some(host::Part::Snapshot) => input.name.as_str(),
        _ => "",
    });
    let folders = find_snapshots(names);
    let (folders, left) = finished(folders);
    for folder in &left {
        for index in parts_of(folder) {
            found.leave_out(index, readings);
        }
    }
    let mut opened = Vec::new();
    for folder in &folders {
        let files = files_below(source, &folder.root);
        let parts = Parts::read(host, source, first_input, folder, readings).await?;
        let snapshot =
            parts.open(&files.1).map_err(|error| error.in_file(name_of(source, folder)))?;
        opened.push((folder, snapshot, files.0));
    }
    check_choice(&opened)?;
    for (folder, snapshot, files) in &opened {
        check_root(source, folder, snapshot, files)?;
        found.plan(folder, snapshot, files, now_ms, readings);
    }
    found.leave_others(source, &folders, readings);
    Ok(found)
}

/// The snapshots that were finished; of a root without such the others. Those that are left come
/// second.
fn finished(folders: Vec<SnapshotFolder>) -> (Vec<SnapshotFolder>, Vec<SnapshotFolder>) {
    let roots = folders.iter().filter(|it| !it.is_unfinished).map(|it| it.root.clone());
    let has_finished: BTreeSet<String> = sort::gathered(roots);
    folders.into_iter().partition(|it| !it.is_unfinished || !has_finished.contains(&it.root))
}

/// The inputs that say what a snapshot is made of.
fn parts_of(folder: &SnapshotFolder) -> impl Iterator<Item = usize> {
    let SnapshotFolder { info, manifest, region_manifests, .. } = folder;
    info.iter().chain(manifest).chain(region_manifests).copied()
}

/// The file of a snapshot that its faults are told of.
fn place_of(folder: &SnapshotFolder) -> usize {
    let SnapshotFolder { info, manifest, region_manifests, .. } = folder;
    manifest.or(region_manifests.first().copied()).or(*info).unwrap_or_default()
}

fn name_of<'s>(source: &'s Source, folder: &SnapshotFolder) -> &'s str {
    source.inputs.get(place_of(folder)).map_or("", |input| &input.name)
}

/// Files below a root: their indexes, and their paths and sizes.
fn files_below(source: &Source, root: &str) -> (Vec<usize>, Vec<(String, u64)>) {
    let is_file = |part| matches!(part, None | Some(host::Part::Unknown));
    let inputs = source.inputs.iter().enumerate();
    let files = inputs.filter(|(_, input)| is_file(input.part) && input.name.starts_with(root));
    files.map(|(index, input)| (index, (input.name.clone(), input.size.unwrap_or(0)))).unzip()
}

/// The bytes that say what a snapshot is made of.
struct Parts {
    info: Option<Vec<u8>>,
    manifest: Option<Vec<u8>>,
    region_manifests: Vec<Vec<u8>>,
}

impl Parts {
    async fn read<H: Host>(
        host: &H,
        source: &Source,
        first_input: usize,
        folder: &SnapshotFolder,
        readings: &[Reading],
    ) -> Result<Self, Error> {
        let tasks = parts_of(folder).map(|index| {
            let limit = readings.get(index).map_or(0, |it| it.options.limits.index_bytes);
            let work = Collect { bytes: Vec::new(), limit };
            Task { input: first_input + index, from: 0, work }
        });
        let is_stream =
            |index: &usize| source.inputs.get(*index).is_some_and(|input| input.size.is_none());
        if let Some(index) = parts_of(folder).find(is_stream) {
            let name = source.inputs.get(index).map_or("", |input| &input.name);
            let error = Error::usage("a snapshot is read from files, and this is a stream");
            return Err(error.in_file(name).help("write it to a file first, and name that"));
        }
        let read = host.read(tasks.collect()).await?;
        let mut read = read.into_iter().map(|task| task.work.bytes);
        Ok(Parts {
            info: folder.info.and_then(|_| read.next()),
            manifest: folder.manifest.and_then(|_| read.next()),
            region_manifests: read.collect(),
        })
    }

    fn open(&self, files: &[(String, u64)]) -> Result<Snapshot, Error> {
        let regions: Vec<&[u8]> = self.region_manifests.iter().map(Vec::as_slice).collect();
        Snapshot::open(self.info.as_deref(), self.manifest.as_deref(), &regions, files)
    }
}

type Opened<'f> = (&'f SnapshotFolder, Snapshot, Vec<usize>);

/// Of a table one snapshot has to be chosen.
fn check_choice(opened: &[Opened<'_>]) -> Result<(), Error> {
    for (at, (folder, snapshot, _)) in opened.iter().enumerate() {
        let is_other =
            |(other, of, _): &&Opened<'_>| other.root == folder.root && of.table == snapshot.table;
        if let Some((other, ..)) = opened.iter().skip(at + 1).find(is_other) {
            let (table, root) = (&snapshot.table, &folder.root);
            let what = format!(
                "there are several snapshots of the table {table} here, {} and {} among them",
                folder.name, other.name
            );
            return Err(Error::usage(what)
                .in_file(if root.is_empty() { "." } else { root })
                .help(format!("choose one by its folder: {root}.hbase-snapshot/{}", folder.name)));
        }
    }
    Ok(())
}

/// A snapshot without any of its files was named without the folder that they lie in.
fn check_root(
    source: &Source,
    folder: &SnapshotFolder,
    snapshot: &Snapshot,
    files: &[usize],
) -> Result<(), Error> {
    if snapshot.named == 0 || !files.is_empty() {
        return Ok(());
    }
    let what = format!("none of the {} store files of the snapshot is there", snapshot.named);
    Err(Error::usage(what)
        .in_file(name_of(source, folder))
        .help("name the folder that holds both .hbase-snapshot and archive"))
}

impl Snapshots {
    fn plan(
        &mut self,
        folder: &SnapshotFolder,
        snapshot: &Snapshot,
        files: &[usize],
        now_ms: Option<i64>,
        readings: &mut [Reading],
    ) {
        let place = place_of(folder);
        let problems = snapshot.problems.iter().cloned().chain(unfinished(folder));
        self.problems.extend(problems.map(|problem| (place, problem)));
        let rules = snapshot.rules(now_ms);
        let table = format!("{} (snapshot {})", snapshot.table, folder.name);
        let table: Arc<str> = format!("{}{table}", folder.root).into();
        for file in &snapshot.files {
            let Some(&index) = files.get(file.index) else { continue };
            let Some(reading) = readings.get_mut(index) else { continue };
            // What a snapshot names is a store file, whatever damage made of its first bytes.
            (reading.codec, reading.format, reading.holds) =
                (Codec::Plain, &STORE_FILE, Holds::Points);
            let (table, file) = (Arc::clone(&table), file.clone());
            self.problems.extend(file.wrong_size.clone().map(|problem| (index, problem)));
            reading.planned.push(Planned { table, rules, file });
        }
        let instant = |ms: i64| u64::try_from(ms).ok().map(time);
        self.read.push(SnapshotRead {
            name: folder.name.clone(),
            table: snapshot.table.clone(),
            taken: snapshot.created_ms.and_then(instant),
            read_at: now_ms.or(snapshot.created_ms).and_then(instant),
            ttl_s: rules.ttl_ms().map(|ms| ms.unsigned_abs() / 1000),
            skips_memory: snapshot.skips_memory,
            regions: snapshot.regions,
            store_files: snapshot.named,
            missing_files: snapshot.named - snapshot.files.len() as u64,
        });
    }

    /// Leaves out what lies below a root and is named by no snapshot in it.
    fn leave_others(
        &mut self,
        source: &Source,
        folders: &[SnapshotFolder],
        readings: &mut [Reading],
    ) {
        let is_chosen = |index| source.uids.as_ref().is_some_and(|uids| uids.contains(&index));
        let roots = folders.iter().map(|it| (it.root.as_str(), is_chosen(place_of(it))));
        let roots: BTreeSet<(&str, bool)> = sort::gathered(roots);
        for (index, input) in source.inputs.iter().enumerate() {
            let Some(reading) = readings.get(index).filter(|it| it.planned.is_empty()) else {
                continue;
            };
            // A table of UIDs that was chosen is read, whatever snapshot of another stands above it.
            let of_side = roots.iter().filter(|(_, of_chosen)| *of_chosen == is_chosen(index));
            let mut below =
                of_side.filter_map(|(root, _)| input.name.strip_prefix(root)).peekable();
            let is_unknown = input.part == Some(host::Part::Unknown);
            let is_below = below.peek().is_some();
            let is_backup = input.part.is_none();
            let is_of_hbase = is_backup && below.any(is_of_hbase);
            let is_store_file = is_backup && reading.format.name == STORE_FILE.name;
            if is_below && (is_unknown || is_store_file || is_of_hbase) {
                self.leave_out(index, readings);
            } else if is_unknown {
                let name = input.name.clone();
                let why = format!(
                    "no format recognises it; it begins with {}",
                    tsdbproof_core::quote(input.beginning())
                );
                self.not_read.push(NotRead { name, why });
            }
        }
    }

    fn leave_out(&mut self, index: usize, readings: &mut [Reading]) {
        if let Some(reading) = readings.get_mut(index) {
            reading.holds = Holds::NoFile;
        }
        let what = "no part of the snapshot that it stands beside; left out".to_owned();
        let kind = ProblemKind::NotInSnapshot;
        self.problems.push((index, Problem { kind, at: Position::Byte(0), what }));
    }
}

/// Whether HBase itself put a file where it stands, by its path below the root.
fn is_of_hbase(path: &str) -> bool {
    let own = [
        "archive",
        "data",
        "mobdir",
        "WALs",
        "oldWALs",
        "MasterData",
        "MasterProcWALs",
        "corrupt",
        "staging",
        "hbase.id",
        "hbase.version",
    ];
    path.split('/').next().is_some_and(|first| own.contains(&first))
}

fn unfinished(folder: &SnapshotFolder) -> Option<Problem> {
    let what = "the snapshot stands in .tmp: it was never finished, or not exported to its end";
    let (kind, at) = (ProblemKind::Cut, Position::Byte(0));
    folder.is_unfinished.then(|| Problem { kind, at, what: what.to_owned() })
}
