//! The suite, the vectors and the laws, in one binary: `cargo test -p tsdbproof-tests`.

mod acceptance;
mod apply;
mod chain;
mod check;
mod cli;
mod conversions;
mod convert;
mod damage;
mod edges;
mod hbase;
mod hbase_damage;
mod hbase_snapshots;
mod jobs;
mod judge;
mod laws;
mod limits;
mod memory_host;
mod points;
mod prove;
mod query_answers;
mod raw_scan;
mod rewrite;
mod session;
mod suite;
mod vectors;
