//! Rows of a live OpenTSDB that are deleted before points are put.
//!
//! A row is named by the TSUID of its series: a query by tags takes series with more tags as well, and with
//! `explicitTags` the next hour. A server deletes when it comes to it, after its answer, and a put that is
//! in the table before that goes with the row: so each row is asked for until it is gone.
//!
//! Source: OpenTSDB 2.4.1 `core/TsdbQuery.java`, `ScannerCB.processRow`; `query/QueryUtil.java`,
//! `setDataTableScanFilter`, which makes the stop key of a fuzzy filter.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use serde_json::json;
use tsdbproof::{Error, Kind, RowHour, Tags};

use super::{
    ask::{self, Refusal},
    client::Client,
    series::series,
};
use crate::{io_error, name_of};

const HOUR_S: u64 = 3600;
/// The first row that no query ends behind: the end of its scan wraps around.
const LAST_ROW_S: u64 = 4_294_965_600;
/// Looks at a row that is still there, with growing pauses between them: a minute, about.
const LOOKS: u32 = 12;

/// The TSUIDs of one metric.
#[derive(Default)]
struct Known {
    metric: Option<String>,
    tsuids: BTreeMap<Tags, String>,
}

impl Known {
    /// The TSUID of a series; `None` where it has no row.
    fn tsuid(
        &mut self,
        row: &RowHour,
        client: &Client,
        temp_dir: &Path,
    ) -> Result<Option<&str>, Error> {
        let metric = &row.series.metric;
        if self.metric.as_ref() != Some(metric) {
            let groups = series(client, metric, temp_dir)?
                .map_err(|why| Error::new(Kind::Io, format!("{}: {why}", row.series)))?;
            let all = groups.into_iter().flatten();
            self.tsuids = all.map(|series| (series.tags, series.tsuid)).collect();
            self.metric = Some(metric.clone());
        }
        Ok(self.tsuids.get(&row.series.tags).map(String::as_str))
    }
}

/// Deletes the rows of a list, and waits until they are gone; gives how many it names.
pub(super) fn delete_rows(client: &Client, list: &Path, temp_dir: &Path) -> Result<u64, Error> {
    // Each before any is deleted: a list that is damaged in its middle deletes nothing.
    rows(list, |_| Ok(()))?;
    let mut known = Known::default();
    let count = rows(list, |row| match known.tsuid(row, client, temp_dir)? {
        Some(tsuid) => ask(client, row, tsuid, true, temp_dir).map(drop),
        None => Ok(()),
    })?;
    rows(list, |row| {
        let Some(tsuid) = known.tsuid(row, client, temp_dir)? else { return Ok(()) };
        for look in 1..=LOOKS {
            if ask(client, row, tsuid, false, temp_dir)? {
                return Ok(());
            }
            client.pause(look)?;
        }
        Err(Error::new(Kind::Io, format!("{} at {} is still there", row.series, base_time(row)))
            .help("points put there now might be deleted later; nothing was put"))
    })?;
    Ok(count)
}

fn base_time(row: &RowHour) -> u64 {
    u64::from(row.hour) * HOUR_S
}

/// Asks for a row, to delete it or not; gives whether there is nothing.
fn ask(
    client: &Client,
    row: &RowHour,
    tsuid: &str,
    deletes: bool,
    temp_dir: &Path,
) -> Result<bool, Error> {
    let start = base_time(row);
    let mut query = json!({
        "start": start, "end": start + 1,
        "queries": [{ "aggregator": "none", "tsuids": [tsuid] }],
    });
    if deletes {
        query["delete"] = true.into();
    }
    match client.ask(ask::QUERY, Some(&query.to_string()), temp_dir)? {
        Ok(answer) => Ok(answer.bytes <= EMPTY_BYTES),
        Err(Refusal::Final(error)) => Err(error),
        // A row with a conflict can't be answered for, and is deleted all the same.
        Err(_) => Ok(false),
    }
}

/// Bytes of an answer without series: `[]`, and an end of the line.
const EMPTY_BYTES: u64 = 4;

/// Shows every row of a list, and gives how many there are.
fn rows(list: &Path, mut see: impl FnMut(&RowHour) -> Result<(), Error>) -> Result<u64, Error> {
    let name = name_of(list);
    let file = File::open(list).map_err(|error| io_error(&error, &name))?;
    let mut count = 0;
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|error| io_error(&error, &name))?;
        count += 1;
        let at = |error: Error| error.in_file(format!("{name}, line {count}"));
        let row = RowHour::parse(&line).map_err(at)?;
        if base_time(&row) >= LAST_ROW_S {
            let error = Error::new(Kind::Unsupported, "no query ends behind so late a row");
            return Err(at(error.help("delete it with HBase's own tools")));
        }
        see(&row)?;
    }
    Ok(count)
}
