//! How CPU and memory grow with the number of points: a slope, and a plot.

use super::goal::median;
use super::points_name;
use super::report::{End, Outcome};

/// Runs at each size.
pub(super) const RUNS: usize = 3;

/// The slope of CPU over points, both as logarithms: 1 is what a reader of every byte can have.
const SLOPE_TARGET: f64 = 1.05;
const SLOPE_LEAST: f64 = 1.1;
/// Peak memory, whatever the number of points: a base, and so much a series.
const PEAK_MIB: f64 = 24.0;
const PEAK_BYTES_A_SERIES: f64 = 600.0;
/// The generator writes so many points of a series.
const POINTS_A_SERIES: f64 = 2000.0;

/// `manifest` of a backup in scan order, at several sizes.
pub(super) struct Growth(Vec<Outcome>);

/// Medians of one size.
struct Size {
    points: u64,
    cpu_s: f64,
    peak_mib: f64,
}

impl Size {
    fn most_mib(&self) -> f64 {
        let series = self.points as f64 / POINTS_A_SERIES;
        PEAK_MIB + series * PEAK_BYTES_A_SERIES / f64::from(1 << 20)
    }
}

impl Growth {
    pub(super) fn of(outcomes: Vec<Outcome>) -> Self {
        Self(outcomes)
    }

    pub(super) fn outcomes(&self) -> &[Outcome] {
        &self.0
    }

    fn sizes(&self) -> Vec<Size> {
        let size = |outcome: &Outcome| {
            let End::Measured(runs) = &outcome.end else { return None };
            let cpu_s = median(runs.iter().map(|run| run.ours.cpu_s))?;
            let peak_mib = median(runs.iter().map(|run| run.ours.peak_mib))?;
            Some(Size { points: outcome.points, cpu_s, peak_mib })
        };
        self.0.iter().filter_map(size).collect()
    }

    /// A section of the report; nothing where nothing grew.
    pub(super) fn text(&self) -> String {
        let sizes = self.sizes();
        let Some(slope) = slope(&sizes) else { return String::new() };
        let lines = sizes.iter().map(|size| {
            let Size { points, cpu_s, peak_mib } = size;
            let each_ns = cpu_s * 1e9 / *points as f64;
            let most = size.most_mib();
            let points = points_name(*points);
            format!("| {points} | {cpu_s:.3} | {each_ns:.1} | {peak_mib:.0} | {most:.0} |\n")
        });
        let result = match slope {
            _ if slope <= SLOPE_TARGET => "target",
            _ if slope <= SLOPE_LEAST => "at least",
            _ => "MISSED",
        };
        let is_small = sizes.iter().all(|size| size.peak_mib <= size.most_mib());
        let peak = if is_small { "target" } else { "MISSED" };
        format!(
            "\n## Growth\n\n`manifest` in scan order, one thread, medians of {RUNS}.\n\n\
             | points | CPU s | ns a point | peak MiB | at most |\n| --- | --- | --- | --- | --- |\n{}\n\
             - slope of CPU over points, both as logarithms: {slope:.3}; target ≤ {SLOPE_TARGET}, \
             at least ≤ {SLOPE_LEAST}: {result}\n\
             - peak ≤ {PEAK_MIB} MiB and {PEAK_BYTES_A_SERIES} B a series: {peak}\n\n",
            lines.collect::<String>()
        )
    }

    /// CPU over points, both axes as logarithms, beside a line of slope 1 through the first.
    pub(super) fn plot(&self) -> Option<String> {
        let sizes = self.sizes();
        let slope = slope(&sizes)?;
        let (first, last) = (sizes.first()?, sizes.last()?);
        let (log_x, log_y) = ((last.points as f64 / first.points as f64).ln(), |s: f64| s.ln());
        let [low, high] = [log_y(first.cpu_s) - 0.3, log_y(first.cpu_s) + log_x + 0.3];
        let x = |points: f64| 90.0 + 440.0 * (points / first.points as f64).ln() / log_x;
        let y = |cpu_s: f64| 300.0 - 250.0 * (log_y(cpu_s) - low) / (high - low);
        let mut marks = String::new();
        for Size { points, cpu_s, peak_mib } in &sizes {
            let (x, y, name) = (x(*points as f64), y(*cpu_s), points_name(*points));
            marks += &format!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"end\" dx=\"-8\">{cpu_s:.2} s, {peak_mib:.0} MiB</text>\
                 <text x=\"{x:.1}\" y=\"322\" text-anchor=\"middle\">{name}</text>\n",
                y - 8.0
            );
        }
        let grown = first.cpu_s * last.points as f64 / first.points as f64;
        Some(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-20 0 600 350\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect x=\"-20\" width=\"600\" height=\"350\" fill=\"white\"/>\n\
             <text x=\"20\" y=\"24\" font-size=\"14\">CPU seconds of a manifest over points, logarithmic: slope {slope:.3}</text>\n\
             <path d=\"M40 300H560M40 300V40\" stroke=\"#888\" fill=\"none\"/>\n\
             <path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#c60\" stroke-dasharray=\"5 4\"/>\n\
             <text x=\"400\" y=\"290\" fill=\"#c60\">- - slope 1 from the first</text>\n\
             <text x=\"300\" y=\"342\" text-anchor=\"middle\">points</text>\n{marks}</svg>\n",
            x(first.points as f64),
            y(first.cpu_s),
            x(last.points as f64),
            y(grown),
        ))
    }
}

/// Of the straight line that lies nearest (least squares); `None` of fewer than two sizes.
fn slope(sizes: &[Size]) -> Option<f64> {
    let logs: Vec<(f64, f64)> =
        sizes.iter().map(|size| ((size.points as f64).ln(), size.cpu_s.ln())).collect();
    let count = logs.len() as f64;
    let mean = |part: fn(&(f64, f64)) -> f64| logs.iter().map(part).sum::<f64>() / count;
    let (x, y) = (mean(|log| log.0), mean(|log| log.1));
    let spread: f64 = logs.iter().map(|log| (log.0 - x).powi(2)).sum();
    (spread > 0.0).then(|| logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum::<f64>() / spread)
}
