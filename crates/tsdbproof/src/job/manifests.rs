//! Manifests as inputs: read whole, trusted only after every check, kept as runs.

use std::{io::Write, sync::Arc};

use tsdbproof_core::{
    Error, Kind, Losses, Series,
    digest::{Depth, Name},
};

use crate::{
    Flow, Host, Input, Task, Work,
    look::{Leaves, Merge, Row, Run, RunWriter, Spill, series_at},
    store::manifest::{LossyRows, ManifestReader, ManifestWriter, Meta},
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
        let losses = Losses::default();
        let row = Row { hour, entry: *entry, is_dirty: false, place: None, losses, kinds: None };
        rows.push(&row)
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
        if let (Some(reader), Some(rows)) = (self.reader.take(), self.rows.take()) {
            let meta = reader.finish()?;
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
        let run =
            if meta.losses.is_empty() { run } else { with_losses(spill, &run, &meta.losses)? };
        let leaves = Leaves { spill: Arc::clone(spill), run, depth: meta.depth };
        manifests.push(ReadManifest { leaves, meta });
    }
    Ok(manifests)
}

/// The rows with what they lost, which stands behind them in the file.
fn with_losses(spill: &Arc<Spill>, run: &Run, losses: &LossyRows) -> Result<Run, Error> {
    let mut rows = Merge::<Row>::open(spill, std::slice::from_ref(run))?;
    let mut writer = RunWriter::new(spill);
    let mut index = 0;
    while let Some(series) = rows.next_series()? {
        writer.series(&series);
        while let Some(row) = rows.next()? {
            writer.push(&Row { losses: losses.of(index), ..row })?;
            index += 1;
        }
    }
    writer.finish()
}

/// Writes the nodes of one depth as a manifest's rows.
pub(super) struct Rows<'a> {
    pub(super) writer: ManifestWriter<&'a mut dyn Write>,
    depth: Depth,
    /// Rows so far.
    count: u64,
    /// Those that came with a loss.
    pub(super) losses: LossyRows,
}

impl<'a> Rows<'a> {
    pub(super) fn new(out: &'a mut dyn Write, depth: Depth) -> Result<Self, Error> {
        let (writer, losses) = (ManifestWriter::new(out, depth)?, LossyRows::default());
        Ok(Rows { writer, depth, count: 0, losses })
    }

    pub(super) fn push(
        &mut self,
        depth: Depth,
        name: Name<'_>,
        entry: &tsdbproof_core::digest::Entry,
        losses: Losses,
    ) -> Result<(), Error> {
        if depth != self.depth {
            return Ok(());
        }
        self.losses.push(self.count, losses);
        self.count += 1;
        match depth {
            Depth::Metric => self.writer.push(&series_at(depth, name.series), name.hour, entry),
            _ => self.writer.push(name.series, name.hour, entry),
        }
    }
}
