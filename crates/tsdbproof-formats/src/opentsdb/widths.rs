//! How wide the parts of row keys are, found in keys and UIDs.
//!
//! The table of UIDs tells how wide UIDs are. A salt is found in a sample of row keys: behind it
//! stand a metric that has a name, the time of a full hour, and whole tags that have names.

use tsdbproof_core::{Error, Kind};

use super::row_key::{RowKey, Widths};
use super::uid::{UidKind, UidTable};

/// Widths as a user says them; `None` where the data shall tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct GivenWidths {
    pub(crate) salt: Option<u8>,
    pub(crate) metric: Option<u8>,
    pub(crate) tag_key: Option<u8>,
    pub(crate) tag_value: Option<u8>,
}

/// Widths of a salt that OpenTSDB takes.
const SALT_WIDTHS: usize = 9;

/// What a sample of row keys says of their widths.
#[derive(Debug)]
pub(crate) struct KeySample<'u> {
    uids: &'u UidTable,
    /// The salt's width is the one that is looked for.
    widths: Widths,
    salt: Option<u8>,
    rows: u64,
    /// By the width of the salt.
    fits: [Fits; SALT_WIDTHS],
}

/// How many keys of a sample make sense with a salt of some width.
#[derive(Debug, Clone, Copy, Default)]
struct Fits {
    /// Keys of rows that belong to no series.
    global: u64,
    /// Keys of a full hour.
    aligned: u64,
    /// Of these, whose UIDs all have names.
    named: u64,
}

impl<'u> KeySample<'u> {
    pub(crate) fn new(given: GivenWidths, uids: &'u UidTable) -> Self {
        let usual = Widths::default();
        let width = |given: Option<u8>, kind, usual| given.or(uids.width(kind)).unwrap_or(usual);
        let widths = Widths {
            metric: width(given.metric, UidKind::Metric, usual.metric),
            tag_key: width(given.tag_key, UidKind::TagKey, usual.tag_key),
            tag_value: width(given.tag_value, UidKind::TagValue, usual.tag_value),
            ..usual
        };
        KeySample { uids, widths, salt: given.salt, rows: 0, fits: Default::default() }
    }

    /// Adds the key of a row.
    pub(crate) fn push(&mut self, key: &[u8]) {
        self.rows += 1;
        for (salt, fits) in (0..).zip(&mut self.fits) {
            let Ok(row) = RowKey::of(key, Widths { salt, ..self.widths }) else { continue };
            if row.is_global() {
                fits.global += 1;
            } else if row.is_aligned() {
                fits.aligned += 1;
                fits.named += u64::from(is_named(&row, self.uids));
            }
        }
    }

    /// The widths of the table that the keys are of. Errors: no width of a salt makes sense of most
    /// keys, or several do.
    pub(crate) fn decide(&self) -> Result<Widths, Error> {
        if let Some(salt) = self.salt {
            return Ok(Widths { salt, ..self.widths });
        }
        let most = |count: fn(&Fits) -> u64| -> Vec<u8> {
            let salts = (0..).zip(&self.fits);
            let is_most = |fits: &Fits| count(fits) * 2 > self.rows - fits.global;
            salts.filter(|(_, fits)| is_most(fits)).map(|(salt, _)| salt).collect()
        };
        let mut salts = most(|fits| fits.named);
        if salts.is_empty() {
            // Of a table of UIDs that is lost or another's, only the times are left.
            salts = most(|fits| fits.aligned);
        }
        match salts[..] {
            [salt] => Ok(Widths { salt, ..self.widths }),
            // Without a row of a series nothing depends on it.
            [] if self.fits.iter().any(|fits| fits.global == self.rows) => Ok(self.widths),
            [] => Err(self.undecided("no width of a salt makes sense of most row keys")),
            _ => Err(self.undecided(&format!("salts of {salts:?} bytes make sense"))),
        }
    }

