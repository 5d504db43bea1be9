//! Reads a manifest that is pushed in pieces, and believes nothing in it.

use arrow_schema::Schema;
use sha2::{Digest, Sha256};
use tsdbproof_core::{
    Error, Hour, Kind, Position,
    digest::{Depth, Entry, Hash, Node, Totals, Tree},
};
use tsdbproof_formats::arrow::lz4;

use super::{
    Meta, Rows, damaged, ipc,
    meta::{SHA256_BLANK, SHA256_KEY, from_text},
    rules::{Rules, hour_of_start},
    shown,
    table::{Column, DEPTH_KEY, KEY, Kind as ColumnKind, Table, VERSION, VERSION_KEY, WHAT},
    table::{has_time, schema},
};

/// The tail's part of the memory: it is parsed in place, but grows by doubling.
const TAIL_SHARE: u64 = 4;

/// Reads a manifest pushed in pieces.
///
/// Memory is one batch and the tail: 64 bytes for each MiB of the input files. What rows say is
/// proven only when `finish` is done; until then they are a claim.
#[derive(Debug)]
pub(crate) struct ManifestReader {
    memory_bytes: u64,
    part: Part,
    /// The part so far, and how many bytes it has in all.
    bytes: Vec<u8>,
    part_bytes: usize,
    /// Where the part begins.
    at: u64,
    hash: Sha256,
    content: Option<Content>,
    batches: Vec<ipc::Place>,
}

/// What the next bytes are.
#[derive(Debug)]
enum Part {
    Head,
    Prefix,
    /// A flatbuffer: the schema, then one for each batch.
    Message,
    Body(ipc::Layout),
    /// All that is left.
    Tail,
}

impl ManifestReader {
    /// A reader that takes no more memory than this for what a manifest claims.
    pub(crate) fn new(memory_bytes: u64) -> Self {
        ManifestReader {
            memory_bytes,
            part: Part::Head,
            bytes: Vec::new(),
            part_bytes: ipc::HEAD.len(),
            at: 0,
            hash: Sha256::new(),
            content: None,
            batches: Vec::new(),
        }
    }

    /// Takes the next bytes; rows go out as their batch is complete.
    pub(crate) fn push(&mut self, bytes: &[u8], rows: &mut Rows<'_>) -> Result<(), Error> {
        let mut rest = bytes;
        while !matches!(self.part, Part::Tail) {
            let missing = self.part_bytes.saturating_sub(self.bytes.len());
            let (bytes, behind) = rest.split_at(missing.min(rest.len()));
            self.bytes.extend_from_slice(bytes);
            rest = behind;
            if bytes.len() < missing {
                return Ok(());
            }
            self.end_part(rows).map_err(|error| error.at(Position::Byte(self.at)))?;
        }
        let room = (self.memory_bytes / TAIL_SHARE).saturating_sub(self.bytes.len() as u64);
        if rest.len() as u64 > room {
            let what = "digests of files behind the rows take more than a quarter of the memory";
            return Err(limit(what.to_owned()).at(Position::Byte(self.at)));
        }
        self.bytes.extend_from_slice(rest);
        Ok(())
    }

    fn end_part(&mut self, rows: &mut Rows<'_>) -> Result<(), Error> {
        self.hash.update(&self.bytes);
        let (next, next_bytes) = match std::mem::replace(&mut self.part, Part::Tail) {
            Part::Head if self.bytes == ipc::HEAD => (Part::Prefix, ipc::END_OF_STREAM.len()),
            Part::Head => return Err(damaged("found no ARROW1, expected an Arrow file")),
            Part::Prefix => self.end_prefix()?,
            Part::Message => self.end_message()?,
            Part::Body(layout) => {
                if let Some(content) = &mut self.content {
                    content.batch(&self.bytes, &layout, rows)?;
                }
                (Part::Prefix, ipc::END_OF_STREAM.len())
            }
            Part::Tail => (Part::Tail, 0),
        };
        self.at += self.bytes.len() as u64;
        self.bytes.clear();
        (self.part, self.part_bytes) = (next, next_bytes);
        Ok(())
    }

    fn end_prefix(&mut self) -> Result<(Part, usize), Error> {
        if self.bytes == ipc::END_OF_STREAM && self.content.is_some() {
            return Ok((Part::Tail, 0));
        }
        let (mark, length) = self.bytes.split_at(ipc::CONTINUATION.len());
        let length = length.try_into().map_or(0, u32::from_le_bytes);
        if mark != ipc::CONTINUATION || length == 0 {
            return Err(damaged("found no message, expected its first bytes ffffffff"));
        }
        self.check_memory(length.into(), "a message")?;
        Ok((Part::Message, length as usize))
    }

