//! The footer's metadata: what a manifest says beside its rows, as text by key.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use serde::{Deserialize, Serialize};
use tsdbproof_core::{
    Error, Kind, Profile,
    digest::{Depth, Hash, RootText, Totals, statement},
};

use crate::unread::Gaps;

use super::{
    FileMeta, LossyRows, Meta, damaged, shown,
    table::{DEPTH_KEY, VERSION},
};
use crate::store::file::{SHA256_BLANK, SHA256_KEY, VERSION_KEY};

const TOOL: &str = "tsdbproof.tool_version";
const SCOPE: &str = "tsdbproof.scope";
const EXACT_ROOT: &str = "tsdbproof.exact_root";
const F32_ROOT: &str = "tsdbproof.f32_root";
const STATEMENT: &str = "tsdbproof.statement";
const POINTS: &str = "tsdbproof.points";
const F32_POINTS: &str = "tsdbproof.f32_points";
const METRICS: &str = "tsdbproof.metrics";
const FIRST: &str = "tsdbproof.first_ms";
const LAST: &str = "tsdbproof.last_ms";
const LEFT_OUT: &str = "tsdbproof.left_out";
const LOSSES: &str = "tsdbproof.losses";
const UNREAD: &str = "tsdbproof.unread";
const FILES: &str = "tsdbproof.files";
const BLOCK_SIZE: &str = "tsdbproof.block_size_bytes";

/// Bytes of a file that one BLAKE3 digest stands for.
const BLOCK_SIZE_BYTES: u64 = 1 << 20;
/// What readers of flatbuffers take; it holds the block digests of 8 TiB.
const MAX_BYTES: usize = 1 << 29;

/// Problems of one kind, as JSON.
#[derive(Serialize, Deserialize)]
struct LeftOut {
    kind: String,
    count: String,
}

/// An input file, as JSON. Digests are hex; those of blocks stand without a gap.
#[derive(Serialize, Deserialize)]
struct File<'a> {
    name: String,
    size_bytes: String,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    blocks: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// The metadata of the footer, its SHA-256 still blank.
