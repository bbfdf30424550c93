//! Groups of tasks: when they arrive, how often they do their steps.

use super::nanos;
use crate::scenario::steps::Step;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A length of time that is drawn anew each time it is used. A draw is never negative.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// Always the same.
    Fixed(#[serde(with = "nanos")] Duration),
    /// Equally likely anywhere from `min` to `max`.
    Uniform {
        /// Shortest.
        #[serde(with = "nanos")]
        min: Duration,
        /// Longest; not below `min`.
        #[serde(with = "nanos")]
        max: Duration,
    },
    /// Bell-shaped, cut off at zero.
    Normal {
        /// Mean.
        #[serde(with = "nanos")]
        mean: Duration,
        /// Standard deviation.
        #[serde(with = "nanos")]
        sd: Duration,
    },
    /// Memoryless.
    Exponential {
        /// Mean.
        #[serde(with = "nanos")]
        mean: Duration,
    },
    /// Skewed with a long tail, as latencies are.
    LogNormal {
        /// Half are below it.
        #[serde(with = "nanos")]
        median: Duration,
        /// One in a hundred is above it; above `median`.
        #[serde(with = "nanos")]
        p99: Duration,
    },
}

/// A group of tasks that run the same steps.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskSpec {
    /// The group's name: letters, digits, `-`, `_`.
    pub name: String,
    /// How many tasks arrive in all. `None`: no end (only with `every` or `rate`).
    pub count: Option<u32>,
    /// When the first arrives.
    pub start: Start,
    /// How the others follow.
    pub arrivals: Arrivals,
    /// When the group ends, after the run's start: no task arrives and no repetition begins from
    /// then on.
    pub until: Option<Duration>,
    /// How often each task does its steps.
    pub repeat: Repeat,
    /// Limit on each repetition.
    pub timeout: Option<Draw>,
    /// What each does.
    pub steps: Vec<Step>,
}

/// When the first task of a group arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// This long after the start of the run.
    At(Duration),
    /// None arrives by itself: other tasks call the group by steps such as `gather`.
    Called,
}

/// How the tasks of a group follow one another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Arrivals {
    /// All at once.
    Together,
    /// A number of tasks at once, after each pause.
    Every {
        /// The pause.
        pause: Draw,
        /// How many at once, from 1.
        burst: u32,
    },
    /// At random, this many a second on average (a Poisson process).
    Rate(f64),
    /// At random, with a rate that changes evenly from `from` to `to`, and then stays.
    Ramp {
        /// Arrivals a second at the group's start.
        from: f64,
        /// Arrivals a second at the end of the ramp.
        to: f64,
        /// How long the ramp is.
        over: Duration,
    },
}

/// How often a task does its steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// This many times.
    Times(u64),
    /// Until it is stopped.
    Forever,
}
