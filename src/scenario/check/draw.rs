//! Checks durations that are fixed or random.

use super::Checker;
use crate::scenario::notation::show_duration;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::syntax::{self, At, Required};
use crate::scenario::types::Draw;
use std::time::Duration;

impl Checker<'_> {
    /// Checks a duration that is fixed or random. The duration may be zero.
    pub(in crate::scenario) fn draw(&mut self, syntax: &At<syntax::Draw>) -> Option<Draw> {
        let At { value, place } = syntax;
        match value {
            syntax::Draw::Written(syntax::LengthOrRange::Fixed(length)) => Some(Draw::Fixed(*length)),
            syntax::Draw::Written(syntax::LengthOrRange::Range(min, max)) => {
                self.uniform(*min, *max, place, |min, max| {
                    format!("write \"{}..{}\"", show_duration(min), show_duration(max))
                })
            }
            syntax::Draw::Distribution(syntax::Distribution::Uniform(At { value, place })) => {
                self.uniform(value.min, value.max, place, |min, max| {
                    format!("write [\"{}\", \"{}\"]", show_duration(min), show_duration(max))
                })
            }
            syntax::Draw::Distribution(syntax::Distribution::Normal(normal)) => {
                let mean = self.above_zero("mean", &normal.mean);
                let sd = normal.sd.0.as_ref()?.value.0;
                Some(Draw::Normal { mean: mean?, sd })
            }
            syntax::Draw::Distribution(syntax::Distribution::Exponential(exponential)) => Some(Draw::Exponential {
                mean: self.above_zero("mean", &exponential.mean)?,
            }),
            syntax::Draw::LongTail(tail) => self.long_tail(tail),
        }
    }

    /// Checks a duration that is fixed or random, and rejects a duration that is always zero.
    /// `zero` is the message for that mistake.
    pub(in crate::scenario) fn positive_draw(&mut self, syntax: &At<syntax::Draw>, zero: &str) -> Option<Draw> {
        let draw = self.draw(syntax)?;
        match draw {
            Draw::Fixed(longest) | Draw::Uniform { max: longest, .. } if longest.is_zero() => {
                self.reject(Diagnostic::new(syntax.place.clone(), zero).label("this is zero"))
            }
            _ => Some(draw),
        }
    }

    fn uniform(
        &mut self,
        min: Duration,
        max: Duration,
        place: &Place,
        swapped: impl Fn(Duration, Duration) -> String,
    ) -> Option<Draw> {
        if min <= max {
            return Some(Draw::Uniform { min, max });
        }
        let diagnostic = Diagnostic::new(place.clone(), "the lower end of the range is above its upper end");
        let label = format!(
            "the lower end is {}, and the upper end is {}",
            show_duration(min),
            show_duration(max)
        );
        self.reject(diagnostic.label(label).help(swapped(max, min)))
    }

    fn long_tail(&mut self, tail: &syntax::LongTail) -> Option<Draw> {
        let median = self.above_zero("median", &tail.median);
        let p99 = tail.p99.0.as_ref()?;
        let median = median?;
        if p99.value.0 <= median {
            let middle = &tail.median.0.as_ref()?.place;
            let diagnostic = Diagnostic::new(p99.place.clone(), "`p99` is not above `median`");
            let diagnostic = diagnostic.label("one drawn duration in a hundred is longer than this");
            return self.reject(diagnostic.related(middle, "half of the drawn durations are longer than this"));
        }
        Some(Draw::LogNormal {
            median,
            p99: p99.value.0,
        })
    }

    fn above_zero(&mut self, key: &str, length: &Required<syntax::Length>) -> Option<Duration> {
        let At { value, place } = length.0.as_ref()?;
        if value.0.is_zero() {
            return self.reject(Diagnostic::new(place.clone(), format!("`{key}` is zero")));
        }
        Some(value.0)
    }
}
