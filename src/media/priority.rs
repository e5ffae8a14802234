//! Threads that do not hold up people who chat.

/// The nice value of such a thread. The kernel gives it about a tenth of the time that it gives another.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Lowers the priority of this thread for good: a thread cannot raise it again.
#[cfg(target_os = "linux")]
pub fn lower_priority() {
    // of this thread only; where it is refused, its work is as important as all else
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

#[cfg(not(target_os = "linux"))]
pub fn lower_priority() {}
