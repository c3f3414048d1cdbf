//! Resident memory, as Linux tells it; 0 on other systems.

/// What a process holds now, in KiB.
pub(crate) fn resident_kib(process: u32) -> u64 {
    read(process, "VmRSS:")
}

/// The most it ever held, in KiB.
pub(crate) fn peak_kib(process: u32) -> u64 {
    read(process, "VmHWM:")
}

fn read(process: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
