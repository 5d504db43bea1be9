//! Points as lines that differ in time and value alone.

use tsdbproof_core::{Point, Series};

use super::push_value;

/// The lines of a series; what all of them hold is made once.
#[derive(Debug)]
pub(crate) struct Lines {
    push_time: fn(Point, &mut Vec<u8>),
    /// Whose words `before` and `behind` are.
    series: Option<Series>,
    before: Vec<u8>,
    between: &'static [u8],
    behind: Vec<u8>,
}

impl Lines {
    /// Lines with a time of this spelling, and with these bytes between time and value.
    pub(crate) fn new(push_time: fn(Point, &mut Vec<u8>), between: &'static [u8]) -> Self {
        Lines { push_time, series: None, before: Vec::new(), between, behind: Vec::new() }
    }

    /// Appends a line for each point. `frame` appends what stands before the time and behind the
    /// value, with the line end; it is asked where the series is another than the last.
    pub(crate) fn push(
        &mut self,
        series: &Series,
        points: &[Point],
        frame: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>),
        out: &mut Vec<u8>,
    ) {
        if self.series.as_ref() != Some(series) {
            self.before.clear();
            self.behind.clear();
            frame(&mut self.before, &mut self.behind);
            self.series = Some(series.clone());
        }
        for point in points {
            out.extend_from_slice(&self.before);
            (self.push_time)(*point, out);
            out.extend_from_slice(self.between);
            push_value(*point, out);
            out.extend_from_slice(&self.behind);
        }
    }

    /// Bytes of memory that depend on the input, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        2 * (self.before.capacity() + self.behind.capacity())
    }
}
