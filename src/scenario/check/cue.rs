//! What the presenter says and does.

use super::{Checker, all_or_nothing};
use crate::scenario::limits;
use crate::scenario::notation::show_duration;
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::{self, At, Table};
use crate::scenario::types::{Cue, CueAction, How};
use std::time::Duration;

impl Checker<'_> {
    /// All cues, in order of time; those of one instant stay in the order of the file.
    pub(super) fn cues(&mut self, syntax: Option<&At<Vec<At<syntax::Cue>>>>) -> Option<Vec<Cue>> {
        let Some(At { value: syntax, place }) = syntax else {
            return Some(Vec::new());
        };
        if syntax.len() > limits::CUES {
            let title = format!("{} cues, at most {} are possible", syntax.len(), limits::CUES);
            return self.reject(Diagnostic::new(place.clone(), title));
        }
        let cues: Vec<_> = syntax.iter().map(|cue| self.cue(cue)).collect();
        let mut cues = cues.into_iter().collect::<Option<Vec<_>>>()?;
        cues.sort_by_key(|cue| cue.at);
        Some(cues)
    }

    fn cue(&mut self, syntax: &At<syntax::Cue>) -> Option<Cue> {
        let At { value: cue, place } = syntax;
        let action = all_or_nothing(cue.r#do.as_ref().map(|action| self.action(action)));
        if !cue.has("say") && !cue.has("ask") && !cue.has("do") {
            let diagnostic = Diagnostic::new(place.clone(), "a cue that neither says nor does anything");
            return self.reject(diagnostic.help("give it `say` or `ask`, `do`, or both"));
        }
        if let (Some(say), Some(ask)) = (&cue.say, &cue.ask) {
            let diagnostic = Diagnostic::new(ask.place.clone(), "`say` and `ask` in one cue");
            let diagnostic = diagnostic.related(&say.place, "the caption is this");
            return self.reject(
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

    fn action(&mut self, syntax: &At<syntax::Do>) -> Option<CueAction> {
        match &syntax.value {
            syntax::Do::Log(level) => Some(CueAction::Log(*level)),
            syntax::Do::Calm => Some(CueAction::Calm),
            syntax::Do::Http(http) => {
                let (latency, failure_rate) = self.http(http)?;
                if !http.has("latency") && !http.has("failure_rate") {
                    let diagnostic = Diagnostic::new(syntax.place.clone(), "`http` changes nothing");
                    return self.reject(diagnostic.help("give it `latency`, `failure_rate`, or both"));
                }
                Some(CueAction::Http { latency, failure_rate })
            }
            syntax::Do::Block(syntax::Block::Once(lasts)) => {
                let lasts = self.lasting("a block", lasts)?;
                Some(CueAction::Block {
                    lasts,
                    every: None,
                    how: How::Sync,
                })
            }
            syntax::Do::Block(syntax::Block::Many(blocks)) => self.blocks(blocks),
        }
    }

    fn blocks(&mut self, blocks: &syntax::Blocks) -> Option<CueAction> {
        let lasts = blocks.lasts.0.as_ref().and_then(|at| self.lasting("a block", at));
        let every = blocks.every.as_ref().map(|at| self.pause(at));
        let how = match &blocks.how {
            None => Some(How::Sync),
            Some(At {
                value: How::Async,
                place,
            }) => {
                let diagnostic = Diagnostic::new(place.clone(), "a block is never `async`");
                self.reject(diagnostic.help("it is `sync`, on a worker, or `offload`, on a blocking thread"))
            }
            Some(how) => Some(how.value),
        };
        Some(CueAction::Block {
            lasts: lasts?,
            every: all_or_nothing(every)?,
            how: how?,
        })
    }

    fn pause(&mut self, every: &At<syntax::Length>) -> Option<Duration> {
        let pause = self.lasting("a pause", every)?;
        if pause < limits::EVERY {
            let title = format!(
                "a block every {}, at most one every {} is possible",
                show_duration(pause),
                show_duration(limits::EVERY)
            );
            return self.reject(Diagnostic::new(every.place.clone(), title));
        }
        Some(pause)
    }

    fn lasting(&mut self, what: &str, length: &At<syntax::Length>) -> Option<Duration> {
        if length.value.0.is_zero() {
            let diagnostic = Diagnostic::new(length.place.clone(), format!("{what} of no length"));
            return self.reject(diagnostic.label("this is zero"));
        }
        Some(length.value.0)
    }
}
