//! The series of a metric, for windows that a server answers for some of them only.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::BufReader,
    path::Path,
};

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use tsdbproof::{Error, Tags};

use super::{
    ask::{self, Refusal},
    client::Client,
};

/// A series, and its TSUID in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    pub(super) tsuid: String,
    pub(super) tags: Tags,
}

/// Bytes of TSUIDs in a request: OpenTSDB takes a body above 8 KiB for chunked, and refuses it.
const TSUIDS_BYTES: usize = 7000;

#[derive(Deserialize)]
struct List {
    results: Rows,
}

/// The series of a list, in which each stands once for each of its rows.
#[derive(Default)]
struct Rows {
    count: usize,
    series: BTreeSet<Series>,
    is_broken: bool,
}

#[derive(Deserialize)]
struct Listed {
    tsuid: String,
    tags: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Rows::default())
    }
}

impl<'de> Visitor<'de> for Rows {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("series")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<Self, A::Error> {
        while let Some(listed) = rows.next_element()? {
            self.add(listed);
        }
        Ok(self)
    }
}

impl Rows {
    fn add(&mut self, Listed { tsuid, tags }: Listed) {
        self.count += 1;
        let pairs = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        match Tags::new(pairs) {
            Ok(tags) => drop(self.series.insert(Series { tsuid, tags })),
            Err(_) => self.is_broken = true,
        }
    }

    /// Groups that fit into a request; or why not all are known.
    fn groups(self) -> Result<Vec<Vec<Series>>, String> {
        if self.count >= ask::SURE_ROWS {
            return Err(format!("a list of {} rows may have been cut", self.count));
        }
        if self.is_broken {
            return Err("the list of series has tags that can't be".to_owned());
        }
        let mut groups: Vec<Vec<Series>> = Vec::new();
        let mut bytes = TSUIDS_BYTES;
        for series in self.series {
            bytes += series.tsuid.len() + 3;
            if bytes > TSUIDS_BYTES {
                bytes = series.tsuid.len() + 3;
                groups.push(Vec::new());
            }
            groups.last_mut().into_iter().for_each(|group| group.push(series.clone()));
        }
        Ok(groups)
    }
}

/// All series of a metric, in groups that fit into a request; or why they are not all known.
pub(super) fn series(
    client: &Client,
    metric: &str,
    temp_dir: &Path,
) -> Result<Result<Vec<Vec<Series>>, String>, Error> {
    let answer = match client.ask(ask::LOOKUP, Some(&ask::lookup(metric)), temp_dir) {
        Ok(Ok(answer)) => answer,
        Ok(Err(Refusal::TooMuch(why) | Refusal::Broken(why) | Refusal::Later(why))) => {
            return Ok(Err(why));
        }
        Ok(Err(Refusal::Unknown)) => return Ok(Err("there is no such metric".to_owned())),
        // A proxy may let queries through and nothing else.
        Ok(Err(Refusal::Final(error))) => {
            return Ok(Err(error.to_string().lines().next().unwrap_or_default().to_owned()));
        }
        Err(error) => return Err(error),
    };
    Ok(match serde_json::from_reader::<_, List>(BufReader::new(answer.body)) {
        Ok(list) => list.results.groups(),
        Err(_) => Err("the list of series is none".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> String {
        let row = |index| {
            format!(r#"{{"tsuid":"{index:042X}","metric":"m","tags":{{"host":"{index}"}}}}"#)
        };
        let rows: Vec<_> = (0..count).flat_map(|index| [row(index), row(index)]).collect();
        format!(r#"{{"type":"LOOKUP","results":[{}],"totalResults":1}}"#, rows.join(","))
    }

    fn read(text: &str) -> Rows {
        serde_json::from_str::<List>(text).unwrap().results
    }

    #[test]
    fn every_series_stands_once_in_a_group_that_fits() {
        let groups = read(&rows(1000)).groups().unwrap();
        assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 1000);
        for group in groups {
            let tsuids: Vec<_> = group.iter().map(|it| it.tsuid.clone()).collect();
            assert!(ask::query("m", Some(&tsuids), &(0..9)).len() < 8000);
        }
        assert_eq!(read(&rows(0)).groups().unwrap(), Vec::<Vec<Series>>::new());
    }

    #[test]
    fn a_list_that_may_be_cut_is_none() {
        let rows = Rows { count: ask::SURE_ROWS, ..Rows::default() };
        assert!(rows.groups().is_err());
    }
}
