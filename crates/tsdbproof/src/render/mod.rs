//! Reports as bytes; one file for each style.

mod cases;
mod chained;
mod checked;
mod explained;
mod html;
mod json;
mod junit;
mod markdown;
mod phrase;
mod picture;
mod sarif;
mod sentence;
mod tables;
#[cfg(test)]
mod tests;
mod text;
mod words;
mod worst;

pub use explained::{explanation_json, explanation_text};
pub use html::Html;
pub use json::Json;
pub use junit::Junit;
pub use markdown::Markdown;
pub use sarif::Sarif;
pub use text::{Paint, Palette, Text, TextOptions};

use crate::report::{Differences, Findings, Report};

/// A report that is written when the job is done. Until then it keeps what it will show, which does
/// not grow with the number of differences.
pub trait Whole: Differences + Findings {
    /// The report.
    fn finish(self: Box<Self>, report: &Report) -> String;
}
