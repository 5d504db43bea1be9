//! How large the page is, and how large it may be: people load it, some over a slow line.

#![allow(clippy::print_stdout, reason = "a command's output")]

use anyhow::bail;

/// Sizes of what people load, in bytes.
pub(crate) struct Sizes {
    pub(crate) wasm: usize,
    /// The wasm packed by gzip.
    pub(crate) packed_wasm: usize,
    /// The script of the page, with every language.
    pub(crate) script: usize,
    /// The script of its workers, most of which binds the wasm.
    pub(crate) worker: usize,
    /// The page, with everything inside.
    pub(crate) page: usize,
}

impl Sizes {
    /// Prints the sizes. Errors: one is over its budget.
    pub(crate) fn hold(&self) -> anyhow::Result<()> {
        let budgets = [
            ("wasm", self.wasm, 1_900_000),
            ("wasm, packed", self.packed_wasm, 735_000),
            // 60 kB, and what plot.js takes in the place of a chart library.
            ("script", self.script, 63_500),
            ("worker", self.worker, 17_000),
            ("page", self.page, 1_250_000),
        ];
        let mut over = Vec::new();
        for (name, bytes, most) in budgets {
            println!("{name:<14} {:>5} kB of {} kB", bytes.div_ceil(1000), most / 1000);
            if bytes > most {
                over.push(name);
            }
        }
        if over.is_empty() {
            return Ok(());
        }
        bail!(
            "over the budget: {}; xtask/web/src/sizes.rs says how large each may be",
            over.join(", ")
        )
    }
}
