//! What the kernel says of a lane's thread: the proof, without root, that a long slice sleeps instead of computing.
//!
//! `/proc/self/task/<tid>/schedstat` tells the time on a core and the time waiting for one; `…/syscall` tells `running`, or the system
//! call in which the thread sleeps. Both are opened once and read again at offset 0. Where a kernel offers neither, there
//! are no samples.

use crate::record::{LaneId, LaneSample, Nanos};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// The open files of one thread.
pub(super) struct Thread {
    schedstat: Option<File>,
    syscall: Option<File>,
}

impl Thread {
    /// A thread of this process.
    pub(super) fn open(tid: i32) -> Thread {
        let open = |name: &str| File::open(format!("/proc/self/task/{tid}/{name}")).ok();
        Thread {
            schedstat: open("schedstat"),
            syscall: open("syscall"),
        }
    }

    /// Its present state, or nothing if the thread is gone.
    pub(super) fn sample(&self, lane: LaneId, at: Nanos) -> Option<LaneSample> {
        let mut buffer = [0; 128];
        let (on_cpu, waiting) = schedstat(read(self.schedstat.as_ref()?, &mut buffer)?)?;
        let syscall = self.syscall.as_ref().and_then(|file| read(file, &mut buffer));
        let asleep_in = syscall.and_then(syscall_number);
        Some(LaneSample {
            at,
            lane,
            on_cpu,
            waiting,
            asleep: syscall.is_some_and(|text| !text.starts_with("running")),
            asleep_in,
        })
    }
}

fn read<'a>(file: &File, buffer: &'a mut [u8]) -> Option<&'a str> {
    let length = file.read_at(buffer, 0).ok()?;
    std::str::from_utf8(&buffer[..length]).ok()
}

/// `on-cpu-ns waiting-ns slices`
fn schedstat(text: &str) -> Option<(Nanos, Nanos)> {
    let mut words = text.split_ascii_whitespace().map(str::parse);
    Some((Nanos(words.next()?.ok()?), Nanos(words.next()?.ok()?)))
}

/// `230 0x1 0x0 …` in a system call, `-1 …` asleep outside one, `running`.
fn syscall_number(text: &str) -> Option<u16> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_understood() {
        assert_eq!(schedstat("155964 69905 2\n"), Some((Nanos(155_964), Nanos(69_905))));
        assert_eq!(schedstat("nonsense"), None);
        assert_eq!(syscall_number("230 0x1 0x0 0x7ff 0x7ff 0x0 0x0 0x7f 0x7f\n"), Some(230));
        assert_eq!(syscall_number("running\n"), None);
        assert_eq!(syscall_number("-1 0x7ffd 0x7f\n"), None);
    }

    #[test]
    fn a_thread_that_waits_for_a_lock_is_seen_asleep() {
        let gate = std::sync::Arc::new(std::sync::Barrier::new(2));
        let (send, receive) = std::sync::mpsc::channel();
        let waiter = gate.clone();
        let thread = std::thread::spawn(move || {
            send.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
            waiter.wait();
        });
        let files = Thread::open(receive.recv().unwrap());
        if files.syscall.is_some() {
            while !files.sample(LaneId(0), Nanos(1)).is_some_and(|s| s.asleep) {
                std::thread::yield_now();
            }
        }
        gate.wait();
        thread.join().unwrap();
    }
}
