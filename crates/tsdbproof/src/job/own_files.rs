//! Files of our own as inputs: read whole, trusted only after every check, their rows kept as runs.

use std::sync::Arc;

use tsdbproof_core::{Error, Kind, Series};

use crate::{
    Flow, Host, Task, Work,
    look::{Item, Run, RunWriter, Spill},
    store::{Content, FileReader},
};

struct Reading<C: Content, T> {
    open: Option<(FileReader<C>, RunWriter)>,
    /// What is kept of a row.
    keep: fn(C::Row) -> T,
    result: Option<(Run, C::Meta)>,
}

impl<C, T> Work for Reading<C, T>
where
    C: Content<Meta: Send> + Send,
    T: Item,
{
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        let keep = self.keep;
        if let Some((reader, rows)) = &mut self.open {
            reader.push(bytes, &mut |series: &Series, row| {
                rows.series(series);
                rows.push(&keep(row))
            })?;
        }
        Ok(Flow::More)
    }

    fn finish(&mut self) -> Result<(), Error> {
        if let Some((reader, rows)) = self.open.take() {
            let meta = reader.finish()?;
            self.result = Some((rows.finish()?, meta));
        }
        Ok(())
    }
}

/// Reads `count` files, of which the host knows the first as `first_input`: what is kept of their rows,
/// and what their footers say.
pub(super) async fn read<H: Host, C, T>(
    host: &H,
    (first_input, count): (usize, usize),
    (spill, memory_bytes): (&Arc<Spill>, u64),
    keep: fn(C::Row) -> T,
) -> Result<Vec<(Run, C::Meta)>, Error>
where
    C: Content<Meta: Send> + Send,
    T: Item,
{
    let work = || {
        let open = Some((FileReader::new(memory_bytes), RunWriter::new(spill)));
        Reading::<C, T> { open, keep, result: None }
    };
    let tasks = (first_input..).take(count).map(|input| Task { input, from: 0, work: work() });
    let read = host.read(tasks.collect()).await?;
    let results = read.into_iter().map(|task| task.work.result);
    results.map(|it| it.ok_or_else(|| Error::new(Kind::Io, "nothing was read"))).collect()
}
