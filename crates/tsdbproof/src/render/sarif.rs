//! SARIF 2.1.0, as code scanning reads it: what differs, what is damaged and what a check found, each
//! with its place.

use serde_json::{Value, json};
use tsdbproof_core::shown;

use super::{
    Whole,
    checked::FirstFindings,
    phrase::{SENTENCE_CHARS, account, place, role},
    sentence::sentence,
    text::unlimited,
    worst::Worst,
};
use crate::report::{
    Compared, Difference, Differences, Finding, FindingKind, Findings, PlacedProblem, Report, Side,
    Verdict,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Takes the differences of a job, and gives the log.
#[derive(Debug)]
pub struct Sarif {
    limit: usize,
    worst: Worst,
    findings: FirstFindings,
}

impl Sarif {
    /// With so many differences of each metric, of twice as many metrics; 0 for all.
    pub fn new(limit: usize) -> Self {
        let limit = unlimited(limit);
        Sarif { limit, worst: Worst::new(limit), findings: FirstFindings::default() }
    }
}

impl Differences for Sarif {
    fn difference(&mut self, difference: &Difference) {
        self.worst.push(difference);
    }
}

impl Findings for Sarif {
    fn finding(&mut self, finding: &Finding) {
        self.findings.push(finding, self.limit);
    }
}

impl Whole for Sarif {
    fn finish(self: Box<Self>, report: &Report) -> String {
        let Sarif { worst, findings, .. } = *self;
        let mut results: Vec<Found> = verdict(report).into_iter().collect();
        results.extend(differences(report, worst));
        results.extend(report.sides.iter().flat_map(|side| problems(report, side)));
        results.extend(FindingKind::ALL.iter().flat_map(|kind| findings.of(*kind)).map(finding));
        let mut rules: Vec<(String, String)> =
            results.iter().map(|it| (it.rule.clone(), it.about.clone())).collect();
        rules.sort_unstable();
        rules.dedup_by(|a, b| a.0 == b.0);
        let index = |rule: &str| rules.binary_search_by(|it| it.0.as_str().cmp(rule)).unwrap_or(0);
        let results: Vec<Value> = results.iter().map(|it| it.result(index(&it.rule))).collect();
        let rules: Vec<Value> = rules
            .iter()
            .map(|(id, about)| json!({ "id": id, "shortDescription": { "text": about } }))
            .collect();
        let driver = json!({ "name": "tsdbproof", "version": report.version, "rules": rules });
        let log = json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": driver },
                "invocations": [{ "executionSuccessful": true }],
                "columnKind": "unicodeCodePoints",
                "properties": { "job": report.job, "verdict": report.verdict, "roots": roots(report) },
                "results": results,
            }],
        });
        format!("{log:#}\n")
    }
}

/// A result before it is written.
struct Found {
    rule: String,
    /// What the rule is about.
    about: String,
    level: &'static str,
    message: String,
    physical: Option<Value>,
    /// The series, and what tells the result from others of its rule.
    logical: Option<(String, String)>,
}

impl Found {
    fn result(&self, rule_index: usize) -> Value {
        let mut location = serde_json::Map::new();
        if let Some(physical) = &self.physical {
            location.insert("physicalLocation".to_owned(), physical.clone());
        }
        let mut result = json!({
            "ruleId": self.rule,
            "ruleIndex": rule_index,
            "level": self.level,
            "message": { "text": self.message },
        });
        if let Some((series, fingerprint)) = &self.logical {
            let logical = json!([{ "fullyQualifiedName": series, "kind": "resource" }]);
            location.insert("logicalLocations".to_owned(), logical);
            result["partialFingerprints"] = json!({ "place/v1": fingerprint });
        }
        if !location.is_empty() {
            result["locations"] = json!([location]);
        }
        result
    }
}

/// The answer, unless it is one to pass.
fn verdict(report: &Report) -> Option<Found> {
    let level = match report.verdict {
        Verdict::Done | Verdict::SameBytes | Verdict::Same => return None,
        Verdict::Tolerated => "note",
        Verdict::Sampled | Verdict::Incomplete => "warning",
        Verdict::Different | Verdict::Faulty | Verdict::Damaged => "error",
    };
    let reasons = report.reasons.iter().map(|reason| shown(reason, SENTENCE_CHARS));
    let sentences: Vec<_> = std::iter::once(sentence(report)).chain(reasons).collect();
    Some(Found {
        rule: "verdict".to_owned(),
        about: "What a job ended with that is no plain success.".to_owned(),
        level,
        message: format!("{}.", sentences.join(". ")),
        physical: report.sides.last().and_then(|side| artifact(side.names.first()?, None)),
        logical: None,
    })
}

