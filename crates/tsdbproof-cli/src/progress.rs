//! How far a job is, on standard error while it runs.

use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tsdbproof_sources::{Phase, Progress};

/// How often a bar moves.
const TICK: Duration = Duration::from_millis(100);
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(1);

/// Where progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Display {
    /// Nowhere.
    Hidden,
    /// A bar on the terminal.
    Bar,
    /// Lines, for a log.
    Lines,
}

/// Runs a job and shows how far it is.
pub(crate) fn watch<T>(
    display: Display,
    progress: &Progress,
    err: &mut (dyn Write + Send),
    job: impl FnOnce() -> T,
) -> T {
    if display == Display::Hidden {
        return job();
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| match display {
            Display::Bar => draw(progress, &over),
            _ => print(progress, err, &over),
        });
        // Also on a panic, or the scope would wait for ever.
        let _over = Over(&over, watcher.thread().clone());
        job()
    })
}

struct Over<'a>(&'a AtomicBool, thread::Thread);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        self.1.unpark();
    }
}

fn draw(progress: &Progress, over: &AtomicBool) {
    let mut bar = ProgressBar::hidden();
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        let phase = progress.phase();
        if phase.number != number {
            number = phase.number;
            bar.finish_and_clear();
            bar = new_bar(phase);
        }
        bar.set_position(
            phase.total_bytes.map_or(phase.done_bytes, |most| phase.done_bytes.min(most)),
        );
        thread::park_timeout(TICK);
    }
    bar.finish_and_clear();
}

fn new_bar(phase: Phase) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(phase.total_bytes, ProgressDrawTarget::stderr());
    let template = match phase.total_bytes {
        Some(_) => "{msg} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        None => "{msg} {bytes}, {bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(doing(phase));
    bar
}

fn print(progress: &Progress, err: &mut (dyn Write + Send), over: &AtomicBool) {
    let mut began = (0, Instant::now());
    let mut line_at = Instant::now();
    while !over.load(Ordering::Relaxed) {
        let phase = progress.phase();
        if phase.number != began.0 {
            began = (phase.number, Instant::now());
        }
        if phase.number > 0 && line_at.elapsed() >= LINE_EVERY {
            line_at = Instant::now();
            // Who closes this pipe does not want to know.
            let _ = writeln!(err, "{}", line(phase, began.1.elapsed()));
        }
        thread::park_timeout(TICK);
    }
}

fn doing(phase: Phase) -> &'static str {
    if phase.number <= 1 { "reading" } else { "reading once more" }
}

fn line(phase: Phase, elapsed: Duration) -> String {
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = phase.done_bytes.saturating_mul(1000) / elapsed_ms;
    let done = format!("{} {}", doing(phase), mib(phase.done_bytes));
    match phase.total_bytes {
        Some(total) => {
            let left = total.saturating_sub(phase.done_bytes) / per_second.max(1);
            format!("{done} of {}, {}/s, {left} s left", mib(total), mib(per_second))
        }
        None => format!("{done}, {}/s", mib(per_second)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_rate_and_time_left() {
        let phase = Phase { number: 1, done_bytes: 300 << 20, total_bytes: Some(900 << 20) };
        assert_eq!(
            line(phase, Duration::from_secs(3)),
            "reading 300 MiB of 900 MiB, 100 MiB/s, 6 s left"
        );
        let phase = Phase { number: 2, done_bytes: 300 << 20, total_bytes: None };
        assert_eq!(line(phase, Duration::from_secs(3)), "reading once more 300 MiB, 100 MiB/s");
    }

    #[test]
    fn a_job_is_watched_to_its_end() {
        let mut err = Vec::new();
        assert_eq!(watch(Display::Lines, &Progress::default(), &mut err, || 7), 7);
        assert_eq!(watch(Display::Hidden, &Progress::default(), &mut err, || 7), 7);
        assert!(err.is_empty());
    }
}
