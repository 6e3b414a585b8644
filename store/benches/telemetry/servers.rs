//! InfluxDB and QuestDB on the same rows: each started here with a folder of its own, written to by line protocol over HTTP in
//! the same groups, asked for the same charts. The processor time is that of the server alone.
//!
//! InfluxDB 1.x is taken from the search path (`influxd`), QuestDB from `MAINSTAY_TEST_QUESTDB_JAR`; what is not there is left
//! out.

use super::{CHART_US, DEVICES, Figures, Input, METRICS, MONTH_US, Row, chart_series, cutoff_us, median};
use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Server {
    pub name: &'static str,
    process: Child,
    folder: PathBuf,
    address: SocketAddr,
    write: &'static str,
    chart: fn(series: usize, from_us: i64, to_us: i64) -> String,
    retain: fn(cutoff_us: i64) -> String,
    count: &'static str,
    prepare: &'static [&'static str],
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

fn names(series: usize) -> (usize, usize) {
    (series / METRICS, series % METRICS)
}

/// As every query is written into an address.
fn encoded(query: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    query.bytes().map(one).collect()
}

pub fn influx(folder: &Path) -> Option<Server> {
    let (http, rpc) = (free(), free());
    let place = folder.display();
    let config = format!(
        "reporting-disabled = true\nbind-address = \"{rpc}\"\n[meta]\ndir = \"{place}/meta\"\n[data]\ndir = \"{place}/data\"\n\
         wal-dir = \"{place}/wal\"\nquery-log-enabled = false\n[http]\nbind-address = \"{http}\"\nlog-enabled = false\n\
         max-body-size = 0\n[monitor]\nstore-enabled = false\n"
    );
    std::fs::write(folder.join("influxdb.conf"), config).ok()?;
    let mut command = Command::new("influxd");
    command.arg("-config").arg(folder.join("influxdb.conf"));
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    Some(Server {
        name: "InfluxDB",
        process,
        folder: folder.to_owned(),
        address: http,
        write: "/write?db=bench&precision=u",
        chart: |series, from_us, to_us| {
            let (device, metric) = names(series);
            let query = format!(
                "SELECT min(value), max(value), mean(value) FROM readings WHERE device='d{device}' AND metric='metric_{metric}' \
                 AND time >= {from_us}000 AND time < {to_us}000 GROUP BY time({CHART_US}u) fill(none)"
            );
            format!("/query?db=bench&q={}", encoded(&query))
        },
        retain: |cutoff_us| {
            format!("/query?db=bench&q={}", encoded(&format!("DELETE WHERE time < {cutoff_us}000")))
        },
        count: "SELECT count(value) FROM readings",
        prepare: &["CREATE DATABASE bench WITH DURATION inf"],
    })
}

#[expect(clippy::disallowed_methods, reason = "where QuestDB is, is the caller's choice")]
pub fn questdb(folder: &Path) -> Option<Server> {
    let jar = std::env::var("MAINSTAY_TEST_QUESTDB_JAR").ok()?;
    let (http, pg, min) = (free(), free(), free());
    std::fs::create_dir_all(folder.join("conf")).ok()?;
    let config = format!(
        "http.bind.to={http}\npg.net.bind.to={pg}\nhttp.min.bind.to={min}\nline.tcp.enabled=false\nline.udp.enabled=false\n\
         telemetry.enabled=false\nshared.worker.count=2\n"
    );
    std::fs::write(folder.join("conf/server.conf"), config).ok()?;
    let mut command = Command::new("java");
    command.args([
        "-XX:+UseParallelGC",
        "-Xmx1g",
        "--add-exports",
        "java.base/jdk.internal.math=io.questdb",
        "-p",
        &jar,
    ]);
    command.args(["-m", "io.questdb/io.questdb.ServerMain", "-d"]).arg(folder);
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    Some(Server {
        name: "QuestDB",
        process,
        folder: folder.to_owned(),
        address: http,
        write: "/write?precision=u",
        chart: |series, from_us, to_us| {
            let (device, metric) = names(series);
            let query = format!(
                "SELECT (cast(ts as long) / {CHART_US}) b, min(value), max(value), avg(value) FROM readings WHERE device='d{device}' \
                 AND metric='metric_{metric}' AND ts >= cast({from_us} as timestamp) AND ts < cast({to_us} as timestamp) \
                 GROUP BY b ORDER BY b"
            );
            format!("/exec?query={}", encoded(&query))
        },
        retain: |cutoff_us| {
            let query =
                format!("ALTER TABLE readings DROP PARTITION WHERE ts < cast({cutoff_us} as timestamp)");
            format!("/exec?query={}", encoded(&query))
        },
        count: "SELECT count() FROM readings",
        prepare: &[
            "CREATE TABLE readings (device SYMBOL, metric SYMBOL, value DOUBLE, ts TIMESTAMP) TIMESTAMP(ts) \
             PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, device, metric)",
        ],
    })
}

