//! `cpu`: computes and holds the thread.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::show_draw;
use crate::scenario::steps as spec;
use crate::workload::compile::Compiler;
use crate::workload::draw::sample;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use tasklab_kernels::work;

#[derive(Debug)]
pub(in crate::workload) struct Cpu(spec::Cpu);

impl StepProgram for Cpu {
    type Spec = spec::Cpu;

    fn name(spec: &spec::Cpu) -> String {
        match spec {
            spec::Cpu::Work(time) => format!("cpu {}", show_draw(time)),
            spec::Cpu::Kernel { kernel, size } => format!("cpu {} {size}", kernel.into_str()),
        }
    }

    fn compile(spec: &spec::Cpu, _: &str, _: &mut Compiler<'_>) -> Cpu {
        Cpu(*spec)
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        match &self.0 {
            spec::Cpu::Work(time) => {
                let calibration = interpreter.services.calibration();
                let units = calibration.units(sample(time, interpreter.rng));
                interpreter.compute(label, |services| {
                    work::run(units, calibration.units_per_ms as u64, services.stop().flag())
                })
            }
            &spec::Cpu::Kernel { kernel, size } => {
                interpreter.compute(label, |services| kernel.run(size, services.stop().flag()))
            }
        }
    }
}