    fn end_message(&mut self) -> Result<(Part, usize), Error> {
        if self.content.is_none() {
            let schema = ipc::read_schema(&self.bytes).map_err(damaged)?;
            self.content = Some(Content::new(schema, self.memory_bytes)?);
            return Ok((Part::Prefix, ipc::END_OF_STREAM.len()));
        }
        let layout = ipc::read_batch(&self.bytes).map_err(damaged)?;
        self.check_memory(layout.body_bytes as u64, "a batch of rows")?;
        if layout.rows == 0 {
            return Err(damaged("a batch without rows"));
        }
        // The footer repeats the places of all batches, so they may take as much as the tail.
        let places_bytes = size_of::<ipc::Place>() * (self.batches.len() + 1);
        let claimed_bytes = (places_bytes as u64).saturating_mul(TAIL_SHARE);
        self.check_memory(claimed_bytes, "the list of batches")?;
        let prefix_bytes = ipc::END_OF_STREAM.len();
        let place = self.at.saturating_sub(prefix_bytes as u64);
        self.batches.push((place, prefix_bytes + self.bytes.len(), layout.body_bytes));
        let body_bytes = layout.body_bytes;
        Ok((Part::Body(layout), body_bytes))
    }

    fn check_memory(&self, claimed_bytes: u64, what: &str) -> Result<(), Error> {
        check_memory(claimed_bytes, self.memory_bytes, what)
    }

    /// The bytes are over. Checks names, counts, digests, roots and the file's SHA-256.
    ///
    /// All rows went out before: a batch is complete as soon as its last byte is there.
    pub(crate) fn finish(mut self, _rows: &mut Rows<'_>) -> Result<Meta, Error> {
        let at = Position::Byte(self.at);
        let (Part::Tail, Some(content)) = (&self.part, self.content.take()) else {
            return Err(damaged("the file ends before its rows do").at(at));
        };
        content.end(self.hash, &self.bytes, &self.batches).map_err(|error| error.at(at))
    }
}

/// What stands between the schema and the tail, folded up to the roots.
#[derive(Debug)]
struct Content {
    memory_bytes: u64,
    schema: Schema,
    table: Table,
    rules: Rules,
    tree: Tree,
    rows: u64,
}

impl Content {
    fn new(found: Schema, memory_bytes: u64) -> Result<Self, Error> {
        let get = |key| found.metadata().get(key).map(String::as_str);
        if get(KEY) != Some(WHAT) {
            return Err(damaged("found a schema of other data, expected a manifest's"));
        }
        check_version(get(VERSION_KEY))?;
        let depth = Depth::ALL.into_iter().find(|depth| get(DEPTH_KEY) == Some(depth.name()));
        let (depth, schema) = match depth.map(|depth| (depth, schema(depth))) {
            Some((depth, schema)) if schema == found => (depth, schema),
            _ => return Err(damaged("found other columns, expected those of a manifest")),
        };
        let (table, rules, tree) = (Table::new(depth), Rules::new(depth), Tree::new(depth));
        Ok(Content { memory_bytes, schema, table, rules, tree, rows: 0 })
    }

    fn batch(
        &mut self,
        body: &[u8],
        layout: &ipc::Layout,
        rows: &mut Rows<'_>,
    ) -> Result<(), Error> {
        self.unpack(body, layout)?;
        for row in 0..layout.rows {
            let number = self.rows;
            let place = |flaw: String| damaged(format!("row {number}: {flaw}"));
            let (hour, entry) = self.row(row).map_err(place)?;
            let series = self.rules.series();
            let name = tsdbproof_core::digest::Name { series, hour };
            self.tree.push(name, &entry, &mut |_, _, _| ());
            rows(series, hour, &entry)?;
            self.rows += 1;
        }
        Ok(())
    }

    /// Unpacks a batch into the table. Memory is taken only after the claims were added up.
    fn unpack(&mut self, body: &[u8], layout: &ipc::Layout) -> Result<(), Error> {
        let packed = |range: &std::ops::Range<usize>| body.get(range.clone()).unwrap_or_default();
        let mut claimed_bytes = body.len() as u64;
        for range in &layout.buffers {
            let claimed = lz4::claimed_bytes(packed(range));
            let claimed = claimed.ok_or_else(|| damaged("a column of impossible size"))?;
            claimed_bytes = claimed_bytes.saturating_add(claimed);
        }
        check_memory(claimed_bytes, self.memory_bytes, "a batch of rows")?;
        let (mut nulls, mut buffers) =
            (layout.nodes.iter().map(|node| node.1), layout.buffers.iter().map(packed));
        for column in self.table.columns() {
            let nulls = nulls.next().ok_or_else(|| damaged("a batch lacks a column"))?;
            unpack_column(column, layout.rows, nulls, &mut buffers).ok_or_else(|| {
                damaged(format!("column {} of a batch does not unpack to its rows", column.name))
            })?;
        }
        match (nulls.next(), buffers.next()) {
            (None, None) => Ok(()),
            _ => Err(damaged("a batch has more than its columns")),
        }
    }

