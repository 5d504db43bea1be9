//! Limits: input that is far bigger than memory passes through, and what is left out is said.

use std::sync::Arc;

use tsdbproof::{Error, Flow, Host, Input, Kind, Options, Scratch, Source, Task, Work};

use crate::{
    apply::Unseen,
    memory_host::{MemoryHost, run},
};

/// A line of 1 GiB that no memory holds, between two points.
struct LongLine {
    pieces: u64,
}

const PIECE: &[u8] = &[b'x'; 1 << 20];
const POINT: &[u8] = b"\ncpu 1700000000 1 host=a\n";

impl Host for LongLine {
    async fn read<W: Work>(&self, mut tasks: Vec<Task<W>>) -> Result<Vec<Task<W>>, Error> {
        for task in &mut tasks {
            let line = (0..self.pieces).map(|_| PIECE);
            for piece in [POINT].into_iter().chain(line).chain([POINT]) {
                if task.work.push(piece)? == Flow::Enough {
                    break;
                }
            }
            task.work.finish()?;
        }
        Ok(tasks)
    }

    fn scratch(&self) -> Result<Option<Arc<dyn Scratch>>, Error> {
        Ok(None)
    }

    fn threads(&self) -> usize {
        1
    }
}

/// The most memory that this process ever took, in KiB, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[test]
fn a_line_of_1_gib_is_passed_over_without_being_held() {
    let host = LongLine { pieces: 1 << 10 };
    let input = Input::new("-".to_owned(), None, POINT, &tsdbproof::Limits::default());
    let source = Source { names: vec!["-".to_owned()], inputs: vec![input], ..Source::default() };
    let report =
        run(tsdbproof::show(&host, &source, &Options::default(), &mut Unseen)).expect("readable");
    let side = &report.sides[0];
    assert_eq!((side.points_read, side.totals.points), (2, 1));
    let long = side.problems.iter().find(|group| group.kind == "line-too-long").expect("told");
    assert_eq!((long.count, long.first[0].line), (1, Some(3)));
    // Other tests run beside this one, but none holds as much as the line.
    assert!(peak_kib().is_none_or(|peak| peak < 1 << 20), "{:?} KiB", peak_kib());
}

#[test]
fn bytes_of_no_format_are_refused() {
    let mut host = MemoryHost::default();
    let source = host.source(&[("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0")]);
    let error = run(tsdbproof::show(&host, &source, &Options::default(), &mut Unseen))
        .expect_err("a picture");
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.to_string().starts_with("a.png: "), "{error}");
}
