//! A snapshot with its store files found: what a job needs of it.

use tsdbproof_core::{Error, Position, Problem, ProblemKind, quote};

use super::{
    Description, LocatedFile, Manifest, Schema, SnapshotKind, TableName, locate, malformed,
};
use crate::hbase::{hfile::Half, merge::FamilyRules};

/// The family of a table that holds points.
const POINTS: &[u8] = b"t";

/// A snapshot whose manifest was read and whose store files were looked for.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The table that it is of, as HBase names it.
    pub table: String,
    /// When it was taken, in milliseconds since 1970.
    pub created_ms: Option<i64>,
    /// Whether what stood in memory only was left out of it.
    pub skips_memory: bool,
    /// Regions with rows.
    pub regions: u64,
    /// Store files that it names, there or not.
    pub named: u64,
    /// Store files that are there, one for each use: a file of a split region has several.
    pub files: Vec<SnapshotFile>,
    /// What is wrong with it, to be told of its manifest.
    pub problems: Vec<Problem>,
    rules: FamilyRules,
}

/// A use of a store file in a snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotFile {
    /// Which of the files that were looked through it is, from 0.
    pub index: usize,
    /// That its length is another than the manifest says.
    pub wrong_size: Option<Problem>,
    pub(in crate::hbase) name: String,
    pub(in crate::hbase) half: Option<Half>,
    /// The rows of its region, empty where they have no border.
    rows: (Vec<u8>, Vec<u8>),
}

/// What a scan shows of the cells of a table.
#[derive(Debug, Clone, Copy, Default)]
pub struct TableRules {
    pub(in crate::hbase) family: FamilyRules,
    /// When the scan is made; `None`: no time is over.
    pub(in crate::hbase) now_ms: Option<i64>,
}

impl TableRules {
    /// Rules of a table that nothing is known of, where cells may have times of their own.
    pub fn at(now_ms: Option<i64>) -> Self {
        TableRules { family: FamilyRules::default(), now_ms }
    }

    /// Cells written before this instant are not shown, in milliseconds since 1970.
    pub fn expire_before_ms(&self) -> Option<i64> {
        Some(self.now_ms?.saturating_sub(self.family.ttl_ms?))
    }

    /// How long cells live, in milliseconds.
    pub fn ttl_ms(&self) -> Option<i64> {
        self.family.ttl_ms
    }
}

impl Snapshot {
    /// Reads what says what a snapshot is made of, and finds that among `files`, paths and sizes.
    ///
    /// Errors: `Malformed`, `Unsupported`.
    pub fn open(
        info: Option<&[u8]>,
        manifest: Option<&[u8]>,
        region_manifests: &[&[u8]],
        files: &[(String, u64)],
    ) -> Result<Self, Error> {
        let description = info.map(Description::parse).transpose()?;
        let manifest = match manifest {
            Some(bytes) => Manifest::parse(bytes)?,
            None if region_manifests.is_empty() => {
                return Err(malformed("a snapshot without a manifest (data.manifest)"));
            }
            None => Manifest::parse_parts(region_manifests.iter().copied())?,
        };
        let (located, mut problems) = locate(&manifest, files);
        let named = (located.len() + problems.len()) as u64;
        problems.extend(manifest.check());
        problems.extend(contradictions(description.as_ref(), &manifest, &located));
        let points = manifest.schema.as_ref().and_then(|schema| schema.family(POINTS));
        let rules = points.map(|family| family.rules()).transpose()?.unwrap_or_default();
        let regions = manifest.regions.iter().filter(|region| region.has_rows());
        Ok(Snapshot {
            table: table_of(description.as_ref(), &manifest).unwrap_or_default(),
            created_ms: description.as_ref().and_then(|it| it.created_ms),
            skips_memory: description.is_some_and(|it| it.kind == SnapshotKind::SkipFlush),
            regions: regions.count() as u64,
            named,
            files: located.into_iter().map(SnapshotFile::of).collect(),
            problems,
            rules,
        })
    }

    /// What a scan of its table shows at `now_ms`; by default when the snapshot was taken.
    pub fn rules(&self, now_ms: Option<i64>) -> TableRules {
        TableRules { family: self.rules, now_ms: now_ms.or(self.created_ms) }
    }
}

impl SnapshotFile {
    fn of(located: LocatedFile<'_>) -> Self {
        let LocatedFile { region, file, index, wrong_size } = located;
        let (name, half) = (file.name.clone(), file.half.clone());
        let rows = (region.start_key.clone(), region.end_key.clone());
        SnapshotFile { index, wrong_size, name, half, rows }
    }

    /// Whether only a half of the file counts.
    pub fn is_half(&self) -> bool {
        self.half.is_some()
    }

    /// Whether a row is one that its region has.
    pub fn holds(&self, row: &[u8]) -> bool {
        let (start, end) = (self.rows.0.as_slice(), self.rows.1.as_slice());
        row >= start && (end.is_empty() || row < end)
    }
}

fn table_of(description: Option<&Description>, manifest: &Manifest) -> Option<String> {
    let of_schema = manifest.schema.as_ref().and_then(|schema| schema.table.as_ref());
    let of_region = manifest.regions.first().map(|region| &region.table);
    let table = description.map(|it| &it.table).or(of_schema).or(of_region);
    table.map(TableName::to_string)
}

/// What the files of a snapshot say otherwise than each other, and what they don't say.
fn contradictions(
    description: Option<&Description>,
    manifest: &Manifest,
    located: &[LocatedFile<'_>],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |kind, what: String| {
        problems.push(Problem { kind, at: Position::Byte(0), what });
    };
    if description.is_none() {
        let what = ".snapshotinfo is not there: when the snapshot was taken is not known, and so no \
            cell is held to be older than its time to live";
        report(ProblemKind::MissingFile, what.to_owned());
    }
    let Some(schema) = &manifest.schema else {
        let what = "data.manifest is not there: the regions are known, but not which cells have \
            expired";
        report(ProblemKind::MissingFile, what.to_owned());
        return problems;
    };
    let tables = manifest.regions.iter().map(|region| &region.table).chain(&schema.table);
    let table = description.map(|it| &it.table);
    if let Some((table, other)) =
        table.and_then(|table| tables.into_iter().find(|it| *it != table).map(|it| (table, it)))
    {
        let what = format!("the manifest is of the table {other}, .snapshotinfo of {table}");
        report(ProblemKind::Disagreement, what);
    }
    if let Some(family) = unknown_family(schema, located) {
        let what = format!("a store file of the family {}, which the schema lacks", quote(family));
        report(ProblemKind::Disagreement, what);
    }
    problems
}

fn unknown_family<'m>(schema: &Schema, located: &[LocatedFile<'m>]) -> Option<&'m [u8]> {
    let families = located.iter().map(|it| it.file.family.as_slice());
    families.into_iter().find(|family| schema.family(family).is_none())
}
