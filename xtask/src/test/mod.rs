//! `cargo xtask test`: every test there is, one step behind the other, and a table at the end.
//!
//! A step that lacks something it can't install is skipped, and the table says why; with
//! `TSDBPROOF_NO_SKIP=1` that counts as failed.

mod needs;
mod steps;

use std::{
    env,
    path::PathBuf,
    time::{Duration, Instant},
};

use self::steps::{STEPS, Step};

/// Why a step did not pass.
#[derive(Debug)]
enum Stop {
    Failed(String),
    Skipped(String),
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Stop::Failed(why)
    }
}

struct Ran {
    step: &'static Step,
    end: Result<(), Stop>,
    took: Duration,
}

/// Runs the steps. Errors: one of them failed.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let quick = match args {
        [] => false,
        [quick] if quick == "--quick" => true,
        _ => return Err(format!("test takes --quick or nothing, not {args:?}")),
    };
    let no_skip = env::var_os("TSDBPROOF_NO_SKIP").is_some_and(|value| value == "1");
    let steps = STEPS.iter().filter(|step| step.is_everyday || !quick);
    let ran: Vec<Ran> = steps.map(|step| take(step, no_skip)).collect();
    let failed = table(&ran);
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} steps failed", ran.len())) }
}

/// Where a browser and what drives it are installed, which is done where it was not.
pub(crate) fn browser() -> Result<PathBuf, String> {
    match needs::browser() {
        Ok(()) => Ok(needs::page_space()),
        Err(Stop::Failed(why) | Stop::Skipped(why)) => Err(why),
    }
}

fn take(step: &'static Step, no_skip: bool) -> Ran {
    println!("\n=== {}: {}", step.name, step.about);
    let start = Instant::now();
    let end = (step.run)().map_err(|stop| match stop {
        Stop::Skipped(why) if no_skip => {
            Stop::Failed(format!("skipped, which TSDBPROOF_NO_SKIP=1 forbids: {why}"))
        }
        stop => stop,
    });
    let took = start.elapsed();
    println!("=== {}: {}, {:.1} s", step.name, words(&end), took.as_secs_f64());
    Ran { step, end, took }
}

fn words(end: &Result<(), Stop>) -> String {
    match end {
        Ok(()) => "passed".to_owned(),
        Err(Stop::Failed(why)) => format!("FAILED: {why}"),
        Err(Stop::Skipped(why)) => format!("SKIPPED: {why}"),
    }
}

/// Prints how each step ended. Gives the number of those that failed.
fn table(ran: &[Ran]) -> usize {
    println!("\n=== summary");
    for Ran { step, end, took } in ran {
        println!("{:<12} {:>6.1} s  {}", step.name, took.as_secs_f64(), words(end));
    }
    let count =
        |which: fn(&Result<(), Stop>) -> bool| ran.iter().filter(|it| which(&it.end)).count();
    let passed = count(Result::is_ok);
    let failed = count(|end| matches!(end, Err(Stop::Failed(_))));
    let skipped = ran.len() - passed - failed;
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    failed
}
