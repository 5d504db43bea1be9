//! A list of rows of OpenTSDB, one a line: `{"metric":"m","tags":{"host":"a"},"base_time":1700002800}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tsdbproof_core::{Error, HOUR_MS, Hour, Kind, Series, Tags};

/// The points of a series in an hour, which OpenTSDB keeps and deletes as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowHour {
    /// The series.
    pub series: Series,
    /// Hours since 1970.
    pub hour: Hour,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    metric: String,
    tags: BTreeMap<String, String>,
    /// In seconds, as row keys have it.
    base_time: u64,
}

const HOUR_S: u64 = HOUR_MS / 1000;

impl RowHour {
    /// Its line, with the end of it.
    pub(crate) fn line(&self) -> Result<String, Error> {
        let line = Line {
            metric: self.series.metric.clone(),
            tags: self.series.tags.pairs_by_key(),
            base_time: u64::from(self.hour) * HOUR_S,
        };
        let text = serde_json::to_string(&line).map_err(|error| unlike(&error.to_string()))?;
        Ok(text + "\n")
    }

    /// The row of a line. Errors: it is none.
    pub fn parse(line: &str) -> Result<Self, Error> {
        let Line { metric, tags, base_time } =
            serde_json::from_str(line).map_err(|error| unlike(&error.to_string()))?;
        let hour = Hour::try_from(base_time / HOUR_S).ok();
        let hour = hour.filter(|_| base_time.is_multiple_of(HOUR_S));
        let hour = hour.ok_or_else(|| unlike("base_time is no full hour in seconds"))?;
        let pairs = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let tags = Tags::new(pairs).map_err(|_| unlike("its tags can't be"))?;
        Ok(RowHour { series: Series { metric, tags }, hour })
    }
}

fn unlike(why: &str) -> Error {
    Error::new(Kind::Malformed, format!("no row of a list: {why}"))
        .help("`tsdbproof apply --deletes FILE` writes such lists")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_line_and_nothing_else_is() {
        let tags = Tags::new([("host", "a\"b"), ("dc", "x")]).unwrap();
        let row = RowHour { series: Series { metric: "m".to_owned(), tags }, hour: 472_223 };
        let line = row.line().unwrap();
        let expected = r#"{"metric":"m","tags":{"dc":"x","host":"a\"b"},"base_time":1700002800}"#;
        assert_eq!(line, format!("{expected}\n"));
        assert_eq!(RowHour::parse(&line).unwrap(), row);
        for wrong in [
            "",
            "{}",
            &line.replace("00}", "01}"),
            &line.replace("1700002800", "99999999999999999999"),
            &line.replace("1700002800", "-3600"),
            &line.replace("base_time", "start"),
            &line.replace("}\n", ",\"x\":1}"),
        ] {
            assert!(RowHour::parse(wrong).is_err(), "{wrong}");
        }
    }
}
