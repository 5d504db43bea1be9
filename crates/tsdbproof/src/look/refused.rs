//! Files that can't be read, or not to their end, while others are.

use std::collections::BTreeMap;

use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind};

use super::{Looked, name_of};
use crate::{Source, report::NotRead};

/// What is wrong with files.
#[derive(Default)]
pub(super) struct Refused {
    /// Damage in them, with the input's index.
    pub(super) problems: Vec<(usize, Problem)>,
    /// Those that can't be read for a reason that is no damage.
    pub(super) not_read: Vec<NotRead>,
}

impl Refused {
    /// Takes what is wrong with a file, and what of it is lost. Errors: what is wrong with the job.
    pub(super) fn take(
        &mut self,
        (index, name): (usize, &str),
        error: Error,
        lost: &str,
    ) -> Result<(), Error> {
        match error.kind() {
            Kind::Malformed => {
                let what = format!("{}; {lost}", error.what());
                let at = error.position().unwrap_or(Position::Byte(0));
                self.problems.push((index, Problem { kind: ProblemKind::BadRecord, at, what }));
            }
            Kind::Unsupported | Kind::Usage | Kind::Limit => {
                self.not_read.push(NotRead { name: name.to_owned(), why: error.in_a_line() });
            }
            Kind::Io | Kind::Changed | Kind::Interrupted => return Err(error.in_file(name)),
        }
        Ok(())
    }
}

impl Looked {
    /// Takes files that were not read on for faults. Errors: there are no others.
    pub(super) fn pass_over(
        &mut self,
        refused: BTreeMap<usize, Error>,
        source: &Source,
    ) -> Result<(), Error> {
        let is_all =
            self.points_read == 0 && self.side.holders().all(|index| refused.contains_key(&index));
        let mut told = Refused::default();
        for (index, error) in refused {
            let name = name_of(source, index);
            if is_all {
                return Err(error.in_file(name));
            }
            told.take((index, &name), error, "the file is not read on")?;
        }
        self.not_read.extend(told.not_read);
        for (index, problem) in told.problems {
            self.problems.add_to(index, problem);
        }
        Ok(())
    }
}
