//! Reports as bytes; one file for each style.

mod checked;
mod explained;
mod json;
mod phrase;
#[cfg(test)]
mod tests;
mod text;
mod words;
mod worst;

pub use explained::{explanation_json, explanation_text};
pub use json::Json;
pub use text::{Paint, Palette, Text, TextOptions};
