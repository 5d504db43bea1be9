//! What the answers must be: a fast run with a wrong one is worth nothing.

use std::collections::BTreeMap;

/// Roots of the backup, made by a program that shares nothing with ours but the specification of
/// the digest, and points missing, extra and changed in the edited state, on which other engines
/// agree. 1M: DuckDB on all three pairs. 5M: DuckDB, ClickHouse, Polars, csv-diff. 20M: DuckDB,
/// Polars, csv-diff.
const KNOWN: [(u64, &str, &str); 3] = [
    (
        1_000_000,
        "exact=f7b44cab8691e2afe167140a794a3cfa4603293ec6fd4118203358d8b540ea6f \
         f32=9b1f44e189c2dc35631f63eff9fce8300818499b6d6d69a123e553c0aa05b311",
        "missing=1962 extra=2884 changed=116",
    ),
    (
        5_000_000,
        "exact=524041b625b9292b879a600d6cd99fb53497ca2989a92d1451db6b099ee94eda \
         f32=2d30a6b0a9509f5e8d1ab0b9b2ad96a229704f4e57823c9d265b3e9ab3ee733b",
        "missing=7379 extra=2844 changed=106",
    ),
    (
        20_000_000,
        "exact=9ad8320ccfa90389c907c560cd58a4791b63cdb1f7dc1d40842a379163bd3013 \
         f32=59124cf68213681936d0335f2da4dd5323a7d1fe6791bd7a1cf7bd83cb6a54a2",
        "missing=2843 extra=2840 changed=86",
    ),
];

/// The answer to each question about files of one size: known from elsewhere, or the first that was
/// given. All who are asked the same must agree.
pub(super) struct Answers(BTreeMap<String, String>);

impl Answers {
    pub(super) fn known(points: u64) -> Self {
        let known = KNOWN.iter().filter(|(size, ..)| *size == points);
        Self(
            known
                .flat_map(|(_, roots, counts)| {
                    [("roots of backup", roots), ("backup against edited", counts)]
                })
                .map(|(question, answer)| (question.to_owned(), (*answer).to_owned()))
                .collect(),
        )
    }

    /// All questions and answers, one a line.
    pub(super) fn list(&self) -> String {
        self.0.iter().map(|(question, answer)| format!("- {question}: `{answer}`\n")).collect()
    }

    /// Errors: the answer differs from the one that holds.
    pub(super) fn check(&mut self, question: String, answer: &str) -> Result<(), String> {
        let expected = self.0.entry(question.clone()).or_insert_with(|| answer.to_owned());
        if expected == answer {
            return Ok(());
        }
        Err(format!("wrong answer for {question}: found {answer}, expected {expected}"))
    }
}