impl Server {
    fn query(&self, query: &str) -> String {
        match self.name {
            "QuestDB" => format!("/exec?query={}", encoded(query)),
            _ => format!("/query?db=bench&q={}", encoded(query)),
        }
    }

    /// Sends a request and reads the answer to its end: one connection each.
    fn ask(&self, method: &str, path: &str, body: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = Vec::new();
        let mut piece = [0; 65_536];
        loop {
            let count = stream.read(&mut piece)?;
            answer.extend_from_slice(&piece[..count]);
            if count == 0 || ended(&answer) {
                break;
            }
        }
        let text = String::from_utf8_lossy(&answer).into_owned();
        match text.split(' ').nth(1) {
            Some("200" | "204") => Ok(text),
            _ => Err(io::Error::other(text.chars().take(400).collect::<String>())),
        }
    }

    fn cpu_s(&self) -> f64 {
        super::cpu_s(&self.process.id().to_string())
    }

    pub fn run(&self, input: &Input) -> io::Result<Figures> {
        let began = Instant::now();
        while let Err(error) = self.ask("GET", &self.query("SELECT 1"), "") {
            // InfluxDB answers that this is no query, which is an answer.
            if error.to_string().contains("HTTP/1.1 400") || error.to_string().contains("HTTP/1.1 404") {
                break;
            }
            if began.elapsed() > PATIENCE {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        for statement in self.prepare {
            let method = if self.name == "QuestDB" { "GET" } else { "POST" };
            self.ask(method, &self.query(statement), "")?;
        }
        let (cpu, wall) = (self.cpu_s(), Instant::now());
        let mut text = String::new();
        for group in &input.groups {
            text.clear();
            group.iter().for_each(|row| line(&mut text, row));
            self.ask("POST", self.write, &text)?;
        }
        self.settle(input)?;
        let mut figures = Figures {
            rows_per_cpu_s: input.rows as f64 / (self.cpu_s() - cpu),
            wall_s: wall.elapsed().as_secs_f64(),
            ..Figures::default()
        };
        figures.samples = self.count()?;
        figures.bytes_per_row = bytes(&self.folder) as f64 / input.distinct as f64;
        let mut times = Vec::new();
        for series in chart_series() {
            let path = (self.chart)(series, input.end_us - MONTH_US, input.end_us);
            let start = Instant::now();
            let answer = self.ask("GET", &path, "")?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            figures.chart_buckets = answer.matches("],[").count() + 1;
        }
        figures.chart_ms = median(times);
        let start = Instant::now();
        let method = if self.name == "QuestDB" { "GET" } else { "POST" };
        self.ask(method, &(self.retain)(cutoff_us(input)), "")?;
        figures.retention_s = start.elapsed().as_secs_f64();
        Ok(figures)
    }

    fn count(&self) -> io::Result<u64> {
        let answer = self.ask("GET", &self.query(self.count), "")?;
        let numbers =
            answer.split(|letter: char| !letter.is_ascii_digit()).filter_map(|word| word.parse().ok());
        Ok(numbers.max().unwrap_or(0))
    }

    /// Until everything shows, and the server rests from putting it away.
    fn settle(&self, input: &Input) -> io::Result<()> {
        let began = Instant::now();
        while self.count()? < input.distinct as u64 && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(500));
        }
        loop {
            let before = self.cpu_s();
            std::thread::sleep(Duration::from_secs(2));
            if self.cpu_s() - before < 0.2 || began.elapsed() > PATIENCE {
                return Ok(());
            }
        }
    }
}

/// Whether an answer is whole: some servers leave the connection open all the same.
fn ended(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    if head.contains(" 204 ") {
        return true;
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    match length {
        Some(length) => body.len() >= length,
        None => body.ends_with("0\r\n\r\n"),
    }
}

fn line(text: &mut String, row: &Row) {
    let (device, metric) = names(row.series as usize);
    assert!(device < DEVICES);
    let _ =
        writeln!(text, "readings,device=d{device},metric=metric_{metric} value={} {}", row.value, row.ts_us);
}

/// Of all files below `folder`, as they lie on the disk.
fn bytes(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes(&entry.path()),
        Ok(meta) => meta.blocks() * 512,
        Err(_) => 0,
    };
    entries.map(size).sum()
}