    fn row(&mut self, row: usize) -> Result<(Hour, Entry), String> {
        let cut = || "its columns are cut".to_owned();
        let (table, depth) = (&self.table, self.table.depth);
        let metric = table.metric.text(row).ok_or_else(cut)?;
        let tags = if depth == Depth::Metric { Some(&[][..]) } else { table.tags.text(row) };
        let hour = match has_time(depth) {
            true => hour_of_start(depth, table.start.number(row).ok_or_else(cut)?)?,
            false => 0,
        };
        self.rules.name(metric, tags.ok_or_else(cut)?, hour)?;
        let entry = entry(table, row).ok_or_else(cut)?;
        self.rules.entry(&entry)?;
        Ok((hour, entry))
    }

    fn end(self, mut hash: Sha256, tail: &[u8], batches: &[ipc::Place]) -> Result<Meta, Error> {
        let read = ipc::Tail::read(tail).map_err(damaged)?;
        let metadata = read.metadata().ok_or_else(|| damaged("a footer with a key twice"))?;
        check_version(metadata.get(VERSION_KEY).copied())?;
        let place = read.place_of(SHA256_KEY).filter(|place| place.len() == SHA256_BLANK.len());
        let place = place.ok_or_else(|| damaged(format!("no {SHA256_KEY} in the footer")))?;
        hash.update(tail.get(..place.start).unwrap_or_default());
        hash.update(SHA256_BLANK);
        hash.update(tail.get(place.end..).unwrap_or_default());
        let found = Hash(hash.finalize().into()).to_string();
        let expected = metadata.get(SHA256_KEY).copied().unwrap_or_default();
        if found != expected {
            let expected = shown(expected);
            return Err(damaged(format!(
                "SHA-256 of the file; found {found}, expected {expected}"
            )));
        }
        if !read.shows(&self.schema, batches) {
            return Err(damaged("the footer shows other rows than stand in the file"));
        }
        let totals: Totals = self.tree.finish(&mut |_, _, _| ());
        from_text(&metadata, self.table.depth, self.rows, totals)
    }
}

fn check_version(found: Option<&str>) -> Result<(), Error> {
    match found {
        Some(VERSION) => Ok(()),
        Some(newer) if newer.parse::<u64>().is_ok_and(|newer| newer > 1) => {
            let what = format!("a manifest of version {newer}; found by a program for {VERSION}");
            Err(Error::new(Kind::Unsupported, what).help("update tsdbproof"))
        }
        _ => Err(damaged(format!("no version of a manifest; expected {VERSION}"))),
    }
}

fn check_memory(claimed_bytes: u64, memory_bytes: u64, what: &str) -> Result<(), Error> {
    if claimed_bytes <= memory_bytes {
        return Ok(());
    }
    Err(limit(format!("{what} claims {claimed_bytes} bytes of memory; {memory_bytes} are allowed")))
}

fn limit(what: String) -> Error {
    Error::new(Kind::Limit, what).help("raise --memory")
}

fn unpack_column<'a>(
    column: &mut Column,
    rows: usize,
    nulls: usize,
    packed: &mut impl Iterator<Item = &'a [u8]>,
) -> Option<()> {
    column.nulls = nulls;
    let valid_bytes = if nulls == 0 { 0 } else { rows.div_ceil(8) };
    lz4::unpack(packed.next()?, valid_bytes, &mut column.valid)?;
    let data_bytes = if column.kind == ColumnKind::Text {
        let offsets_bytes = rows.checked_add(1)?.checked_mul(4)?;
        lz4::unpack(packed.next()?, offsets_bytes, &mut column.offsets)?;
        // That they ascend shows when each text is taken; here, that they cover the data.
        (column.offset(0)? == 0).then_some(column.offset(rows)?)?
    } else {
        rows.checked_mul(column.kind.width())?
    };
    lz4::unpack(packed.next()?, data_bytes, &mut column.data)?;
    let nulls_fit = nulls == 0
        || column.nullable && (0..rows).filter(|&row| column.is_null(row)).count() == nulls;
    nulls_fit.then_some(())
}

fn entry(table: &Table, row: usize) -> Option<Entry> {
    let node = |points: u64, digest| {
        let children =
            if table.depth == Depth::Hour { points } else { table.children.number(row)? };
        Some(Node { points, children, digest })
    };
    let f32 = match (table.f32_points.is_null(row), table.f32_digest.is_null(row)) {
        (true, true) => None,
        (false, false) => Some(node(table.f32_points.number(row)?, table.f32_digest.digest(row)?)?),
        _ => return None,
    };
    Some(Entry {
        exact: node(table.points.number(row)?, table.digest.digest(row)?)?,
        f32,
        first_ms: table.first.number(row)?,
        last_ms: table.last.number(row)?,
    })
}
