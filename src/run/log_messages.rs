//! Log messages about what a presenter or a cue does, so that a class can read later what changed.

use crate::scenario::{CueAction, How, show_draw, show_duration};
use std::time::Duration;

/// The log message for the action of cue `n` (from 0).
pub(super) fn cue(n: usize, action: &CueAction) -> String {
    let does = match *action {
        CueAction::Block { lasts, every, how } => {
            let lasts = show_duration(lasts);
            let every = every.map_or(String::new(), |every| format!(" every {}", show_duration(every)));
            let how = match how {
                How::Offload => ", through spawn_blocking",
                How::Sync | How::Async => "",
            };
            format!("a task blocks for {lasts}{every}{how}")
        }
        CueAction::Http { latency, failure_rate } => {
            let latency = latency.map(|latency| format!("answers after {}", show_draw(&latency)));
            let failures = failure_rate.map(|rate| format!("fails {:.0} % of requests", rate * 100.0));
            let both: Vec<String> = latency.into_iter().chain(failures).collect();
            format!("the http service {}", both.join(" and "))
        }
        CueAction::Log(level) => format!("the log keeps `{}`", level.into_str()),
        CueAction::Calm => "no more blocks, and the http service as it was".to_owned(),
    };
    format!("cue {}: {does}", n + 1)
}

/// The log message for a block that a key injects.
pub(super) fn injected_block(lasts: Duration) -> String {
    format!("by hand: a task blocks for {}", show_duration(lasts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Draw, LogLevel};

    #[test]
    fn messages_use_the_terms_of_the_scenario() {
        let ms = Duration::from_millis;
        let block = |every, how| CueAction::Block {
            lasts: ms(500),
            every,
            how,
        };
        let slow = CueAction::Http {
            latency: Some(Draw::Fixed(ms(900))),
            failure_rate: Some(0.2),
        };
        let broken = CueAction::Http {
            latency: None,
            failure_rate: Some(1.0),
        };
        for (action, message) in [
            (
                block(Some(ms(400)), How::Sync),
                "cue 1: a task blocks for 500ms every 400ms",
            ),
            (
                block(None, How::Offload),
                "cue 1: a task blocks for 500ms, through spawn_blocking",
            ),
            (
                slow,
                "cue 1: the http service answers after 900ms and fails 20 % of requests",
            ),
            (broken, "cue 1: the http service fails 100 % of requests"),
            (CueAction::Log(LogLevel::Debug), "cue 1: the log keeps `debug`"),
            (CueAction::Calm, "cue 1: no more blocks, and the http service as it was"),
        ] {
            assert_eq!(cue(0, &action), message);
        }
        assert_eq!(injected_block(ms(300)), "by hand: a task blocks for 300ms");
    }
}
