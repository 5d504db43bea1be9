//! The digest tree: digest-v1, "Tree". Hours below days below series below metrics below all.

mod hash;
mod hour;
mod mth;
mod sha256;
mod tree;

pub use hash::{Hash, ParseDigestError, RootText, entry, root, statement};
pub use hour::OpenHour;
pub use mth::Mth;
pub use tree::{Depth, Entry, Name, Node, Roots, Totals, Tree, civil};
