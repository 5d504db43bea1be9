//! All automation: `cargo xtask` lists what it can do.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command's output")]

mod bench;
mod demo;
mod npm;
mod page_bench;
mod shell;
mod test;
mod tidy;
mod web;

use std::process::ExitCode;

/// One word behind `cargo xtask`.
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<(), String>,
}

const TASKS: &[Task] = &[
    Task {
        name: "demo",
        about: "builds the command and runs it on the archives in tests/data",
        run: demo::run,
    },
    Task {
        name: "test",
        about: "every test; installs what it needs; --quick: the everyday part",
        run: test::run,
    },
    Task { name: "tidy", about: "the rules of the house that a machine can check", run: tidy::run },
    Task {
        name: "web",
        about: "builds the npm package into pkg/ and the page into www/dist/",
        run: web::run,
    },
    Task { name: "test-wasm", about: "the suite once more, through pkg/ in node", run: web::test },
    Task {
        name: "page-bench",
        about: "what a large file costs on the page, beside the command",
        run: page_bench::run,
    },
    Task {
        name: "bench",
        about: "whole processes of ours beside peers; --help tells more",
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let name = args.first().map_or("", String::as_str);
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("error: no task {name:?}; there are:");
        TASKS.iter().for_each(|task| eprintln!("  {:<10} {}", task.name, task.about));
        return ExitCode::from(2);
    };
    match (task.run)(args.get(1..).unwrap_or_default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
