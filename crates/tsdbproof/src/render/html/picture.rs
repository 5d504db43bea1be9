//! Differences by metric and time as a table that is a picture.

use tsdbproof_core::{HOUR_MS, shown};

use super::{hint, name, text};
use crate::{
    render::{
        phrase::NAME_CHARS,
        picture::{Cell, Column, Drawn},
        words::{counted, number},
    },
    report::{Compared, time},
    time::window,
};

/// Differences by metric and time; `depth` is what was compared.
pub(super) fn draw(drawn: &Drawn, depth: &str) -> String {
    let most = drawn.rows.iter().flat_map(|row| row.cells.values()).map(Cell::weight);
    let most = most.fold(0.0, f64::max);
    let body: String = drawn
        .rows
        .iter()
        .map(|row| {
            let cells = drawn.columns.iter().map(|column| match row.cells.get(&column.from) {
                Some(cell) if !column.is_break => {
                    draw_cell(&row.metric, *column, cell, most, drawn)
                }
                _ if column.is_break => "<td class=\"break\"></td>".to_owned(),
                _ => "<td></td>".to_owned(),
            });
            let cells: String = cells.collect();
            format!("<tr><th scope=\"row\"><span>{}</span></th>{cells}</tr>\n", name(&row.metric))
        })
        .collect();
    let more = match drawn.more_rows {
        0 => String::new(),
        more => hint(&format!("… and {}", counted(more, "more metric"))),
    };
    let caption = format!("Differences by metric; a column is {}", length(drawn.column_hours));
    let kinds = match depth {
        Compared::OF_PATCH => {
            ["mostly deleted", "mostly added", "mostly replaced", "mostly cleared"]
        }
        _ => ["mostly missing", "mostly extra", "mostly changed", "differs, points not at hand"],
    };
    let kinds = ["missing", "extra", "changed", "unresolved"].into_iter().zip(kinds);
    let legend: String = kinds
        .map(|(class, words)| {
            format!("<li><span class=\"swatch {class}\" aria-hidden=\"true\"></span>{words}</li>")
        })
        .collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"calendar\">\
         <caption>{caption}</caption><thead>{}</thead>\n<tbody>{body}</tbody></table></div>\n{more}\
         <ul class=\"legend\">{legend}</ul>\n",
        headings(drawn)
    )
}

/// How long a column is, in words.
fn length(hours: u64) -> String {
    match (hours, hours / 24) {
        (1, _) => "an hour".to_owned(),
        (hours, 0) => format!("{hours} hours"),
        (_, 1) => "a day".to_owned(),
        (_, days) => counted(days, "day"),
    }
}

/// Two rows: days above hours, months above days, years above what is longer.
fn headings(drawn: &Drawn) -> String {
    let (cut, low) = match drawn.column_hours {
        hours if hours < 24 => (10, 11..13),
        24 => (7, 8..10),
        _ => (4, 5..10),
    };
    let label = |column: &Column| time(column.from.saturating_mul(HOUR_MS));
    let mut groups: Vec<(String, u64)> = Vec::new();
    for column in &drawn.columns {
        let group = match column.is_break {
            true => String::new(),
            false => label(column).get(..cut).unwrap_or_default().to_owned(),
        };
        match groups.last_mut() {
            Some((last, count)) if *last == group => *count += 1,
            _ => groups.push((group, 1)),
        }
    }
    let above: String = groups
        .iter()
        .map(|(group, count)| match group.as_str() {
            "" => "<td class=\"break\"></td>".to_owned(),
            group => format!("<th scope=\"colgroup\" colspan=\"{count}\">{group}</th>"),
        })
        .collect();
    let below: String = drawn
        .columns
        .iter()
        .map(|column| match column.is_break {
            true => "<td class=\"break\"><span class=\"unseen\">no differences</span><span aria-hidden=\"true\">⋯</span></td>".to_owned(),
            false => format!("<th scope=\"col\">{}</th>", label(column).get(low.clone()).unwrap_or_default()),
        })
        .collect();
    format!("<tr><td></td>{above}</tr>\n<tr><th scope=\"col\">Metric</th>{below}</tr>\n")
}

fn draw_cell(metric: &str, column: Column, cell: &Cell, most: f64, drawn: &Drawn) -> String {
    let from = column.from.saturating_mul(HOUR_MS);
    let at = window(from, from.saturating_add(drawn.column_hours.saturating_mul(HOUR_MS)));
    let kinds = [
        (cell.missing, "missing"),
        (cell.extra, "extra"),
        (cell.changed, "changed"),
        (cell.unresolved, "not resolved"),
    ];
    let told: Vec<_> = kinds
        .iter()
        .filter(|(n, _)| *n > 0.0)
        .map(|(n, word)| format!("{} {word}", number(n.round().max(1.0) as u64)))
        .collect();
    let about = if cell.is_share { "about " } else { "" };
    let words = text(&format!("{}, {at}: {about}{}", shown(metric, NAME_CHARS), told.join(", ")));
    let strength = 1 + (3.0 * (cell.weight() / most.max(1.0)).sqrt()).round() as u64;
    format!(
        "<td><span class=\"cell {} s{strength}\" title=\"{words}\"><span class=\"unseen\">{words}</span></span></td>",
        cell.kind()
    )
}
