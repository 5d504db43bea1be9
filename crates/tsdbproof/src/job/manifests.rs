//! Manifests as inputs and outputs.

use std::{io::Write, sync::Arc};

use tsdbproof_core::{
    Error, Losses,
    digest::{Depth, Name},
};

use super::own_files;
use crate::{
    Host, Input,
    look::{Leaves, Merge, Row, Run, RunWriter, Spill, Survey, series_at},
    store::manifest::{LossyRows, ManifestWriter, Meta, Nodes},
};

/// A manifest that was read and found sound.
pub(super) struct ReadManifest {
    pub(super) leaves: Leaves,
    pub(super) meta: Meta,
}

impl ReadManifest {
    /// What its rows tell, which were folded up to its roots as they were read.
    pub(super) fn survey(&self) -> Result<Survey, Error> {
        self.leaves.survey_known(self.meta.totals)
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
    let keep = |(hour, entry)| Row::of_node(hour, entry, Losses::default());
    let files = (first_input, inputs.len());
    let read = own_files::read::<_, Nodes, Row>(host, files, (spill, memory_bytes), keep).await?;
    let mut manifests = Vec::new();
    for (run, meta) in read {
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
