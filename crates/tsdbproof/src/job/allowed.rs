//! Whether what differs is no more than what the caller allowed.

use crate::{Allowed, report::Compared};

/// Whether a comparison passes, and why or why not, a sentence each.
#[derive(Debug, Default)]
pub(super) struct Passes {
    pub(super) holds: bool,
    pub(super) reasons: Vec<String>,
}

/// Holds a comparison that found differences against what was allowed.
pub(super) fn passes(compared: &Compared, allowed: &Allowed) -> Passes {
    if !allowed.is_any() {
        return Passes::default();
    }
    let mut reasons = Vec::new();
    let series = compared.missing_series;
    let missing_fit = allowed.missing_series.map(|most| {
        reasons.push(told("series of base missing", series, most, "--max-missing-series"));
        series <= most
    });
    let points = different_points(compared, missing_fit.is_some());
    let most = allowed.different_points.unwrap_or(0);
    if allowed.different_points.is_some() || points > 0 {
        reasons.push(told("points different", points, most, "--max-different-points"));
    }
    // Without the points nobody can say how far a value lies off.
    if allowed.tolerance.is_any() && compared.counts.unresolved_nodes > 0 {
        reasons.push(format!(
            "where the points of a side are not at hand ({} × {}) no tolerance applies, and all points count",
            compared.counts.unresolved_nodes, compared.depth
        ));
    }
    Passes { holds: missing_fit.unwrap_or(true) && points <= most, reasons }
}

fn told(what: &str, found: u64, most: u64, flag: &str) -> String {
    format!("{found} {what}, {flag} allows {most}")
}

/// Points that count as different; where they are not at hand, all that may be.
fn different_points(compared: &Compared, without_missing_series: bool) -> u64 {
    let counts = &compared.counts;
    let left_out = if without_missing_series { compared.missing_series_points } else { 0 };
    let missing = counts.missing.saturating_sub(left_out);
    let changed = counts.changed.saturating_sub(counts.within_tolerance);
    missing + counts.extra + changed + compared.unresolved_points
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::Tolerance;

    use super::*;
    use crate::report::Counts;

    fn compared() -> Compared {
        let counts = Counts {
            missing: 120,
            extra: 4,
            changed: 12,
            within_tolerance: 9,
            ..Counts::default()
        };
        Compared {
            depth: "hour",
            counts,
            missing_series: 2,
            missing_series_points: 100,
            ..Compared::default()
        }
    }

    fn holds(allowed: Allowed) -> bool {
        passes(&compared(), &allowed).holds
    }

    #[test]
    fn nothing_passes_unless_it_is_allowed() {
        let nothing = Passes::default();
        assert_eq!(passes(&compared(), &Allowed::default()).reasons, nothing.reasons);
        assert!(!holds(Allowed::default()));
        let points = |most| Allowed { different_points: Some(most), ..Allowed::default() };
        assert!(holds(points(127)) && !holds(points(126)));
    }

    #[test]
    fn missing_series_count_as_series_or_by_their_points() {
        let allowed = |series, points| Allowed {
            missing_series: Some(series),
            different_points: points,
            ..Allowed::default()
        };
        assert!(holds(allowed(2, Some(27))) && !holds(allowed(2, Some(26))));
        assert!(!holds(allowed(1, Some(1000))));
        assert!(!holds(allowed(2, None)), "what differs beside them is not allowed");
        let reasons = passes(&compared(), &allowed(1, None)).reasons;
        assert_eq!(
            reasons,
            [
                "2 series of base missing, --max-missing-series allows 1",
                "27 points different, --max-different-points allows 0"
            ]
        );
    }

    #[test]
    fn all_points_count_of_what_nobody_could_look_into() {
        let mut compared = compared();
        compared.counts = Counts { unresolved_nodes: 1, ..Counts::default() };
        compared.unresolved_points = 120;
        let tolerance = Tolerance { absolute: 1e9, relative: 1.0 };
        let allowed = Allowed { tolerance, different_points: Some(119), ..Allowed::default() };
        let passes = passes(&compared, &allowed);
        assert!(!passes.holds);
        assert!(
            passes.reasons.iter().any(|reason| reason.contains("no tolerance applies")),
            "{passes:?}"
        );
    }
}
