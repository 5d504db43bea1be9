//! The points of one series, for a picture of it.

use tsdbproof_core::{Error, Kind, Series};

use super::Source;
use crate::{
    Host, Options, Scope,
    look::{Instant, Manner, look_as},
    report::{SeriesPoint, SeriesPoints},
    time::time,
};

/// Instants that are told; a picture has no room for more.
const INSTANTS: usize = 20_000;

/// The points of `series` in the window of the options' scope, ascending.
///
/// The host's inputs are those of `source`. Everything is read for it, but only these points are kept.
pub async fn points<H: Host>(
    host: &H,
    source: &Source,
    series: &Series,
    options: &Options,
) -> Result<SeriesPoints, Error> {
    if let Some(manifest) = source.inputs.iter().find(|input| input.is_manifest()) {
        return Err(Error::new(Kind::Unsupported, "a manifest, which holds no points")
            .in_file(&manifest.name));
    }
    let options = &Options {
        scope: scope_around(series, &options.scope),
        strict: false,
        ..options.without_file_digests()
    };
    let manner = Manner { keeps_points: true, observer: None };
    let looked = look_as(host, source, 0, options, manner).await?;
    let mut walk = looked.walk(options.scope.duplicates)?;
    let mut found = SeriesPoints::default();
    while let Some(name) = walk.next_series()? {
        while let Some(instant) = walk.next()? {
            if name != *series {
                continue;
            }
            if found.points.len() == INSTANTS {
                found.is_cut = true;
                return Ok(found);
            }
            found.points.push(point(&instant));
        }
    }
    Ok(found)
}

/// A scope that holds the series, and few others: a name may hold what a pattern takes for more.
fn scope_around(series: &Series, scope: &Scope) -> Scope {
    let pairs = series.tags.pairs();
    Scope {
        metrics: vec![series.metric.clone()],
        tags: pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect(),
        ..scope.clone()
    }
}

fn point(instant: &Instant) -> SeriesPoint {
    let values = || instant.points().map(|point| point.value);
    let number = values().next().map_or(f64::NAN, |value| match value.as_integer() {
        Some(number) => number as f64,
        None => value.as_float().unwrap_or(f64::NAN),
    });
    SeriesPoint {
        timestamp_ms: instant.timestamp_ms,
        time: time(instant.timestamp_ms),
        values: values().map(|value| value.to_string()).collect(),
        number,
    }
}
