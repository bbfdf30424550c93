//! The kernel's data about a lane's thread. This data shows whether a thread sleeps or computes
//! during a long slice. Reading this data needs no root privileges.
//!
//! `/proc/self/task/<tid>/schedstat` says how long the thread was on a core and how long it waited
//! for a core. `…/syscall` contains `running`, or the system call in which the thread sleeps. Both
//! files are opened at the first sample. Later samples read the open files again at offset 0. If
//! too many files are open, a sample opens and closes the files each time. Without `schedstat`
//! there are no samples.

use crate::record::{LaneId, LaneSample, Nanos, RunInstant};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// One thread of this process.
pub(super) struct Thread {
    tid: i32,
    /// The open files. `None` if no file of this thread stays open.
    files: Option<Files>,
}

/// The files of one thread. A file is `None` if the kernel does not have it.
struct Files {
    schedstat: Option<File>,
    syscall: Option<File>,
}

impl Files {
    fn open(tid: i32) -> Files {
        let open = |name: &str| File::open(format!("/proc/self/task/{tid}/{name}")).ok();
        Files {
            schedstat: open("schedstat"),
            syscall: open("syscall"),
        }
    }

    fn sample(&self, lane: LaneId, at: RunInstant) -> Option<LaneSample> {
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

impl Thread {
    /// The thread with this number.
    pub(super) fn new(tid: i32) -> Thread {
        Thread { tid, files: None }
    }

    /// Whether the files of this thread are open.
    pub(super) fn is_open(&self) -> bool {
        self.files.is_some()
    }

    /// Samples the present state of the thread. Returns `None` if the thread has ended. If the
    /// files are not open, this method opens them. The files stay open if `may_stay_open` is true.
    /// A thread whose files do not stay open needs no descriptors, but each sample costs three
    /// times as much.
    pub(super) fn sample(&mut self, lane: LaneId, at: RunInstant, may_stay_open: bool) -> Option<LaneSample> {
        if self.files.is_none() && !may_stay_open {
            return Files::open(self.tid).sample(lane, at);
        }
        self.files.get_or_insert_with(|| Files::open(self.tid)).sample(lane, at)
    }
}

fn read<'a>(file: &File, buffer: &'a mut [u8]) -> Option<&'a str> {
    let length = file.read_at(buffer, 0).ok()?;
    std::str::from_utf8(&buffer[..length]).ok()
}

/// The first two numbers of `schedstat`, whose text is `on-cpu-ns waiting-ns slices`.
fn schedstat(text: &str) -> Option<(Nanos, Nanos)> {
    let mut words = text.split_ascii_whitespace().map(str::parse);
    Some((Nanos(words.next()?.ok()?), Nanos(words.next()?.ok()?)))
}

/// The number of the system call from the text of `syscall`. The text is `230 0x1 0x0 …` if the
/// thread is in a system call, `-1 …` if it sleeps outside a system call, and otherwise `running`.
fn syscall_number(text: &str) -> Option<u16> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_parsed() {
        assert_eq!(schedstat("155964 69905 2\n"), Some((Nanos(155_964), Nanos(69_905))));
        assert_eq!(schedstat("nonsense"), None);
        assert_eq!(syscall_number("230 0x1 0x0 0x7ff 0x7ff 0x0 0x0 0x7f 0x7f\n"), Some(230));
        assert_eq!(syscall_number("running\n"), None);
        assert_eq!(syscall_number("-1 0x7ffd 0x7f\n"), None);
    }

    #[test]
    fn a_thread_that_waits_for_a_lock_is_asleep() {
        let gate = std::sync::Arc::new(std::sync::Barrier::new(2));
        let (send, receive) = std::sync::mpsc::channel();
        let waiter = gate.clone();
        let thread = std::thread::spawn(move || {
            send.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
            waiter.wait();
        });
        let tid = receive.recv().unwrap();
        if Files::open(tid).syscall.is_some() {
            for may_stay_open in [false, true] {
                let mut thread = Thread::new(tid);
                while !thread
                    .sample(LaneId(0), RunInstant::new(1), may_stay_open)
                    .is_some_and(|s| s.asleep)
                {
                    std::thread::yield_now();
                }
                assert_eq!(thread.is_open(), may_stay_open);
            }
        }
        gate.wait();
        thread.join().unwrap();
    }
}
