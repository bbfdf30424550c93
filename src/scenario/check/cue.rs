//! Checks cues: captions and actions at given times of a run.

use super::{Checker, all_or_nothing};
use crate::scenario::limits;
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::{self, At, Table};
use crate::scenario::types::Cue;

impl Checker<'_> {
    /// All cues, ordered by time. Cues with the same time stay in the order of the file.
    pub(super) fn cues(&mut self, syntax: Option<&At<Vec<At<syntax::Cue>>>>) -> Option<Vec<Cue>> {
        let Some(At { value: syntax, place }) = syntax else {
            return Some(Vec::new());
        };
        if syntax.len() > limits::CUES {
            let title = format!(
                "there are {} cues, but at most {} are allowed",
                syntax.len(),
                limits::CUES
            );
            return self.reject(Diagnostic::new(place.clone(), title));
        }
        let cues: Vec<_> = syntax.iter().map(|cue| self.cue(cue)).collect();
        let mut cues = cues.into_iter().collect::<Option<Vec<_>>>()?;
        cues.sort_by_key(|cue| cue.at);
        Some(cues)
    }

    fn cue(&mut self, syntax: &At<syntax::Cue>) -> Option<Cue> {
        let At { value: cue, place } = syntax;
        let action = all_or_nothing(cue.r#do.as_ref().map(|action| action.value.check(&action.place, self)));
        if !cue.has("say") && !cue.has("ask") && !cue.has("do") {
            let diagnostic = Diagnostic::new(place.clone(), "the cue has no caption and no action");
            return self.reject(diagnostic.help("add a text (`say` or `ask`), an action (`do`), or both"));
        }
        if let (Some(say), Some(ask)) = (&cue.say, &cue.ask) {
            let diagnostic = Diagnostic::new(ask.place.clone(), "the cue has both `say` and `ask`");
            let diagnostic = diagnostic.related(&say.place, "this is a caption");
            return self.reject(
                diagnostic
                    .label("this is also a caption")
                    .help("write two cues, one after the other"),
            );
        }
        let action = action?;
        let caption = cue.say.as_ref().or(cue.ask.as_ref());
        let say = match caption {
            Some(text) => text.value.in_lang(self.lang)?.to_owned(),
            None => String::new(),
        };
        Some(Cue {
            at: cue.at.0.as_ref()?.value.0,
            say,
            asks: cue.ask.is_some(),
            action,
        })
    }
}
