//! A series: its names, its rhythm, and its value at each step.

use super::super::data::Spelling;

/// One mixed word for three (splitmix64's finaliser, nested).
pub(super) fn hash(a: u64, b: u64, c: u64) -> u64 {
    mix(mix(mix(a) ^ b.wrapping_mul(0xD6E8_FEB8_6659_FD93)) ^ c)
}

pub(super) fn mix(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Decimal,
    Double,
    Constant,
}

/// Name, kind of value, and the tag key beside `host` and `dc` if there is one.
const METRICS: [(&str, Kind, &str); 24] = [
    ("sys.cpu.user", Kind::Decimal, "cpu"),
    ("sys.cpu.system", Kind::Decimal, "cpu"),
    ("sys.cpu.iowait", Kind::Decimal, "cpu"),
    ("sys.cpu.idle", Kind::Decimal, "cpu"),
    ("sys.load.1min", Kind::Decimal, ""),
    ("sys.load.5min", Kind::Decimal, ""),
    ("sys.mem.used_bytes", Kind::Gauge, ""),
    ("sys.mem.free_bytes", Kind::Gauge, ""),
    ("sys.disk.read_bytes", Kind::Counter, "dev"),
    ("sys.disk.write_bytes", Kind::Counter, "dev"),
    ("sys.disk.await_ms", Kind::Decimal, "dev"),
    ("sys.fs.used_pct", Kind::Constant, "mount"),
    ("net.bytes.in", Kind::Counter, "iface"),
    ("net.bytes.out", Kind::Counter, "iface"),
    ("net.errors", Kind::Constant, "iface"),
    ("net.tcp.connections", Kind::Gauge, ""),
    ("http.requests.count", Kind::Counter, "endpoint"),
    ("http.latency.p50", Kind::Decimal, "endpoint"),
    ("http.latency.p99", Kind::Double, "endpoint"),
    ("jvm.heap.used", Kind::Gauge, "app"),
    ("jvm.gc.pause_ms", Kind::Double, "app"),
    ("queue.depth", Kind::Gauge, "topic"),
    ("sensor.temperature", Kind::Decimal, "room"),
    ("sensor.power_watts", Kind::Double, "room"),
];

/// One series of the made backup.
pub(super) struct Series {
    pub(super) id: u64,
    pub(super) metric_index: u64,
    pub(super) metric: String,
    pub(super) tags: Vec<String>,
    pub(super) interval_s: u64,
    pub(super) phase_s: u64,
    pub(super) kind: Kind,
}

impl Series {
    /// `host_mark` sets the host's name apart from one that another series has.
    pub(super) fn new(
        seed: u64,
        id: u64,
        metric_count: u64,
        host_mark: &str,
        spelling: Spelling,
    ) -> Self {
        let metric_index = id % metric_count;
        let (name, kind, key) = METRICS[metric_index as usize % METRICS.len()];
        let metric = match metric_index / METRICS.len() as u64 {
            0 => name.to_owned(),
            version => format!("{name}.v{version}"),
        };
        let rhythm = hash(seed ^ 0x44, id, 0);
        let interval_s = [10, 15, 30, 30, 30, 30, 60, 60, 60, 60][rhythm as usize % 10];
        let mut tags = tags(id / metric_count, key, host_mark, metric_index.is_multiple_of(3));
        if spelling == Spelling::Mixed && id % 2 == 1 {
            tags.reverse();
        }
        let phase_s = (rhythm >> 32) % interval_s;
        Self { id, metric_index, metric, tags, interval_s, phase_s, kind }
    }

    /// The value at one step.
    pub(super) fn value(&self, seed: u64, step: u64) -> Value {
        let noise = hash(seed ^ 0x11, self.id, step);
        let nature = hash(seed ^ 0x22, self.id, 0);
        match self.kind {
            Kind::Gauge => {
                let scales = [10, 1000, 100_000, 10_000_000, 1_000_000_000];
                let scale = scales[(nature >> 8) as usize % scales.len()];
                Value::Integer((1 + nature % 9) * scale + noise % (scale / 4 + 1))
            }
            Kind::Counter => {
                let rate = 1 + nature % 50_000;
                Value::Integer((nature >> 20) % 1_000_000_000 + step * rate + noise % rate)
            }
            Kind::Decimal => {
                let places = 1 + (nature % 3) as u32;
                let wave = (step as f64 * self.interval_s as f64) / 13751.0
                    + (nature % 628) as f64 / 100.0;
                let middle = (20 + (nature >> 9) % 60) as f64;
                let height = wave.sin() * 15.0 + (noise % 1000) as f64 / 200.0 + middle;
                let units = (height.max(0.0) * 10_u64.pow(places) as f64).round() as u64;
                Value::Decimal { units, places }
            }
            Kind::Double => {
                let part = (noise >> 11) as f64 / (1_u64 << 53) as f64;
                Value::Double(part * (10 + nature % 500) as f64)
            }
            Kind::Constant => Value::Integer(nature % 100 + u64::from(noise.is_multiple_of(200))),
        }
    }
}

/// Two to four tags. Four series share a host where a third key tells them apart.
fn tags(place: u64, key: &str, host_mark: &str, with_env: bool) -> Vec<String> {
    let (host, part) = if key.is_empty() { (place, 0) } else { (place / 4, place % 4) };
    let role = ["web", "db", "cache", "kafka", "etl"][host as usize % 5];
    let dc = ["ams", "lga", "sin", "fra"][(host / 5) as usize % 4];
    let mut tags = vec![format!("host={role}-{host:04}{host_mark}"), format!("dc={dc}")];
    match key {
        "" => {}
        "dev" => tags.push(format!("dev=sd{}", ["a", "b", "c", "d"][part as usize])),
        "iface" => tags.push(format!("iface=eth{part}")),
        "mount" => tags.push(format!("mount=/data/{part}")),
        "endpoint" => tags.push(format!("endpoint=/api/v{part}/items")),
        "app" => tags.push(format!("app=svc-{part}")),
        "topic" => tags.push(format!("topic=orders.{part}")),
        "room" => tags.push(format!("room=r{part}")),
        key => tags.push(format!("{key}={part}")),
    }
    if with_env {
        tags.push(format!("env={}", if host.is_multiple_of(9) { "staging" } else { "prod" }));
    }
    tags
}

/// A value, apart from how it is spelled. None is negative.
pub(super) enum Value {
    Integer(u64),
    Decimal { units: u64, places: u32 },
    Double(f64),
}

impl Value {
    /// The smallest change that its own spelling shows.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Integer(value) => Self::Integer(value + 1),
            Self::Decimal { units, places } => Self::Decimal { units: units + 1, places },
            Self::Double(value) => Self::Double(value.next_up()),
        }
    }
}
