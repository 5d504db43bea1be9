//! Work that takes memory only while it is fed: a job has a task for each of perhaps a million files.

use tsdbproof_core::{Error, Kind};

use super::ahead::{Hand, Made};
use crate::{Flow, Told, Work};

/// What is to be done, in few bytes.
pub(super) trait Plan: Send {
    /// Who does it.
    type Open: Feed;

    /// Takes the memory that it needs.
    fn open(self) -> Self::Open;

    /// The same in bytes, for a helper elsewhere.
    fn order(&self) -> Option<Vec<u8>> {
        None
    }

    /// What takes a helper's findings; `None` where no order is given.
    fn receiver(&self) -> Option<Receiver<Self>>
    where
        Self: Sized,
    {
        None
    }
}

/// Takes the findings of a helper.
pub(super) type Receiver<P> = Box<dyn Receive<<<P as Plan>::Open as Feed>::Found>>;

/// Takes what a helper found, piece by piece.
pub(super) trait Receive<F>: Send {
    /// Takes the next piece.
    fn take(&mut self, piece: &[u8]) -> Result<(), Error>;

    /// All pieces came.
    fn finish(self: Box<Self>) -> Result<F, Error>;
}

/// Takes the bytes of an input, and gives what it found.
pub(super) trait Feed: Send {
    /// What it found.
    type Found: Send;

    /// Takes the next bytes.
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error>;

    /// The bytes are over, or enough.
    fn finish(self) -> Result<Self::Found, Error>;

    /// Takes what is said beside the bytes of a live input.
    fn tell(&mut self, _: Told) -> Result<Flow, Error> {
        Err(Error::new(Kind::Unsupported, "a server is read only once"))
    }

    /// See [`Work::ahead`].
    fn ahead(&mut self, _: Hand) -> Option<Box<dyn Work>> {
        None
    }

    /// See [`Work::take`].
    fn take(&mut self, _: Made) -> Result<Flow, Error> {
        Err(Error::usage("nothing of this work is done ahead"))
    }
}

/// A plan, then its work, then what that found.
pub(super) enum Staged<P: Plan> {
    Planned(P),
    Open(Box<P::Open>),
    Receiving(Receiver<P>),
    Done(<P::Open as Feed>::Found),
    /// On its way from one to the other, or failed on it.
    Nothing,
}

impl<P: Plan> Staged<P> {
    fn open(&mut self) -> Option<&mut P::Open> {
        if let Staged::Planned(_) = self
            && let Staged::Planned(plan) = std::mem::replace(self, Staged::Nothing)
        {
            *self = Staged::Open(Box::new(plan.open()));
        }
        match self {
            Staged::Open(work) => Some(work),
            Staged::Planned(_) | Staged::Receiving(_) | Staged::Done(_) | Staged::Nothing => None,
        }
    }

    /// What was found; `None` if the work was not fed to its end.
    pub(super) fn found(self) -> Option<<P::Open as Feed>::Found> {
        match self {
            Staged::Done(found) => Some(found),
            Staged::Planned(_) | Staged::Open(_) | Staged::Receiving(_) | Staged::Nothing => None,
        }
    }
}

impl<P: Plan> Work for Staged<P> {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        self.open().map_or(Ok(Flow::Enough), |work| work.push(bytes))
    }

    fn tell(&mut self, told: Told) -> Result<Flow, Error> {
        self.open().map_or(Ok(Flow::Enough), |work| work.tell(told))
    }

    fn ahead(&mut self, hand: Hand) -> Option<Box<dyn Work>> {
        self.open()?.ahead(hand)
    }

    fn take(&mut self, made: Made) -> Result<Flow, Error> {
        self.open().map_or(Ok(Flow::Enough), |work| work.take(made))
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.open();
        match std::mem::replace(self, Staged::Nothing) {
            Staged::Open(work) => *self = Staged::Done(work.finish()?),
            Staged::Receiving(receiver) => *self = Staged::Done(receiver.finish()?),
            Staged::Planned(_) | Staged::Done(_) | Staged::Nothing => {}
        }
        Ok(())
    }

    fn order(&self) -> Option<Vec<u8>> {
        if let Staged::Planned(plan) = self { plan.order() } else { None }
    }

    fn receive(&mut self, piece: &[u8]) -> Result<(), Error> {
        if let Staged::Planned(plan) = self
            && let Some(receiver) = plan.receiver()
        {
            *self = Staged::Receiving(receiver);
        }
        match self {
            Staged::Receiving(receiver) => receiver.take(piece),
            _ => Err(Error::usage("this work is not done elsewhere")),
        }
    }
}
