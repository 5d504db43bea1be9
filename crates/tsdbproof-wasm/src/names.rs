//! What inputs are, and how series are named.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tsdbproof::{Error, Input, Series, Tags};
use tsify::Tsify;

/// What an input is by its first bytes.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Recognised {
    /// A manifest, of whatever version.
    pub is_manifest: bool,
    /// A patch, of whatever version.
    pub is_patch: bool,
    /// The format that claims it for points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// How it is compressed.
    pub codec: String,
}

impl Recognised {
    pub(crate) fn of(input: &Input) -> Self {
        Recognised {
            is_manifest: input.is_manifest(),
            is_patch: input.is_patch(),
            format: input.format().map(|format| format.name.to_owned()),
            codec: input.codec().to_owned(),
        }
    }
}

/// A series, as a report names it.
#[derive(Debug, Deserialize, Tsify)]
#[tsify(hashmap_as_object)]
pub struct SeriesName {
    /// The metric.
    pub metric: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}

impl SeriesName {
    pub(crate) fn series(&self) -> Result<Series, Error> {
        let pairs = self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let tags = Tags::new(pairs).map_err(|_| Error::usage("a tag has two values"))?;
        Ok(Series { metric: self.metric.clone(), tags })
    }
}