fn differences(report: &Report, worst: Worst) -> Vec<Found> {
    let depth = report.compared.as_ref().map_or("node", |compared| compared.depth);
    if depth == Compared::OF_PATCH {
        // What a patch is for is no fault.
        return Vec::new();
    }
    let name = report.sides.last().and_then(|side| side.names.first());
    let level = if report.verdict == Verdict::Tolerated { "note" } else { "error" };
    let (metrics, ..) = worst.into_sorted();
    let differences = metrics.into_iter().flat_map(|metric| metric.worst.into_sorted().0);
    let found = differences.map(|difference| Found {
        rule: "difference".to_owned(),
        about: "Points of a series are missing, extra or changed.".to_owned(),
        level,
        message: format!("{}: {}.", place(&difference), account(&difference, depth)),
        physical: name.and_then(|name| artifact(name, None)),
        logical: Some((difference.series.to_string(), place(&difference))),
    });
    found.collect()
}

fn problems(report: &Report, side: &Side) -> Vec<Found> {
    let role = role(report, side);
    let of_group = side.problems.iter().flat_map(|group| {
        let level = if group.is_damage { "error" } else { "note" };
        let role = role.clone();
        group.first.iter().map(move |problem| Found {
            rule: format!("problem/{}", group.kind),
            about: "A fault in a file of a backup.".to_owned(),
            level,
            message: format!("{role}: {}.", shown(&problem.what, SENTENCE_CHARS)),
            physical: artifact(&problem.file, region(problem)),
            logical: None,
        })
    });
    let not_read = side.not_read.iter().map(|file| Found {
        rule: "not-read".to_owned(),
        about: "What belongs to a source and could not be read.".to_owned(),
        level: "warning",
        message: format!("{role}: {}.", shown(&file.why, SENTENCE_CHARS)),
        physical: artifact(&file.name, None),
        logical: None,
    });
    of_group.chain(not_read).collect()
}

fn finding(finding: &Finding) -> Found {
    let at = finding.time.as_ref().map_or(String::new(), |time| format!(" {time}"));
    let series = finding.series.to_string();
    let region = finding.byte.map(|byte| json!({ "byteOffset": byte, "byteLength": 1 }));
    Found {
        rule: format!("check/{}", finding.kind.name()),
        about: format!("There are {}.", finding.kind.about()),
        level: if finding.is_problem { "error" } else { "note" },
        message: format!("{series}{at}: {}.", shown(&finding.what, SENTENCE_CHARS)),
        physical: finding.file.as_ref().and_then(|file| artifact(file, region)),
        logical: Some((series.clone(), format!("{series}{at}"))),
    }
}

fn region(problem: &PlacedProblem) -> Option<Value> {
    let byte = problem.byte.or(problem.packed_byte);
    match (problem.line, byte) {
        (Some(line), _) => Some(json!({ "startLine": line })),
        (None, Some(byte)) => Some(json!({ "byteOffset": byte, "byteLength": 1 })),
        (None, None) => None,
    }
}

/// A file with a place in it; a stream has none.
fn artifact(name: &str, region: Option<Value>) -> Option<Value> {
    let mut location = json!({ "artifactLocation": { "uri": uri(name)? } });
    if let Some(region) = region {
        location["region"] = region;
    }
    Some(location)
}

/// A name as a reference that SARIF takes.
fn uri(name: &str) -> Option<String> {
    if name == "-" || name.is_empty() {
        return None;
    }
    let is_url = name.starts_with("http://") || name.starts_with("https://");
    let kept: &[u8] = if is_url { b"-._~/:?&=%" } else { b"-._~/" };
    let mut uri = String::new();
    if !is_url && name.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(uri)
}

fn roots(report: &Report) -> Value {
    let sides = report.sides.iter().map(|side| {
        let totals = &side.totals;
        json!({ "side": side.role, "exact": totals.exact_root, "f32": totals.f32_root })
    });
    sides.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_references() {
        let uris = ["a b/#1.txt", "/tmp/é", "C:\\x", "http://tsd:4242/", "-"].map(uri);
        assert_eq!(
            uris.map(Option::unwrap_or_default),
            ["a%20b/%231.txt", "file:///tmp/%C3%A9", "C%3A%5Cx", "http://tsd:4242/", ""]
        );
    }
}
