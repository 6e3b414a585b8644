//! What a measured process costs, as the kernel counts it.

use std::time::Duration;

/// CPU time of the process so far, user and kernel, that of its ended threads too; none of a process that is gone.
pub fn cpu(pid: u32) -> Duration {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: f64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Duration::from_secs_f64(ticks / TICKS_PER_SECOND)
}

/// What is resident now.
pub fn resident_bytes(pid: u32) -> u64 {
    const PAGE_BYTES: u64 = 4_096;
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * PAGE_BYTES
}

/// The most that was ever resident.
pub fn peak_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|rest| rest.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}

/// The results, told as they come and printed as a Markdown table.
#[derive(Default)]
pub struct Table(Vec<(String, String)>);
impl Table {
    pub fn row(&mut self, what: &str, figure: &str) {
        eprintln!("{what}: {figure}");
        self.0.push((what.into(), figure.into()));
    }
    #[expect(clippy::print_stdout, reason = "the table is this program's result")]
    pub fn print(&self) {
        println!("| what | figure |\n| --- | --- |");
        for (what, figure) in &self.0 {
            println!("| {what} | {figure} |");
        }
    }
}
