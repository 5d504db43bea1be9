//! Work on two threads: one makes of an input's bytes what the other takes.

use std::{
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use tsdbproof::{Error, Flow, Kind, Made, Work};

/// What may wait to be taken: half a MiB and a little.
const WAITING: usize = 4;

/// Feeds work by `feed`: a part of it on a thread of its own, where it has one.
pub(crate) fn feed<W: Work>(
    work: &mut W,
    mut feed: impl FnMut(&mut dyn Work) -> Result<(), Error> + Send,
) -> Result<(), Error> {
    let (sender, made) = sync_channel(WAITING);
    let hand = move |made| if sender.send(made).is_ok() { Flow::More } else { Flow::Enough };
    let Some(mut ahead) = work.ahead(Box::new(hand)) else { return feed(work) };
    thread::scope(|scope| {
        let feeding = move || {
            let fed = feed(ahead.as_mut());
            fed.and_then(|()| ahead.finish())
        };
        let feeding =
            thread::Builder::new().name("unpacker".into()).spawn_scoped(scope, feeding)?;
        let taken = take_all(work, made);
        let fed = feeding.join().map_err(|_| Error::new(Kind::Io, "unpacking ended early"))?;
        taken.and(fed)
    })
}

/// Takes what is made until there is no more, or enough; then nobody makes any more either.
fn take_all(work: &mut impl Work, made: Receiver<Made>) -> Result<(), Error> {
    for made in made {
        if work.take(made)? == Flow::Enough {
            break;
        }
    }
    Ok(())
}