pub(super) fn to_text(meta: &Meta) -> Result<HashMap<String, String>, Error> {
    let mut text: HashMap<_, _> = totals_text(&meta.totals, &meta.scope).into_iter().collect();
    let left_out = meta.left_out.iter();
    let left_out = left_out.map(|(kind, n)| LeftOut { kind: kind.clone(), count: n.to_string() });
    let files = meta.files.iter().map(File::new).collect::<Result<Vec<_>, _>>()?;
    text.extend([
        (VERSION_KEY, VERSION.to_owned()),
        (DEPTH_KEY, meta.depth.name().to_owned()),
        (TOOL, env!("CARGO_PKG_VERSION").to_owned()),
        (SCOPE, meta.scope.clone()),
        (LEFT_OUT, json(&left_out.collect::<Vec<_>>())?),
        (FILES, json(&files)?),
        (BLOCK_SIZE, BLOCK_SIZE_BYTES.to_string()),
        (SHA256_KEY, String::from_utf8_lossy(&SHA256_BLANK).into_owned()),
    ]);
    if !meta.losses.is_empty() {
        text.insert(LOSSES, meta.losses.to_text()?);
    }
    if !meta.unread.is_empty() {
        let unread = meta.unread.to_text();
        text.insert(UNREAD, unread.map_err(|error| Error::new(Kind::Io, error.to_string()))?);
    }
    let length: usize = text.iter().map(|(key, value)| key.len() + value.len()).sum();
    if length > MAX_BYTES {
        let what = format!("{length} bytes of digests of files; a manifest holds {MAX_BYTES}");
        return Err(Error::new(Kind::Limit, what).help("leave them out with --no-file-digests"));
    }
    Ok(text.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// What follows from the rows and the scope.
fn totals_text(totals: &Totals, scope: &str) -> [(&'static str, String); 8] {
    let root = |profile| RootText::Root(profile, totals.roots.of(profile)).to_string();
    [
        (EXACT_ROOT, root(Profile::Exact)),
        (F32_ROOT, root(Profile::F32)),
        (STATEMENT, RootText::Statement(statement(scope, &totals.roots)).to_string()),
        (POINTS, totals.all.exact.points.to_string()),
        (F32_POINTS, totals.all.node(Profile::F32).points.to_string()),
        (METRICS, totals.all.exact.children.to_string()),
        (FIRST, totals.all.first_ms.to_string()),
        (LAST, totals.all.last_ms.to_string()),
    ]
}

/// Reads the metadata of the footer and holds it against what the rows gave.
pub(super) fn from_text(
    text: &BTreeMap<&str, &str>,
    depth: Depth,
    rows: u64,
    totals: Totals,
) -> Result<Meta, Error> {
    let get =
        |key| text.get(key).copied().ok_or_else(|| damaged(format!("no {key} in the footer")));
    let expect = |key, expected: &str| match get(key)? {
        found if found == expected => Ok(()),
        found => Err(damaged(format!("{key}; found {}, expected {expected}", shown(found)))),
    };
    expect(VERSION_KEY, VERSION)?;
    expect(DEPTH_KEY, depth.name())?;
    expect(BLOCK_SIZE, &BLOCK_SIZE_BYTES.to_string())?;
    let scope = get(SCOPE)?.to_owned();
    for (key, expected) in totals_text(&totals, &scope) {
        expect(key, &expected)?;
    }
    let broken = |key| damaged(format!("{key} in the footer can't be read"));
    let left_out: Vec<LeftOut> =
        serde_json::from_str(get(LEFT_OUT)?).map_err(|_| broken(LEFT_OUT))?;
    let left_out = left_out.into_iter().map(|class| Some((class.kind, class.count.parse().ok()?)));
    let left_out = left_out.collect::<Option<_>>().ok_or_else(|| broken(LEFT_OUT))?;
    let losses = match text.get(LOSSES) {
        Some(text) => LossyRows::from_text(text, rows).ok_or_else(|| broken(LOSSES))?,
        None => LossyRows::default(),
    };
    let unread = match text.get(UNREAD) {
        Some(text) => Gaps::from_text(text).ok_or_else(|| broken(UNREAD))?,
        None => Gaps::default(),
    };
    let files: Vec<File> = serde_json::from_str(get(FILES)?).map_err(|_| broken(FILES))?;
    let files = files.into_iter().map(File::read).collect::<Option<_>>();
    let files = files.ok_or_else(|| broken(FILES))?;
    Ok(Meta { depth, totals, scope, left_out, losses, unread, files })
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new(Kind::Io, error.to_string()))
}

impl File<'_> {
    fn new(file: &FileMeta) -> Result<Self, Error> {
        if !block_count_fits(file) {
            let (count, size, name) = (file.blocks.len(), file.size_bytes, shown(&file.name));
            let what = format!("{count} block digests of {name}, which has {size} bytes");
            return Err(Error::new(Kind::Changed, what));
        }
        let mut blocks = String::with_capacity(64 * file.blocks.len());
        file.blocks.iter().for_each(|block| push_hex(block, &mut blocks));
        let sha256 = file.sha256.map(|digest| Hash(digest).to_string());
        let (name, size_bytes) = (file.name.clone(), file.size_bytes.to_string());
        Ok(File { name, size_bytes, blocks: blocks.into(), sha256 })
    }

    fn read(self) -> Option<FileMeta> {
        let (digits, rest) = self.blocks.as_bytes().as_chunks::<64>();
        let blocks = digits.iter().map(digest_of_hex).collect::<Option<_>>()?;
        let sha256 = match &self.sha256 {
            Some(digits) => Some(digest_of_hex(digits.as_bytes().try_into().ok()?)?),
            None => None,
        };
        let size_bytes = self.size_bytes.parse().ok()?;
        let file = FileMeta { name: self.name, size_bytes, blocks, sha256 };
        (rest.is_empty() && block_count_fits(&file)).then_some(file)
    }
}

/// Whether all blocks have a digest, or none: what has none must not pass for compared.
fn block_count_fits(file: &FileMeta) -> bool {
    file.blocks.is_empty() || file.blocks.len() as u64 == file.size_bytes.div_ceil(BLOCK_SIZE_BYTES)
}

fn push_hex(digest: &[u8; 32], text: &mut String) {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    text.extend(digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

fn digest_of_hex(digits: &[u8; 64]) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let (pairs, _) = digits.as_chunks::<2>();
    for (byte, pair) in digest.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = (high? << 4 | low?) as u8;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_back() {
        let file = FileMeta {
            name: "a \"b\"\n.gz".to_owned(),
            size_bytes: (1 << 20) + 1,
            blocks: vec![[0xab; 32], [0x01; 32]],
            sha256: Some([0xfe; 32]),
        };
        assert_eq!(File::new(&file).unwrap().read(), Some(file.clone()));
        let bare = FileMeta { blocks: Vec::new(), sha256: None, ..file.clone() };
        assert_eq!(File::new(&bare).unwrap().read(), Some(bare));
        assert!(File::new(&FileMeta { size_bytes: 1, ..file.clone() }).is_err());
        let mut cut = File::new(&file).unwrap();
        cut.blocks.to_mut().pop();
        assert_eq!(cut.read(), None);
    }
}
