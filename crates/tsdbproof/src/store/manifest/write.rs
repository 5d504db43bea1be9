//! Writes a manifest.

use std::io::Write;

use arrow_schema::Schema;
use sha2::{Digest, Sha256};
use tsdbproof_core::{
    Error, Hour, Kind, Series,
    digest::{Depth, Entry, Hash},
};
use tsdbproof_formats::arrow::lz4;

use super::{
    Meta, ipc,
    meta::{SHA256_KEY, to_text},
    rules::{Rules, start_of_hour},
    table::{Column, Table, schema},
};

/// Rows of a batch. Measured on 150k hours: half as many cost 0.7 bytes a row more, eight times as
/// many 0.6 less.
const BATCH_ROWS: usize = 8192;
/// Bytes of names after which a batch is closed before it is full.
const BATCH_TEXT_BYTES: usize = 1 << 20;

/// Writes a manifest row by row. Memory is one batch, and 24 bytes for each batch written.
///
/// Names are plain text in every row. Measured on 10k series × 15 hours with 70 bytes of names: 8.9
/// bytes of 42 a row, most of it offsets. Dictionaries (0.4) grow with the series in writers and
/// readers; views take pyarrow 26 the power to filter and sort by name.
pub(crate) struct ManifestWriter<W: Write> {
    out: Hashed<W>,
    schema: Schema,
    rules: Rules,
    table: Table,
    rows: usize,
    batches: Vec<ipc::Place>,
}

impl<W: Write> ManifestWriter<W> {
    /// Begins a manifest of rows of `depth`.
    pub(crate) fn new(out: W, depth: Depth) -> Result<Self, Error> {
        let schema = schema(depth);
        let mut out = Hashed { out, hash: Sha256::new(), bytes: 0 };
        out.write(&ipc::HEAD)?;
        out.write(&ipc::schema_message(&schema))?;
        let (rules, table) = (Rules::new(depth), Table::new(depth));
        Ok(ManifestWriter { out, schema, rules, table, rows: 0, batches: Vec::new() })
    }

    /// The next row, in ascending order of (metric, tags, hour).
    pub(crate) fn push(&mut self, series: &Series, hour: Hour, entry: &Entry) -> Result<(), Error> {
        let depth = self.table.depth;
        let tags = if depth == Depth::Metric { "" } else { series.tags.as_str() };
        self.make_room(series.metric.len().max(tags.len()))?;
        let refuse = |flaw| Error::new(Kind::Malformed, format!("no row of a manifest: {flaw}"));
        self.rules.name(series.metric.as_bytes(), tags.as_bytes(), hour).map_err(refuse)?;
        self.rules.entry(entry).map_err(refuse)?;
        let start_ms = start_of_hour(depth, hour).map_err(refuse)?;
        let table = &mut self.table;
        table.metric.push_text(&series.metric);
        table.tags.push_text(tags);
        table.start.push_number(start_ms);
        table.points.push_number(entry.exact.points);
        table.children.push_number(entry.exact.children);
        table.first.push_number(entry.first_ms);
        table.last.push_number(entry.last_ms);
        table.digest.push_digest(&entry.exact.digest);
        let (points, digest) = (entry.f32.map(|node| node.points), entry.f32.map(|n| n.digest));
        table.f32_points.push_option(points, Column::push_number);
        table.f32_digest.push_option(digest, |column, digest| column.push_digest(&digest));
        self.rows += 1;
        Ok(())
    }

    /// Closes the batch if it is full or has no room for a name of this length.
    fn make_room(&mut self, name_bytes: usize) -> Result<(), Error> {
        if i32::try_from(name_bytes).is_err() {
            let what = format!("a name of {name_bytes} bytes; a manifest holds names below 2 GiB");
            return Err(Error::new(Kind::Limit, what));
        }
        let text = self.table.metric.data.len().max(self.table.tags.data.len());
        let full = self.rows >= BATCH_ROWS || text.saturating_add(name_bytes) > BATCH_TEXT_BYTES;
        if self.rows > 0 && full { self.write_batch() } else { Ok(()) }
    }

    fn write_batch(&mut self) -> Result<(), Error> {
        let mut layout = ipc::Layout { rows: self.rows, ..ipc::Layout::default() };
        let mut body = Vec::new();
        for column in self.table.columns() {
            layout.nodes.push((self.rows, column.nulls));
            column.buffers().for_each(|buffer| layout.add(buffer, lz4::pack, &mut body));
        }
        let message = ipc::batch_message(&layout);
        self.batches.push((self.out.bytes, message.len(), body.len()));
        self.table.clear();
        self.rows = 0;
        self.out.write(&message)?;
        self.out.write(&body)
    }

    /// Writes the footer and gives the output back.
    pub(crate) fn finish(mut self, meta: &Meta) -> Result<W, Error> {
        if self.rows > 0 {
            self.write_batch()?;
        }
        let (found, expected) = (self.rules.points(), meta.totals.all.exact.points);
        if found != expected || meta.depth != self.table.depth {
            let what = format!("rows of {found} points; their totals tell of {expected}");
            return Err(Error::new(Kind::Malformed, what));
        }
        self.out.write(&ipc::END_OF_STREAM)?;
        let mut tail = ipc::footer(&self.schema, &self.batches, to_text(meta)?.into());
        tail.extend(ipc::trailer(&tail));
        self.out.finish(tail)
    }
}

/// An output with the SHA-256 of what was written.
struct Hashed<W> {
    out: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(self.out.write_all(bytes)?)
    }

    /// Writes the tail with the digest of the file in its place, which is still blank.
    fn finish(mut self, mut tail: Vec<u8>) -> Result<W, Error> {
        let place = ipc::Tail::read(&tail).ok().and_then(|tail| tail.place_of(SHA256_KEY));
        self.hash.update(&tail);
        let digits = Hash(self.hash.finalize().into()).to_string();
        let slot = place.and_then(|place| tail.get_mut(place));
        let slot = slot.filter(|slot| slot.len() == digits.len());
        let slot = slot.ok_or_else(|| Error::new(Kind::Limit, "a footer too large to be read"))?;
        slot.copy_from_slice(digits.as_bytes());
        self.out.write_all(&tail)?;
        self.out.flush()?;
        Ok(self.out)
    }
}
