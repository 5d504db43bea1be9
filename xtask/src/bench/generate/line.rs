//! How a point is spelled on its line.

use std::io::{self, Write};

use super::super::data::{Data, Format, Spelling};
use super::series::{Series, Value};

/// Writes points as lines of one format and spelling.
pub(super) struct Lines<'a, W> {
    format: Format,
    spelling: Spelling,
    out: &'a mut W,
    count: u64,
    line: Vec<u8>,
}

impl<'a, W: Write> Lines<'a, W> {
    pub(super) fn new(data: &Data, out: &'a mut W) -> Self {
        let (format, spelling) = (data.format, data.spelling);
        Self { format, spelling, out, count: 0, line: Vec::new() }
    }

    pub(super) fn write(&mut self, series: &Series, time_s: u64, value: Value) -> io::Result<()> {
        self.line.clear();
        match self.format {
            Format::Text => self.text(series, time_s, &value)?,
            Format::JsonLines => self.json(series, time_s, &value)?,
        }
        self.count += 1;
        self.out.write_all(&self.line)?;
        if self.spelling == Spelling::Mixed && self.count.is_multiple_of(1000) {
            self.out.write_all(&self.line)?; // a duplicate, as a retried put leaves it
        }
        Ok(())
    }

    fn text(&mut self, series: &Series, time_s: u64, value: &Value) -> io::Result<()> {
        let blank = if self.is_odd(series, 5) { "  " } else { " " };
        write!(self.line, "{}{blank}", series.metric)?;
        self.number(series, time_s)?;
        write!(self.line, "{blank}")?;
        self.value(series, value)?;
        write!(self.line, "{blank}")?;
        for (i, tag) in series.tags.iter().enumerate() {
            write!(self.line, "{}{tag}", if i == 0 { "" } else { " " })?;
        }
        writeln!(self.line)
    }

    fn json(&mut self, series: &Series, time_s: u64, value: &Value) -> io::Result<()> {
        write!(self.line, r#"{{"metric":"{}","timestamp":"#, series.metric)?;
        self.number(series, time_s)?;
        write!(self.line, r#","value":"#)?;
        self.value(series, value)?;
        write!(self.line, r#","tags":"#)?;
        for (i, tag) in series.tags.iter().enumerate() {
            let (key, name) = tag.split_once('=').expect("every tag is made as key=value");
            write!(self.line, r#"{}"{key}":"{name}""#, if i == 0 { '{' } else { ',' })?;
        }
        writeln!(self.line, "}}}}")
    }

    /// The timestamp: in milliseconds for every third series of the mixed spelling.
    fn number(&mut self, series: &Series, time_s: u64) -> io::Result<()> {
        write!(self.line, "{}", if self.is_odd(series, 3) { time_s * 1000 } else { time_s })
    }

    fn value(&mut self, series: &Series, value: &Value) -> io::Result<()> {
        let odd = self.is_odd(series, 4);
        match value {
            Value::Integer(value) => write!(self.line, "{value}{}", if odd { ".0" } else { "" }),
            Value::Decimal { units, places } => {
                let (one, width) = (10_u64.pow(*places), *places as usize);
                let more = if odd { "0" } else { "" };
                write!(self.line, "{}.{:0width$}{more}", units / one, units % one)
            }
            Value::Double(value) if odd => write!(self.line, "{value:e}"),
            Value::Double(value) => write!(self.line, "{value}"),
        }
    }

    /// Whether this series, one of `every`, is spelled in the other way.
    fn is_odd(&self, series: &Series, every: u64) -> bool {
        self.spelling == Spelling::Mixed && series.id % every == 1
    }
}
