//! Applies samples to the model: the samples of tokio-metrics, the kernel's samples of lanes, and
//! the lengths of channels.

use super::super::*;
use crate::record::{LaneSample, Sample};

impl Model {
    pub(super) fn sample(&mut self, sample: &Sample) {
        match sample {
            Sample::Lane(sample) => self.lane_sample(sample),
            Sample::Runtime(sample) => {
                self.series.runtime(sample);
                self.runtime_totals.add(sample);
                self.runtime = Some(sample.clone());
            }
            Sample::Group(sample) => {
                let index = self.group_index_or_insert(sample.group);
                self.groups[index].totals.get_or_insert_default().add(sample);
            }
            Sample::Channel(sample) => match self.channels.iter_mut().find(|c| c.latest.label == sample.label) {
                Some(channel) => channel.add(*sample),
                None => self.channels.push(Channel::new(*sample)),
            },
        }
    }

    fn lane_sample(&mut self, sample: &LaneSample) {
        let Some(index) = self.lane_indices.get(sample.lane) else {
            return;
        };
        let Some((from, to)) = self.lanes[index].sample(sample) else {
            return;
        };
        self.lanes[index].asleep.add(from, to, |_, _| ());
        let slices: Vec<_> = self.lanes[index].track.within(from, to).collect();
        for slice in slices {
            if slice.start <= from && to <= slice.end {
                self.block(slice.task, from, to);
            }
        }
    }
}
