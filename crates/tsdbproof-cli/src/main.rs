//! The command: what of it can't run inside a test.

use std::{
    io::{self, IsTerminal, Write},
    panic,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use signal_hook::consts::{SIGINT, SIGTERM};
use tsdbproof_cli::{Environment, Machine, Stop, run};

fn main() -> ExitCode {
    panic::set_hook(Box::new(|panic| {
        let version = env!("CARGO_PKG_VERSION");
        let _ = writeln!(
            io::stderr(),
            "error: this is a bug in tsdbproof {version}: {panic}\n\
             help: please report it, with the command that you ran"
        );
    }));
    let stop = Stop::default();
    for (signal, number) in [(SIGINT, 2), (SIGTERM, 15)] {
        // Without a handler a signal still ends the program, only less tidily.
        let _ = signal_hook::flag::register_usize(signal, stop.flag().clone(), number);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let never = anstream::ColorChoice::Never;
    let machine = Machine {
        stdin: Box::new(io::stdin()),
        out_is_terminal: out.is_terminal(),
        err_is_terminal: err.is_terminal(),
        out_has_colours: anstream::AutoStream::choice(&out) != never,
        err_has_colours: anstream::AutoStream::choice(&err) != never,
        environment: Environment::of_process(),
        out: &mut out,
        err: &mut err,
        now_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        stop,
        kept: None,
    };
    ExitCode::from(run(std::env::args_os(), machine))
}
