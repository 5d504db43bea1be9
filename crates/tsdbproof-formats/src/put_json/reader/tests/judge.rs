//! The plainest reader: the whole text at once, nothing held, no template, no runs.

use tsdbproof_core::{Point, Position, Problem, ProblemKind, Series, Tags};

use super::Event;
use crate::json::context::Context;
use crate::json::seek::Seek;
use crate::json::syntax::{Progress, Scanner, Shape};
use crate::put_json::object::{self, Found};

use ProblemKind::*;

/// Reads again: no pieces, nothing held, no template, no runs.
struct Judge<'a> {
    shape: Shape,
    limit: usize,
    text: &'a [u8],
    at: usize,
    events: Vec<Event>,
}

impl Judge<'_> {
    fn report(&mut self, kind: ProblemKind, what: &str) {
        let line = 1 + self.text[..self.at].iter().filter(|byte| **byte == b'\n').count() as u64;
        let at = Position::Line { line, byte: self.at as u64 };
        self.events.push(Event::Problem(Problem { kind, at, what: what.to_owned() }));
    }

    fn seek(&mut self) {
        self.at += 1;
        let rest = &self.text[self.at..];
        let (length, _) = Seek::default().pass(self.shape, rest);
        self.at += length;
    }

    fn value(&mut self) -> bool {
        let rest = &self.text[self.at..];
        match Scanner::new(self.shape).feed(&rest[..rest.len().min(self.limit + 1)]) {
            Progress::End(length) if length <= self.limit => {
                let value = &rest[..length];
                match object::judge(value) {
                    Ok(Found::One(one)) => self.point(&one.metric, &one.tags, one.point),
                    Ok(Found::Many(many)) => {
                        for fault in many.pairs.iter().filter_map(|pair| pair.as_ref().err()) {
                            self.report(fault.kind, &fault.what);
                        }
                        let points = many.pairs.into_iter().flatten();
                        points.for_each(|(metric, point)| self.point(&metric, &many.tags, point));
                    }
                    Err(fault) => self.report(fault.kind, &fault.what),
                }
                self.at += length;
                return true;
            }
            Progress::More if rest.len() <= self.limit => self.report(Cut, ""),
            Progress::Broken { index, .. } if rest[index] == 0 => self.report(BadCharacter, ""),
            Progress::Broken { .. } => self.report(BadJson, ""),
            _ => self.report(LineTooLong, ""),
        }
        self.seek();
        false
    }

    fn point(&mut self, metric: &str, tags: &Tags, point: Point) {
        let series = Series { metric: metric.to_owned(), tags: tags.clone() };
        self.events.push(Event::Point(series, point));
    }

    fn events(mut self) -> Vec<Event> {
        let mut context = Context::new(self.shape, 0);
        while let Some(byte) = self.text.get(self.at) {
            let found = match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    self.at += 1;
                    continue;
                }
                b'[' | b']' | b',' if self.shape == Shape::Lines => {
                    self.report(BadJson, "");
                    self.seek();
                    continue;
                }
                b'[' | b']' | b',' => context.take(*byte),
                _ => context.take_item(),
            };
            if found.is_err() {
                self.report(BadJson, "");
            }
            if matches!(byte, b'[' | b']' | b',') {
                self.at += 1;
            } else if !self.value() && self.shape == Shape::Stream {
                context = Context::Unknown;
            }
        }
        if matches!(context, Context::Array(_)) {
            self.report(Cut, "");
        }
        self.events
    }
}

pub(super) fn judge(shape: Shape, text: &[u8], limit: usize) -> Vec<Event> {
    Judge { shape, limit, text, at: 0, events: Vec::new() }.events()
}
