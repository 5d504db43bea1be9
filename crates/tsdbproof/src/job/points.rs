//! The points of one series, side by side: what a picture of a difference needs.

use tsdbproof_core::{Error, Point, Profile, Record, Series, Value};

use super::{Source, patches};
use crate::{
    Host, Options, Scope,
    look::{Instant, Manner, look_as, spills},
    report::{SeriesPoint, SeriesPoints},
    time::time,
};

/// Instants of a side that are told; a picture has no room for more.
const INSTANTS: usize = 20_000;

/// The points of `series` in the window of the options' scope, ascending, of one side or two.
///
/// The host's inputs are those of `base`, then those of `current`. A side that is a manifest has no
/// points at hand. Everything is read for it, but only these points are kept. Of a patch as `current`
/// without a base, they are those that it takes away and brings.
pub async fn points<H: Host>(
    host: &H,
    base: &Source,
    current: &Source,
    series: &Series,
    options: &Options,
) -> Result<SeriesPoints, Error> {
    let options = &Options {
        scope: scope_around(series, &options.scope),
        strict: false,
        memory_bytes: options.memory_bytes / 2,
        ..options.without_file_digests()
    };
    if let ([], [input]) = (base.inputs.as_slice(), current.inputs.as_slice())
        && input.is_patch()
    {
        return of_patch(host, current, series, options).await;
    }
    let mut found = SeriesPoints::default();
    let [of_base, of_current] = [(base, 0), (current, base.inputs.len())];
    let of_base = instants(host, of_base, series, options, &mut found.is_cut).await?;
    let of_current = instants(host, of_current, series, options, &mut found.is_cut).await?;
    found.has_base = of_base.is_some();
    found.has_current = of_current.is_some();
    let both = found.has_base && found.has_current;
    let profile = both.then_some(options.profile);
    found.points = pair(of_base.unwrap_or_default(), of_current.unwrap_or_default(), profile);
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

/// The first instants of the series in a source; `None` where its points are not at hand.
async fn instants<H: Host>(
    host: &H,
    (source, first_input): (&Source, usize),
    series: &Series,
    options: &Options,
    is_cut: &mut bool,
) -> Result<Option<Vec<Instant>>, Error> {
    let is_manifest = source.inputs.iter().any(crate::Input::is_manifest);
    if is_manifest || source.inputs.is_empty() {
        return Ok(None);
    }
    let manner = Manner { keeps_points: true, ..Manner::default() };
    let looked = look_as(host, source, first_input, options, manner).await?;
    let mut walk = looked.walk(options.scope.duplicates)?;
    let mut found = Vec::new();
    while let Some(name) = walk.next_series()? {
        while let Some(instant) = walk.next()? {
            match name == *series {
                true if found.len() < INSTANTS => found.push(instant),
                true => *is_cut = true,
                false => {}
            }
        }
    }
    Ok(Some(found))
}

/// The points of the series that a patch changes.
async fn of_patch<H: Host>(
    host: &H,
    patch: &Source,
    series: &Series,
    options: &Options,
) -> Result<SeriesPoints, Error> {
    let (spill, _) = spills(host, options.memory_bytes)?;
    let read = patches::read(host, &patch.inputs, 0, &spill, options.memory_bytes).await?;
    let mut found = SeriesPoints { has_base: true, has_current: true, ..SeriesPoints::default() };
    for patch in read {
        let mut changes = patch.changes(&spill)?;
        changes.seek(series)?;
        while let Some(change) = changes.next()? {
            let timestamp_ms = change.timestamp_ms;
            let point = |value| Point { timestamp_ms, value };
            if change.clears_hour() || !options.scope.holds_point(point(Value::integer(0))) {
                continue;
            }
            if found.points.len() == INSTANTS {
                found.is_cut = true;
                break;
            }
            let records = |value: Option<Value>| value.map(|it| point(it).record());
            let sides = [change.old, change.new].map(|it| records(it).into_iter().collect());
            found.points.push(self::point(timestamp_ms, sides, Some(Profile::Exact)));
        }
    }
    Ok(found)
}

/// Instants of both sides in the order of time. Without a profile there is nothing to compare.
fn pair(base: Vec<Instant>, current: Vec<Instant>, profile: Option<Profile>) -> Vec<SeriesPoint> {
    let (mut base, mut current) = (base.into_iter().peekable(), current.into_iter().peekable());
    let mut points = Vec::new();
    loop {
        let next = |instant: Option<&Instant>| instant.map(|it| it.timestamp_ms);
        let times = [next(base.peek()), next(current.peek())];
        let Some(timestamp_ms) = times.into_iter().flatten().min() else { return points };
        let is_next = |instant: &Instant| instant.timestamp_ms == timestamp_ms;
        let sides = [base.next_if(is_next), current.next_if(is_next)];
        let records = sides.map(|side| side.map(|it| it.records).unwrap_or_default());
        points.push(point(timestamp_ms, records, profile));
    }
}

fn point(
    timestamp_ms: u64,
    [base, current]: [Vec<Record>; 2],
    profile: Option<Profile>,
) -> SeriesPoint {
    let sign = match (profile, base.is_empty(), current.is_empty()) {
        (Some(_), false, true) => '-',
        (Some(_), true, false) => '+',
        (Some(profile), ..) if in_profile(&base, profile) != in_profile(&current, profile) => '~',
        _ => '=',
    };
    let number = |records: &[Record]| records.first().map(|record| number(record.value()));
    let values =
        |records: &[Record]| records.iter().map(|record| record.value().to_string()).collect();
    SeriesPoint {
        timestamp_ms,
        time: time(timestamp_ms),
        sign,
        base: values(&base),
        current: values(&current),
        base_number: number(&base),
        current_number: number(&current),
    }
}

fn in_profile(records: &[Record], profile: Profile) -> Vec<Record> {
    let mut records = records.to_vec();
    if profile == Profile::F32 {
        records.iter_mut().for_each(|record| *record = record.to_f32());
        records.sort_unstable();
        records.dedup();
    }
    records
}

/// The value as near as binary64 comes.
fn number(value: Value) -> f64 {
    value.as_integer().map_or_else(|| value.as_float().unwrap_or(f64::NAN), |it| it as f64)
}
