//! Applies samples to the model: the samples of tokio-metrics, the kernel's samples of lanes, and
//! the lengths of channels.

use super::super::*;
use super::records::SleepSource;
use crate::record::{LaneSample, Sample};

impl Model {
    pub(super) fn sample(&mut self, sample: &Sample) {
        let until = self.end.as_ref().map_or(RunInstant::MAX, |end| end.at);
        let is_after_end = sample.at() > until;
        match sample {
            Sample::Lane(sample) => self.lane_sample(sample),
            Sample::Runtime(sample) => {
                self.runtime_totals.add(sample);
                match &mut self.runtime {
                    // Only the last sample contains all polls, even if it arrives after the end of
                    // the run.
                    Some(latest) if is_after_end => latest.total_polls = sample.total_polls,
                    _ => {
                        self.runtime = Some(RuntimeSample {
                            at: sample.at.min(until),
                            ..sample.clone()
                        });
                    }
                }
            }
            Sample::Group(sample) => {
                let index = self.group_index_or_insert(sample.group);
                self.groups[index].totals.get_or_insert_default().add(sample);
            }
            Sample::Channel(sample) => {
                let known = self.channels.iter_mut().find(|c| c.latest.label == sample.label);
                if is_after_end && known.is_some() {
                    return;
                }
                match known {
                    Some(channel) => channel.add(*sample),
                    None => self.channels.push(Channel::new(*sample)),
                }
                let name = self.labels.get(usize::from(sample.label.0));
                self.resources.sample_channel(name.map_or("", String::as_str), sample);
            }
        }
    }

    fn lane_sample(&mut self, sample: &LaneSample) {
        let Some(index) = self.lane_indices.get(sample.lane) else {
            return;
        };
        let lane = &mut self.lanes[index];
        let sample = match &self.end {
            Some(end) if sample.at > end.at => lane.sample_until(end.at, sample),
            _ => Some(*sample),
        };
        let (sample_lane, before) = (lane.id, lane.os);
        let slept = sample.and_then(|sample| lane.sample(&sample));
        if let (Some(before), Some(after)) = (before, lane.os) {
            self.core_use.add(sample_lane, &before, &after);
        }
        let Some((from, to)) = slept else { return };
        self.lanes[index].asleep.add(from, to, |_, _| ());
        let slices: Vec<_> = self.lanes[index].track.within(from, to).collect();
        for slice in slices {
            if slice.start <= from && to <= slice.end {
                self.block(slice.task, from, to, SleepSource::Kernel(sample_lane));
            }
        }
    }
}
