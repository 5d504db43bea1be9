//! The first cells of inputs, which say what their tables are for.

use tsdbproof_core::Error;
use tsdbproof_formats::{
    Sample, Sampler,
    decompress::{Decompressor, Piece},
};

use super::{
    reading::Reading,
    tables::{Input, cells},
};
use crate::{Flow, Host, Source, Task, Work};

/// Looks at the first cells of every input that has cells, of each use of it.
pub(super) async fn sample_all<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    readings: &[Reading],
) -> Result<Vec<Input>, Error> {
    let (mut tasks, mut sampled) = (Vec::new(), Vec::new());
    for (index, reading) in readings.iter().enumerate() {
        for use_index in 0..reading.uses.len().max(1) {
            if let Some((from, cells)) = cells(reading, use_index) {
                let unpack = reading.unpack();
                let work = Sampling { unpack, sampler: Some(cells.sample()), sample: None };
                tasks.push(Task { input: first_input + index, from, work });
                let name = source.inputs.get(index).map_or("", |input| &input.name);
                sampled.push((index, use_index, table_of(name, reading, use_index)));
            }
        }
    }
    let samples = host.read(tasks).await?.into_iter().map(|task| task.work.sample);
    let inputs = sampled.into_iter().zip(samples).map(|((index, use_index, table), sample)| {
        Input { index, use_index, table, sample: sample.unwrap_or_default() }
    });
    Ok(inputs.collect())
}

/// The table of an input: the one that a snapshot tells, or the folder that all its parts lie in.
fn table_of(name: &str, reading: &Reading, use_index: usize) -> String {
    let used = reading.uses.get(use_index);
    match used.and_then(|used| used.planned.as_ref()) {
        Some(planned) => planned.table.to_string(),
        None => folder_of(name, used.is_some()),
    }
}

/// The folder that all parts of a table lie in: of a store file the one above region and family.
fn folder_of(name: &str, is_store_file: bool) -> String {
    let above = |name: &str| name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let folder = above(name).unwrap_or_default();
    let table = above(&folder).filter(|_| is_store_file).and_then(|region| above(&region));
    table.unwrap_or(folder)
}

struct Sampling {
    unpack: Box<dyn Decompressor>,
    sampler: Option<Sampler>,
    sample: Option<Sample>,
}

/// The bytes of a piece. Damage is told by who reads all of it.
fn bytes_of(piece: Piece<'_>) -> &[u8] {
    match piece {
        Piece::Bytes(bytes) => bytes,
        _ => &[],
    }
}

impl Work for Sampling {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        let Some(sampler) = &mut self.sampler else { return Ok(Flow::Enough) };
        let mut wants_more = true;
        self.unpack.push(bytes, &mut |piece| {
            if wants_more {
                wants_more = sampler.push(bytes_of(piece))?;
            }
            Ok(())
        })?;
        Ok(if wants_more { Flow::More } else { Flow::Enough })
    }

    fn finish(&mut self) -> Result<(), Error> {
        let Some(mut sampler) = self.sampler.take() else { return Ok(()) };
        // What is left of a small file comes out only now.
        self.unpack.finish(&mut |piece| sampler.push(bytes_of(piece)).map(drop))?;
        self.sample = Some(sampler.finish()?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_table_lie_in_its_folder() {
        assert_eq!(folder_of("backup/main/part-m-00000", false), "backup/main");
        assert_eq!(folder_of("part-m-00000", false), "");
        assert_eq!(folder_of("data/default/tsdb/0a1b/t/77", true), "data/default/tsdb");
        assert_eq!(folder_of("t/77", true), "t");
    }
}
