//! Files of put objects, good and bad, with some bytes turned.

use crate::json::testing::Random;

const METRICS: [&str; 6] =
    ["\"m\"", "\"m\"", "\"sys.cpu.user\"", "\"\\u006d\"", "\"gr\u{f6}\u{df}e\"", "7"];
const TIMES: [&str; 12] = [
    "1700000000",
    "1700000060",
    "1700003599",
    "1700000000123",
    "\"1700000000\"",
    "\"01700000000\"",
    "01700000000",
    "1700000000.0",
    "1.7e9",
    "17.5",
    "99999999999999",
    "null",
];
const VALUES: [&str; 30] = [
    "5",
    "42",
    "79.182",
    "\"5\"",
    "\"79.182\"",
    "-1",
    "12345678",
    "123456789012",
    "1e3",
    "-0.0",
    "0",
    "0.1234567890123456789",
    "99999999999999999999",
    "97.86675529542534",
    "007",
    "5.",
    "5.e1",
    ".5",
    "+5",
    "-",
    "-.5",
    "\"007\"",
    "\"5.\"",
    "\"5.e1\"",
    "\".5\"",
    "\"+5\"",
    "\"NaN\"",
    "1E+3",
    "0.5e-3",
    "true",
];
const TAGS: [&str; 9] = [
    "{\"h\":\"1\"}",
    "{\"h\":\"1\"}",
    "{\"h\":\"1\",\"dc\":\"ams\"}",
    "{ \"dc\":\"ams\", \"h\":\"1\" }",
    "{\"h\":\"1\",\"h\":\"1\"}",
    "{\"h\":\"1\",\"h\":\"2\"}",
    "{}",
    "{\"h\":\"},{\"}",
    "{\"h\":1}",
];

fn object(random: &mut Random) -> String {
    if random.below(12) == 0 {
        let count = random.below(4);
        let names: Vec<_> = (0..count).map(|_| random.one_of(&METRICS)).collect();
        let extra = usize::from(random.below(8) == 0);
        let values: Vec<_> = (0..count + extra).map(|_| random.one_of(&VALUES[..9])).collect();
        let (time, tags) = (random.one_of(&TIMES), random.one_of(&TAGS));
        let (names, values) = (names.join(","), values.join(", "));
        return format!(
            r#"{{"metrics":[{names}],"timestamp":{time},"tags":{tags},"values":[{values}]}}"#
        );
    }
    let times = if random.below(3) == 0 { &TIMES[..] } else { &TIMES[..3] };
    let values = if random.below(3) == 0 { &VALUES[..] } else { &VALUES[..5] };
    let mut fields = vec![
        format!("\"metric\":{}", random.one_of(&METRICS)),
        format!("\"timestamp\":{}", random.one_of(times)),
        format!("\"value\":{}", random.one_of(values)),
        format!("\"tags\":{}", random.one_of(&TAGS)),
    ];
    match random.below(16) {
        0 => fields.swap(1, 2),
        1 => fields.reverse(),
        2 => fields.push(fields[random.below(4)].clone()),
        3 => fields.push(format!("\"valu\\u0065\":{}", random.one_of(values))),
        4 => fields.push("\"x\":[{\"metric\":1},null]".to_owned()),
        5 => drop(fields.remove(random.below(4))),
        _ => {}
    }
    format!("{{{}}}", fields.join(random.one_of(&[",", ",", ",", ", ", ",\n", " ,\t"])))
}

pub(super) fn file(random: &mut Random) -> Vec<u8> {
    let mut text = String::new();
    let gap = random.one_of(&["\n", "\n", "\r\n", "", ",", ",\n", ", ", " , "]);
    let is_array = gap.contains(',');
    text += if is_array { "[" } else { "" };
    let objects = random.below(20);
    for index in 0..objects {
        let repeated = object(random);
        let times = 1 + random.below(3);
        for again in 0..times {
            text += &repeated;
            let is_last = index + 1 == objects && again + 1 == times;
            text += match random.below(40) {
                0 => random.one_of(&["\n", "", ",", "null", "[", "]", "\n\n", "{}", "\u{0}"]),
                _ if is_last && is_array => "]\n",
                _ => gap,
            };
        }
    }
    let mut bytes = text.into_bytes();
    const STRANGE: &[u8] = b"{}[],:\"\\ \n\r0.e\xff\0";
    for _ in 0..random.below(4) {
        if !bytes.is_empty() {
            let index = random.below(bytes.len());
            match random.below(4) {
                0 => drop(bytes.remove(index)),
                1 => bytes.insert(index, STRANGE[random.below(STRANGE.len())]),
                2 => bytes[index] = STRANGE[random.below(STRANGE.len())],
                _ => bytes.truncate(index.max(bytes.len().saturating_sub(60))),
            }
        }
    }
    bytes
}
