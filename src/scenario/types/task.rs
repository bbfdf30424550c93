//! Groups of tasks: when the tasks arrive, and how often they do their steps.

use super::nanos;
use crate::scenario::steps::Step;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A duration that is drawn again at each use. A drawn duration is never negative.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// Always the same duration.
    Fixed(#[serde(with = "nanos")] Duration),
    /// All durations from `min` to `max` are equally likely.
    Uniform {
        /// The shortest duration.
        #[serde(with = "nanos")]
        min: Duration,
        /// The longest duration, not below `min`.
        #[serde(with = "nanos")]
        max: Duration,
    },
    /// A bell-shaped (normal) distribution that is cut off at zero.
    Normal {
        /// The mean.
        #[serde(with = "nanos")]
        mean: Duration,
        /// The standard deviation.
        #[serde(with = "nanos")]
        sd: Duration,
    },
    /// A memoryless (exponential) distribution.
    Exponential {
        /// The mean.
        #[serde(with = "nanos")]
        mean: Duration,
    },
    /// A distribution with a long tail (log-normal). Latencies often have such a distribution.
    LogNormal {
        /// Half of the drawn durations are shorter than this value.
        #[serde(with = "nanos")]
        median: Duration,
        /// One drawn duration in a hundred is longer than this value, which is above `median`.
        #[serde(with = "nanos")]
        p99: Duration,
    },
}

/// A group of tasks that run the same steps.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskSpec {
    /// The group's name: letters, digits, `-`, `_`.
    pub name: String,
    /// How many tasks arrive in total. `None`: no limit (only with `every` or `rate`).
    pub count: Option<u32>,
    /// When the first task arrives.
    pub start: Start,
    /// How the other tasks follow the first task.
    pub arrivals: Arrivals,
    /// When the group ends, counted from the start of the run. After this time no task arrives and
    /// no repetition begins.
    pub until: Option<Duration>,
    /// How often each task does its steps.
    pub repeat: Repeat,
    /// The time limit of each repetition.
    pub timeout: Option<Draw>,
    /// The steps of each task.
    pub steps: Vec<Step>,
}

/// When the first task of a group arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// The first task arrives this long after the start of the run.
    At(Duration),
    /// Tasks arrive when another task calls the group, with a step such as `gather`.
    Called,
}

/// How the tasks of a group follow one another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Arrivals {
    /// All tasks arrive at once.
    Together,
    /// After each pause, `burst` tasks arrive at once.
    Every {
        /// The pause.
        pause: Draw,
        /// How many tasks arrive at once, from 1.
        burst: u32,
    },
    /// Tasks arrive at random: on average, this many tasks per second (a Poisson process).
    Rate(f64),
    /// Tasks arrive at random, at a rate that changes evenly from `from` to `to` and then stays at
    /// `to`.
    Ramp {
        /// Arrivals per second at the start of the group.
        from: f64,
        /// Arrivals per second at the end of the ramp.
        to: f64,
        /// The duration of the ramp.
        over: Duration,
    },
}

/// How often a task does its steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// The task does its steps this number of times.
    Times(u64),
    /// The task repeats its steps until the task is stopped.
    Forever,
}
