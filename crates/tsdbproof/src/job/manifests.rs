//! Manifests as inputs: read whole, trusted only after every check, kept as runs.

use std::{io::Write, sync::Arc};

use tsdbproof_core::{
    Error, Kind, Series,
    digest::{Depth, Name},
};

use crate::{
    Flow, Host, Input, Task, Work,
    look::{Leaves, Row, Run, RunWriter, Spill, series_at},
    store::manifest::{ManifestReader, ManifestWriter, Meta},
};

/// A manifest that was read and found sound.
pub(super) struct ReadManifest {
    pub(super) leaves: Leaves,
    pub(super) meta: Meta,
}

struct Reading {
    reader: Option<ManifestReader>,
    rows: Option<RunWriter>,
    series: Option<Series>,
    result: Option<(Run, Meta)>,
}

impl Reading {
    fn new(spill: &Arc<Spill>, memory_bytes: u64) -> Self {
        let (reader, rows) = (ManifestReader::new(memory_bytes), RunWriter::new(spill));
        Reading { reader: Some(reader), rows: Some(rows), series: None, result: None }
    }
}

/// Adds rows to a run as a manifest gives them.
fn keep<'a>(
    rows: &'a mut RunWriter,
    last: &'a mut Option<Series>,
) -> impl FnMut(&Series, u32, &tsdbproof_core::digest::Entry) -> Result<(), Error> + 'a {
    |series, hour, entry| {
        if last.as_ref() != Some(series) {
            rows.series(series);
            *last = Some(series.clone());
        }
        rows.push(&Row { hour, entry: *entry, is_dirty: false, place: None })
    }
}

impl Work for Reading {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        if let (Some(reader), Some(rows)) = (&mut self.reader, &mut self.rows) {
            reader.push(bytes, &mut keep(rows, &mut self.series))?;
        }
        Ok(Flow::More)
    }

    fn finish(&mut self) -> Result<(), Error> {
        if let (Some(reader), Some(mut rows)) = (self.reader.take(), self.rows.take()) {
            let meta = reader.finish(&mut keep(&mut rows, &mut self.series))?;
            self.result = Some((rows.finish()?, meta));
        }
        Ok(())
    }
}

/// Reads manifests; the host knows the first of them as `first_input`.
pub(super) async fn read<H: Host>(
    host: &H,
    inputs: &[Input],
    first_input: usize,
    spill: &Arc<Spill>,
    memory_bytes: u64,
) -> Result<Vec<ReadManifest>, Error> {
    let task = |index| Task { input: index, from: 0, work: Reading::new(spill, memory_bytes) };
    let tasks = (first_input..).take(inputs.len()).map(task).collect();
    let mut manifests = Vec::new();
    for task in host.read(tasks).await? {
        let (run, meta) =
            task.work.result.ok_or_else(|| Error::new(Kind::Io, "nothing was read"))?;
        let leaves = Leaves { spill: Arc::clone(spill), run, depth: meta.depth };
        manifests.push(ReadManifest { leaves, meta });
    }
    Ok(manifests)
}

/// Writes the nodes of one depth as a manifest's rows.
pub(super) struct Rows<'a> {
    pub(super) writer: ManifestWriter<&'a mut (dyn Write + Send)>,
    pub(super) depth: Depth,
}

impl<'a> Rows<'a> {
    pub(super) fn new(out: &'a mut (dyn Write + Send), depth: Depth) -> Result<Self, Error> {
        Ok(Rows { writer: ManifestWriter::new(out, depth)?, depth })
    }

    pub(super) fn push(
        &mut self,
        depth: Depth,
        name: Name<'_>,
        entry: &tsdbproof_core::digest::Entry,
    ) -> Result<(), Error> {
        if depth != self.depth {
            return Ok(());
        }
        match depth {
            Depth::Metric => self.writer.push(&series_at(depth, name.series), name.hour, entry),
            _ => self.writer.push(name.series, name.hour, entry),
        }
    }
}
