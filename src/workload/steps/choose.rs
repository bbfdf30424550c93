//! `choose`: runs one of several lists of steps, chosen at random by weight.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use rand::Rng;
use rand_pcg::Pcg64Mcg;

/// The lists of steps. With each list: the sum of all weights up to and including the weight of
/// this list.
#[derive(Debug)]
pub(in crate::workload) struct Choose(Vec<(f64, Steps)>);

impl StepProgram for Choose {
    type Spec = spec::Choose;

    fn name(_: &spec::Choose) -> String {
        "choose".to_owned()
    }

    fn compile(spec: &spec::Choose, group: &str, compiler: &mut Compiler<'_>) -> Choose {
        let mut sum = 0.0;
        let choice = |choice: &spec::Choice| {
            sum += choice.weight;
            (sum, compiler.steps(group, &choice.steps))
        };
        Choose(spec.0.iter().map(choice).collect())
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        match self.draw(interpreter.rng) {
            Some(steps) => interpreter.span(label, |interpreter| interpreter.run(steps)),
            None => Ok(()),
        }
    }

    async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        match self.draw(interpreter.rng) {
            Some(steps) => Box::pin(interpreter.repeat(label, 0..1, steps)).await,
            None => Ok(()),
        }
    }
}

impl Choose {
    fn draw(&self, rng: &mut Pcg64Mcg) -> Option<&Steps> {
        let (total, last) = self.0.last()?;
        let drawn = rng.random::<f64>() * total;
        let chosen = self.0.iter().find(|(sum, _)| drawn < *sum);
        // Because of rounding, the drawn number may be as large as the sum of all weights. Then the
        // last list is chosen.
        Some(chosen.map_or(last, |(_, steps)| steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::draw::Seed;
    use std::sync::Arc;

    #[test]
    fn a_list_is_chosen_in_proportion_to_its_weight() {
        let lists: [Steps; 2] = [Arc::new([]), Arc::new([])];
        let choose = Choose(vec![(3.0, lists[0].clone()), (4.0, lists[1].clone())]);
        let mut rng = Seed::from_draw(1).generator(0);
        let is_first = |_: &u32| Arc::ptr_eq(choose.draw(&mut rng).unwrap(), &lists[0]);
        let share = (0..10_000).filter(is_first).count();
        assert!((7_300..7_700).contains(&share), "{share}");
        assert!(Choose(Vec::new()).draw(&mut rng).is_none());
    }
}
