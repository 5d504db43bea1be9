//! Values of flags that are more than a word or a number.

use std::{path::PathBuf, time::Duration};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap_complete::Shell;
use tsdbproof::{
    Depth, Duplicates, Error, FORMATS, Interval, Profile, TimeUnit, time::parse_duration,
};

/// A time: `500ms`, `10s`, `2m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let ms = parse_duration(text).filter(|ms| *ms > 0);
    ms.map(Duration::from_millis).ok_or_else(|| "a time reads like 500ms, 10s or 2m".to_owned())
}

/// Bytes: `4096`, `64k`, `512 MiB`, `1GiB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        "t" | "tib" => 40,
        _ => return Err("a size reads like 4096, 64KiB, 512MiB or 2GiB".to_owned()),
    };
    let count: u64 = count.parse().map_err(|_| "no number of bytes".to_owned())?;
    match count.checked_mul(1 << shift) {
        Some(0) => Err("nothing fits into 0 bytes".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err("more than 64 bits can count".to_owned()),
    }
}

/// How a report looks, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportTo {
    pub(crate) style: Style,
    /// `None` for standard output.
    pub(crate) file: Option<PathBuf>,
}

/// How a report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Text,
    Json,
    Junit,
    Sarif,
    Markdown,
    Html,
}

impl Style {
    pub(crate) const ALL: [(&'static str, Style); 6] = [
        ("text", Style::Text),
        ("json", Style::Json),
        ("junit", Style::Junit),
        ("sarif", Style::Sarif),
        ("markdown", Style::Markdown),
        ("html", Style::Html),
    ];
}

/// `text`, `json`, `json=FILE`.
pub(crate) fn report_to(text: &str) -> Result<ReportTo, String> {
    let (style, file) = text.split_once('=').map_or((text, None), |(s, file)| (s, Some(file)));
    let Some((_, style)) = Style::ALL.into_iter().find(|(name, _)| *name == style) else {
        let known = Style::ALL.map(|(name, _)| name).join(", ");
        return Err(format!("a report is one of {known}; json=FILE goes to a file"));
    };
    match file {
        Some("") => Err("no file behind the =".to_owned()),
        file => Ok(ReportTo { style, file: file.filter(|file| *file != "-").map(PathBuf::from) }),
    }
}

/// A distance or a share: finite, not negative.
pub(crate) fn tolerance(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "a tolerance is a number from 0 on, like 0.001 or 1e-6".to_owned())
}

/// Names with what they stand for; a name that is none gets the nearest as a hint.
fn choice<T: Copy + Send + Sync + 'static>(
    values: Vec<(&'static str, &'static str, T)>,
) -> impl TypedValueParser<Value = T> {
    let names = values.iter().map(|(name, about, _)| PossibleValue::new(*name).help(*about));
    let parser = PossibleValuesParser::new(names.collect::<Vec<_>>());
    parser.try_map(move |text| {
        let found = values.iter().find(|(name, ..)| *name == text);
        found.map(|(.., value)| *value).ok_or("no such value")
    })
}

pub(crate) fn format() -> impl TypedValueParser<Value = &'static str> {
    choice(FORMATS.iter().map(|format| (format.name, format.about, format.name)).collect())
}

/// `3,3,3`: bytes of UIDs of metrics, tag keys and tag values.
pub(crate) fn uid_widths(text: &str) -> Result<[u8; 3], String> {
    let widths: Option<Vec<u8>> = text.split(',').map(|width| width.trim().parse().ok()).collect();
    let widths = widths.and_then(|widths| <[u8; 3]>::try_from(widths).ok());
    let widths = widths.filter(|widths| widths.iter().all(|width| (1..=8).contains(width)));
    widths.ok_or_else(|| "widths read like 3,3,3 or 3,3,4, each from 1 to 8".to_owned())
}

/// Formats that can be written.
pub(crate) fn written_format() -> impl TypedValueParser<Value = &'static str> {
    let written = FORMATS.iter().filter(|format| format.write.is_some());
    choice(written.map(|format| (format.name, format.about, format.name)).collect())
}

/// `10s`, `1m`, `auto`.
pub(crate) fn interval(text: &str) -> Result<Interval, String> {
    text.parse().map_err(|error: Error| error.to_string())
}

pub(crate) fn profile() -> impl TypedValueParser<Value = Profile> {
    choice(vec![
        ("exact", "every value as it is", Profile::Exact),
        ("f32", "decimals in single precision, as `tsdb import` stores them", Profile::F32),
    ])
}

pub(crate) fn depth() -> impl TypedValueParser<Value = Depth> {
    choice(vec![
        ("hour", "a row for each hour of each series", Depth::Hour),
        ("day", "a row for each day of each series", Depth::Day),
        ("series", "a row for each series", Depth::Series),
        ("metric", "a row for each metric", Depth::Metric),
    ])
}

pub(crate) fn duplicates() -> impl TypedValueParser<Value = Duplicates> {
    choice(vec![
        ("keep", "all; the instant is counted as a conflict", Duplicates::Keep),
        ("last", "the one written last", Duplicates::Last),
        ("first", "the one written first", Duplicates::First),
    ])
}

pub(crate) fn time_unit() -> impl TypedValueParser<Value = TimeUnit> {
    choice(vec![
        ("s", "seconds since 1970", TimeUnit::Seconds),
        ("ms", "milliseconds since 1970", TimeUnit::Milliseconds),
    ])
}

pub(crate) fn shell() -> impl TypedValueParser<Value = Shell> {
    choice(vec![
        ("bash", "4.4 or later does best", Shell::Bash),
        ("zsh", "", Shell::Zsh),
        ("fish", "", Shell::Fish),
        ("powershell", "", Shell::PowerShell),
    ])
}

/// When something is done that depends on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

impl When {
    pub(crate) fn or(self, auto: bool) -> bool {
        match self {
            When::Auto => auto,
            When::Always => true,
            When::Never => false,
        }
    }
}

pub(crate) fn when() -> impl TypedValueParser<Value = When> {
    choice(vec![
        ("auto", "on a terminal", When::Auto),
        ("always", "", When::Always),
        ("never", "", When::Never),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_binary_units() {
        let sizes = ["4096", "64k", "512 MiB", "1GiB", "2g", "3B"].map(|text| size(text).unwrap());
        assert_eq!(sizes, [4096, 64 << 10, 512 << 20, 1 << 30, 2 << 30, 3]);
        for wrong in ["", "k", "0", "-1", "1.5g", "1kB", "99999999999g", "1 giga"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_report_has_a_style_and_may_have_a_file() {
        let to = |style, file: Option<&str>| ReportTo { style, file: file.map(PathBuf::from) };
        assert_eq!(report_to("json=a=b"), Ok(to(Style::Json, Some("a=b"))));
        assert_eq!(report_to("text"), Ok(to(Style::Text, None)));
        assert_eq!(report_to("json=-"), Ok(to(Style::Json, None)));
        assert!(report_to("xml").is_err() && report_to("json=").is_err());
    }
}
