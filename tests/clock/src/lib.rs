//! The time of day of a process, from a file.
//!
//! Preloaded into a process (`LD_PRELOAD`), it answers `clock_gettime(CLOCK_REALTIME)` with what the file named by
//! `PARLANCE_TEST_CLOCK` has: milliseconds since 1970, as eight bytes in the order of this machine. The file is mapped
//! into memory, so that the process sees each change at once. All other clocks stay as they are. Without the variable,
//! or if the file cannot be mapped, the time of day is that of the machine. It is for Linux alone; elsewhere the library is
//! empty.

#![cfg(target_os = "linux")]

use std::ffi::c_int;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use libc::{CLOCK_REALTIME, MAP_FAILED, MAP_SHARED, O_RDONLY, PROT_READ, clockid_t, timespec};

/// The bytes of the time.
const BYTES: usize = size_of::<AtomicI64>();

/// The time in the file, if there is one.
fn file() -> Option<&'static AtomicI64> {
    static FILE: OnceLock<Option<&'static AtomicI64>> = OnceLock::new();
    *FILE.get_or_init(|| {
        // SAFETY: the name and the path are C strings. The mapping is never removed, has the size of the value and the
        // alignment of a page, and every content is a valid integer.
        unsafe {
            let path = libc::getenv(c"PARLANCE_TEST_CLOCK".as_ptr());
            if path.is_null() {
                return None;
            }
            let file = libc::open(path, O_RDONLY);
            if file < 0 {
                return None;
            }
            let mapped = libc::mmap(ptr::null_mut(), BYTES, PROT_READ, MAP_SHARED, file, 0);
            libc::close(file);
            (mapped != MAP_FAILED).then(|| &*mapped.cast::<AtomicI64>())
        }
    })
}

/// The C library's function of the same name, with the time of the file as the time of day.
///
/// # Safety
/// `time` must be valid for a write, as the C library demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    if clock == CLOCK_REALTIME
        && let Some(file) = file()
    {
        let millis = file.load(Ordering::SeqCst);
        let now = timespec { tv_sec: millis.div_euclid(1_000), tv_nsec: millis.rem_euclid(1_000) * 1_000_000 };
        // SAFETY: the caller promises that it can be written.
        unsafe { time.write(now) };
        return 0;
    }
    // SAFETY: the kernel checks both arguments.
    let outcome = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
    c_int::try_from(outcome).unwrap_or(-1)
}
