//! Tables of UIDs to names.

use tsdbproof_core::{Error, Problem};
use tsdbproof_formats::{
    Names, NamesReader,
    decompress::{Decompressor, Piece},
};

use super::{
    cells::Merging,
    overlap::{self, Placed},
    reading::{Holds, Reading},
    tables::{Input, Side, cells},
};
use crate::{Flow, Host, Task, Work};

/// Reads the names that the tables of UIDs among these inputs hold.
pub(super) async fn read_names<H: Host>(
    host: &H,
    side: &Side<'_>,
    readings: &mut [Reading],
    uids: &[Input],
) -> Result<(Names, Vec<(usize, Problem)>), Error> {
    let merged = overlap::groups(uids.iter(), readings);
    let mut tasks = Vec::new();
    for Input { index, use_index, .. } in uids {
        let place = Placed { index: *index, use_index: *use_index };
        let is_merged = merged.iter().flatten().any(|other| *other == place);
        let Some(reading) = readings.get(*index).filter(|_| !is_merged) else { continue };
        if let Some((from, cells)) = cells(reading, *use_index) {
            let names = cells.names(*index, &reading.options.limits);
            let work = Naming { unpack: reading.unpack(), names, problems: Vec::new() };
            tasks.push(Task { input: side.first_input + index, from, work });
        }
    }
    let (mut readers, mut problems) = (Vec::new(), Vec::new());
    let mut protected = Vec::new();
    for Task { input, work, .. } in host.read(tasks).await? {
        let index = input - side.first_input;
        problems.extend(work.problems.into_iter().map(|problem| (index, problem)));
        let by_codec = work.unpack.is_protected();
        protected.push((index, by_codec || work.names.is_protected()));
        readers.push(work.names);
    }
    for files in &merged {
        let merging = Merging { side, files };
        let sorted = merging.sort(host, readings).await?;
        problems.extend(sorted.problems.iter().cloned());
        protected.extend(sorted.protected.iter().copied());
        readers.extend(merging.names(sorted, readings)?);
    }
    for (index, is_protected) in protected {
        if let Some(reading) = readings.get_mut(index) {
            reading.holds = Holds::ReadBefore { is_protected };
        }
    }
    let (names, faults) = NamesReader::join(readers);
    problems.extend(faults);
    Ok((names, problems))
}

struct Naming {
    unpack: Box<dyn Decompressor>,
    names: NamesReader,
    problems: Vec<Problem>,
}

impl Naming {
    fn take(
        names: &mut NamesReader,
        problems: &mut Vec<Problem>,
        piece: Piece<'_>,
    ) -> Result<(), Error> {
        match piece {
            Piece::Bytes(bytes) => names.push(bytes)?,
            Piece::Gap(problem) => {
                problems.push(problem);
                names.gap();
            }
            Piece::Problem(problem) => problems.push(problem),
        }
        Ok(())
    }
}

impl Work for Naming {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        let Naming { unpack, names, problems } = self;
        unpack.push(bytes, &mut |piece| Naming::take(names, problems, piece))?;
        Ok(Flow::More)
    }

    fn finish(&mut self) -> Result<(), Error> {
        let Naming { unpack, names, problems } = self;
        unpack.finish(&mut |piece| Naming::take(names, problems, piece))?;
        names.finish()
    }
}
