//! Every hash of digest-v1 and, here alone, the bytes that keep their domains apart.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use super::{
    Node, Roots,
    sha256::{Gathered, Message},
};
use crate::Profile;

const ENTRY: u8 = 0x00;
const INNER: u8 = 0x01;
const HOUR: u8 = 0x02;
const ROOT: u8 = 0x03;
const STATEMENT: u8 = 0x04;
const VERSION: &str = "tsdbproof/v1/";
const TEXT: &str = "tsdbproof:v1:";

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[inline(always)]
fn of<const N: usize>(parts: [&[u8]; N]) -> Hash {
    match Gathered::of(parts) {
        Some(message) => message.finish(),
        None => of_long(parts),
    }
}

#[inline(always)]
fn of_both<const N: usize>(both: [[&[u8]; N]; 2]) -> [Hash; 2] {
    match both.map(Gathered::of) {
        [Some(a), Some(b)] => Gathered::finish_both([a, b]),
        _ => both.map(of_long),
    }
}

fn of_long<const N: usize>(parts: [&[u8]; N]) -> Hash {
    let mut state = Sha256::new();
    parts.iter().for_each(|part| state.update(part));
    Hash(state.finalize().into())
}

fn length(text: &str) -> [u8; 4] {
    u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The tree hash of no entries.
pub(super) fn empty() -> Hash {
    of([])
}

/// The tree hash above two tree hashes.
pub(super) fn inner(left: Hash, right: Hash) -> Hash {
    of([&[INNER], &left.0, &right.0])
}

/// The same of two pairs.
pub(super) fn inner_both([a, b]: [[Hash; 2]; 2]) -> [Hash; 2] {
    of_both([[&[INNER], &a[0].0, &a[1].0], [&[INNER], &b[0].0, &b[1].0]])
}

/// A message that takes the records of an hour.
pub(super) fn open_hour() -> Message {
    Message::beginning_with(HOUR)
}

/// The entry of a child in the tree hash of its parent.
pub fn entry(name: &str, node: &Node) -> Hash {
    let (points, children) = (node.points.to_be_bytes(), node.children.to_be_bytes());
    of([&[ENTRY], &length(name), name.as_bytes(), &points, &children, &node.digest.0])
}

/// The entries of a child in both profiles.
pub(super) fn entries(name: &str, [a, b]: [&Node; 2]) -> [Hash; 2] {
    let counts = |node: &Node| (node.points.to_be_bytes(), node.children.to_be_bytes());
    let (length, (points_a, children_a), (points_b, children_b)) =
        (length(name), counts(a), counts(b));
    let name = name.as_bytes();
    of_both([
        [&[ENTRY], &length, name, &points_a, &children_a, &a.digest.0],
        [&[ENTRY], &length, name, &points_b, &children_b, &b.digest.0],
    ])
}

/// The root of one profile; the children of `all` are the metrics.
pub fn root(profile: Profile, all: &Node) -> Hash {
    let (points, metrics) = (all.points.to_be_bytes(), all.children.to_be_bytes());
    let name = profile.name().as_bytes();
    of([&[ROOT], VERSION.as_bytes(), name, &points, &metrics, &all.digest.0])
}

/// The statement: both roots, bound to the scope that was looked at.
pub fn statement(scope: &str, roots: &Roots) -> Hash {
    of([&[STATEMENT], &length(scope), scope.as_bytes(), &roots.exact.0, &roots.f32.0])
}

/// A digest with its written form, `tsdbproof:v1:exact:<64 hex digits>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootText {
    /// The root of one profile.
    Root(Profile, Hash),
    /// A statement.
    Statement(Hash),
}

impl fmt::Display for RootText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RootText::Root(profile, hash) => write!(f, "{TEXT}{}:{hash}", profile.name()),
            RootText::Statement(hash) => write!(f, "{TEXT}statement:{hash}"),
        }
    }
}

/// The text is no written form of a v1 root or statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDigestError;

impl FromStr for RootText {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, ParseDigestError> {
        let (kind, digits) = text
            .strip_prefix(TEXT)
            .and_then(|rest| rest.split_once(':'))
            .ok_or(ParseDigestError)?;
        let hash = hash_of_hex(digits).ok_or(ParseDigestError)?;
        match kind {
            "exact" => Ok(RootText::Root(Profile::Exact, hash)),
            "f32" => Ok(RootText::Root(Profile::F32, hash)),
            "statement" => Ok(RootText::Statement(hash)),
            _ => Err(ParseDigestError),
        }
    }
}

fn hash_of_hex(digits: &str) -> Option<Hash> {
    let mut bytes = [0; 32];
    if digits.len() != 2 * bytes.len() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(Hash(bytes))
}
