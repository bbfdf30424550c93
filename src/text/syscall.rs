//! The names of the system calls in which threads sleep. The kernel reports only numbers, which
//! students cannot understand.

/// The name of the system call with this number. `None` if tasklab's threads never sleep in this
/// system call.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn syscall(number: u16) -> Option<&'static str> {
    // Numbers from the kernel's arch/x86/entry/syscalls/syscall_64.tbl.
    Some(match number {
        0 => "read",
        1 => "write",
        7 => "poll",
        17 => "pread64",
        18 => "pwrite64",
        19 => "readv",
        20 => "writev",
        23 => "select",
        35 => "nanosleep",
        42 => "connect",
        43 => "accept",
        44 => "sendto",
        45 => "recvfrom",
        46 => "sendmsg",
        47 => "recvmsg",
        61 => "wait4",
        73 => "flock",
        74 => "fsync",
        75 => "fdatasync",
        87 => "unlink",
        202 => "futex",
        230 => "clock_nanosleep",
        232 => "epoll_wait",
        257 => "openat",
        270 => "pselect6",
        271 => "ppoll",
        277 => "sync_file_range",
        281 => "epoll_pwait",
        288 => "accept4",
        _ => return None,
    })
}

/// The name of the system call with this number. `None` if tasklab's threads never sleep in this
/// system call.
#[cfg(all(target_os = "linux", any(target_arch = "aarch64", target_arch = "riscv64")))]
pub fn syscall(number: u16) -> Option<&'static str> {
    // Numbers from the kernel's include/uapi/asm-generic/unistd.h.
    Some(match number {
        22 => "epoll_pwait",
        32 => "flock",
        35 => "unlinkat",
        56 => "openat",
        63 => "read",
        64 => "write",
        65 => "readv",
        66 => "writev",
        67 => "pread64",
        68 => "pwrite64",
        72 => "pselect6",
        73 => "ppoll",
        82 => "fsync",
        83 => "fdatasync",
        84 => "sync_file_range",
        98 => "futex",
        101 => "nanosleep",
        115 => "clock_nanosleep",
        202 => "accept",
        203 => "connect",
        206 => "sendto",
        207 => "recvfrom",
        211 => "sendmsg",
        212 => "recvmsg",
        242 => "accept4",
        260 => "wait4",
        _ => return None,
    })
}

/// Always `None`: other systems do not report the system call in which a thread sleeps.
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
pub fn syscall(_number: u16) -> Option<&'static str> {
    None
}
