//! Which steps come next: weighted choices, and loops.

use super::program::Steps;
use crate::scenario::Repeat;
use rand::Rng;
use rand_pcg::Pcg64Mcg;

/// Draws one of several lists of steps, each given with the sum of the weights up to it.
pub(super) fn choose<'a>(choices: &'a [(f64, Steps)], rng: &mut Pcg64Mcg) -> Option<&'a Steps> {
    let (total, last) = choices.last()?;
    let drawn = rng.random::<f64>() * total;
    let chosen = choices.iter().find(|(sum, _)| drawn < *sum);
    // Rounding may lift the greatest draw to the total.
    Some(chosen.map_or(last, |(_, steps)| steps))
}

/// One turn after the other.
pub(super) fn turns(times: Repeat) -> impl Iterator<Item = u64> {
    match times {
        Repeat::Times(n) => 0..n,
        // A nanosecond each, they last for centuries.
        Repeat::Forever => 0..u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::draw::Seed;
    use std::sync::Arc;

    #[test]
    fn a_weight_is_a_share() {
        let lists: [Steps; 2] = [Arc::new([]), Arc::new([])];
        let choices = [(3.0, lists[0].clone()), (4.0, lists[1].clone())];
        let mut rng = Seed::drawn(1).turn(0);
        let first = |_: &u32| Arc::ptr_eq(choose(&choices, &mut rng).unwrap(), &lists[0]);
        let share = (0..10_000).filter(first).count();
        assert!((7_300..7_700).contains(&share), "{share}");
        assert!(choose(&[], &mut rng).is_none());
    }
}
