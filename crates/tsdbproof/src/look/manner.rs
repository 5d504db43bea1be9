//! How a side is looked at, beyond its digests.

use std::sync::{Arc, Mutex};

use super::{sink::Observer, watch::Watch};
use crate::KnownMetric;

/// What is wanted of a look.
#[derive(Default)]
pub(crate) struct Manner {
    /// All points are kept, to be walked over in the order of the tree.
    pub(crate) keeps_points: bool,
    /// Sees all points in the order of the files and in them: nothing is read side by side.
    pub(crate) observer: Option<Arc<Mutex<dyn Observer>>>,
    /// What stands on the other side, for inputs that can be asked for it.
    pub(crate) known: Vec<KnownMetric>,
    /// Only that is sought.
    pub(crate) is_sample: bool,
    /// What ends a look at a server at the first difference.
    pub(crate) watch: Option<Watch>,
}
