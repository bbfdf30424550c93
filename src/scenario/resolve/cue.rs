//! What the presenter says and does.

use super::{Resolver, all_or_nothing};
use crate::scenario::limits;
use crate::scenario::notation::show_duration;
use crate::scenario::raw::{self, At, Table};
use crate::scenario::report::Diagnostic;
use crate::scenario::types::{Cue, CueAction, How};
use std::time::Duration;

impl Resolver<'_> {
    /// All cues, in order of time; those of one instant stay in the order of the file.
    pub(super) fn cues(&mut self, raw: Option<&At<Vec<At<raw::Cue>>>>) -> Option<Vec<Cue>> {
        let Some(At { value: raw, place }) = raw else {
            return Some(Vec::new());
        };
        if raw.len() > limits::CUES {
            let title = format!("{} cues, at most {} are possible", raw.len(), limits::CUES);
            return self.refuse(Diagnostic::new(place.clone(), title));
        }
        let cues: Vec<_> = raw.iter().map(|cue| self.cue(cue)).collect();
        let mut cues = cues.into_iter().collect::<Option<Vec<_>>>()?;
        cues.sort_by_key(|cue| cue.at);
        Some(cues)
    }

    fn cue(&mut self, raw: &At<raw::Cue>) -> Option<Cue> {
        let At { value: cue, place } = raw;
        let action = all_or_nothing(cue.r#do.as_ref().map(|action| self.action(action)));
        if !cue.has("say") && !cue.has("ask") && !cue.has("do") {
            let diagnostic = Diagnostic::new(place.clone(), "a cue that neither says nor does anything");
            return self.refuse(diagnostic.help("give it `say` or `ask`, `do`, or both"));
        }
        if let (Some(say), Some(ask)) = (&cue.say, &cue.ask) {
            let diagnostic = Diagnostic::new(ask.place.clone(), "`say` and `ask` in one cue");
            let diagnostic = diagnostic.related(&say.place, "the caption is this");
            return self.refuse(
                diagnostic
                    .label("and this")
                    .help("make two cues of it, one after the other"),
            );
        }
        let action = action?;
        let caption = cue.say.as_ref().or(cue.ask.as_ref());
        let say = match caption {
            Some(text) => text.value.told(self.lang)?.to_owned(),
            None => String::new(),
        };
        Some(Cue {
            at: cue.at.0.as_ref()?.value.0,
            say,
            asks: cue.ask.is_some(),
            action,
        })
    }

    fn action(&mut self, raw: &At<raw::Do>) -> Option<CueAction> {
        match &raw.value {
            raw::Do::Log(level) => Some(CueAction::Log(*level)),
            raw::Do::Calm => Some(CueAction::Calm),
            raw::Do::Http(http) => {
                let (latency, failure_rate) = self.http(http)?;
                if !http.has("latency") && !http.has("failure_rate") {
                    let diagnostic = Diagnostic::new(raw.place.clone(), "`http` changes nothing");
                    return self.refuse(diagnostic.help("give it `latency`, `failure_rate`, or both"));
                }
                Some(CueAction::Http { latency, failure_rate })
            }
            raw::Do::Block(raw::Block::Once(lasts)) => {
                let lasts = self.lasting("a block", lasts)?;
                Some(CueAction::Block {
                    lasts,
                    every: None,
                    how: How::Sync,
                })
            }
            raw::Do::Block(raw::Block::Many(blocks)) => self.blocks(blocks),
        }
    }

    fn blocks(&mut self, blocks: &raw::Blocks) -> Option<CueAction> {
        let lasts = blocks.lasts.0.as_ref().and_then(|at| self.lasting("a block", at));
        let every = blocks.every.as_ref().map(|at| self.pause(at));
        let how = match &blocks.how {
            None => Some(How::Sync),
            Some(At {
                value: How::Async,
                place,
            }) => {
                let diagnostic = Diagnostic::new(place.clone(), "a block is never `async`");
                self.refuse(diagnostic.help("it is `sync`, on a worker, or `offload`, on a blocking thread"))
            }
            Some(how) => Some(how.value),
        };
        Some(CueAction::Block {
            lasts: lasts?,
            every: all_or_nothing(every)?,
            how: how?,
        })
    }

    fn pause(&mut self, every: &At<raw::Length>) -> Option<Duration> {
        let pause = self.lasting("a pause", every)?;
        if pause < limits::EVERY {
            let title = format!(
                "a block every {}, at most one every {} is possible",
                show_duration(pause),
                show_duration(limits::EVERY)
            );
            return self.refuse(Diagnostic::new(every.place.clone(), title));
        }
        Some(pause)
    }

    fn lasting(&mut self, what: &str, length: &At<raw::Length>) -> Option<Duration> {
        if length.value.0.is_zero() {
            let diagnostic = Diagnostic::new(length.place.clone(), format!("{what} of no length"));
            return self.refuse(diagnostic.label("this is zero"));
        }
        Some(length.value.0)
    }
}
