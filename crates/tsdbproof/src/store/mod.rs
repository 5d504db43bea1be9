//! The files that this program writes, beside those of points.

mod column;
mod file;
mod ipc;
pub(crate) mod manifest;
pub(crate) mod patch;
pub(crate) mod rows;

pub(crate) use file::{Content, FileReader};

/// A file of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    Manifest,
    Patch,
}

/// Which file of ours begins so, of whatever version.
pub(crate) fn own(head: &[u8]) -> Option<Own> {
    match file::what(head)?.as_str() {
        manifest::WHAT => Some(Own::Manifest),
        patch::WHAT => Some(Own::Patch),
        _ => None,
    }
}