    fn undecided(&self, why: &str) -> Error {
        let Widths { metric, tag_key, tag_value, .. } = self.widths;
        let what = format!(
            "can't tell how wide the parts of row keys are: {why}; looked at {} rows for UIDs of \
             {metric}, {tag_key} and {tag_value} bytes (metrics, tagk, tagv)",
            self.rows
        );
        Error::new(Kind::Unsupported, what).help(
            "say how OpenTSDB is set up: tsd.storage.salt.width, tsd.storage.uid.width.metric, \
             .tagk and .tagv",
        )
    }
}

fn is_named(row: &RowKey<'_>, uids: &UidTable) -> bool {
    let has = |kind, uid| uids.name(kind, uid).is_some();
    has(UidKind::Metric, row.metric)
        && row.tags().all(|(key, value)| has(UidKind::TagKey, key) && has(UidKind::TagValue, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opentsdb::tests::{Owned, cells, uid_table, unhex};

    fn decide(keys: &[&[u8]], given: GivenWidths, uids: &UidTable) -> Result<Widths, String> {
        let mut sample = KeySample::new(given, uids);
        keys.iter().for_each(|key| sample.push(key));
        sample.decide().map_err(|error| error.to_string())
    }

    fn keys(cells: &[Owned]) -> Vec<&[u8]> {
        cells.iter().map(|cell| &cell.row[..]).collect()
    }

    #[test]
    fn a_salt_is_found_in_the_keys() {
        let any = GivenWidths::default();
        for (set, salt) in [("main", 0), ("append", 0), ("salt", 1)] {
            let uids = uid_table(&[&cells(&format!("cells/{set}-uid.tsv.gz"))]).0;
            let cells = cells(&format!("cells/{set}-data.tsv.gz"));
            let expected = Widths { salt, ..Widths::default() };
            assert_eq!(decide(&keys(&cells), any, &uids), Ok(expected), "{set}");
            // One row of a series is enough, and names are not needed.
            let one = cells.iter().rev().find(|cell| cell.row.len() > 8).unwrap();
            assert_eq!(decide(&[&one.row], any, &uids), Ok(expected), "{set}");
            let lost = decide(&keys(&cells), any, &UidTable::default());
            assert_eq!(lost, Ok(expected), "{set}");
        }
    }

    #[test]
    fn the_table_of_uids_tells_their_widths_unless_the_user_does() {
        let uids = uid_table(&[&[
            Owned::new(&[0, 0, 0, 1], "name", b"metrics", b"m"),
            Owned::new(&[1], "name", b"tagk", b"k"),
            Owned::new(&[0, 1], "name", b"tagv", b"v"),
        ]])
        .0;
        let key = unhex("00070000000165 53ede0010001".replace(' ', "").as_str());
        let found = decide(&[&key], GivenWidths::default(), &uids);
        let widths = Widths { salt: 2, metric: 4, tag_key: 1, tag_value: 2 };
        assert_eq!(found, Ok(widths));
        let given = GivenWidths { salt: Some(0), metric: Some(6), ..GivenWidths::default() };
        assert_eq!(decide(&[&key], given, &uids), Ok(Widths { salt: 0, metric: 6, ..widths }));
    }

    #[test]
    fn what_the_keys_leave_open_is_asked() {
        let any = GivenWidths::default();
        let none = UidTable::default();
        assert_eq!(decide(&[], any, &none), Ok(Widths::default()));
        // Annotations alone, of no series.
        let global = unhex("0000006553ede0");
        assert_eq!(decide(&[&global, &global], any, &none), Ok(Widths::default()));
        // A time that is no full hour, in each place where one could stand.
        let odd = unhex("0000016553ede1000001000001");
        let error = decide(&[&odd, &odd, &global], any, &none).unwrap_err();
        assert!(error.contains("no width of a salt makes sense"), "{error}");
        assert!(error.contains("help: say how OpenTSDB is set up"), "{error}");
        // Zeros are a full hour wherever they stand.
        let zeros = [0; 25];
        let error = decide(&[&zeros], any, &none).unwrap_err();
        assert!(error.contains("salts of [0, 6] bytes make sense"), "{error}");
    }
}
