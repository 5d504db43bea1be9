//! The suite, the vectors and the laws, in one binary: `cargo test -p tsdbproof-tests`.

mod acceptance;
mod jobs;
mod judge;
mod memory_host;
mod vectors;
