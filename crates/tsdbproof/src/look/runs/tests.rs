//! Runs, and the merge of many.

use std::sync::Mutex;

use super::{merge::FAN_IN, *};

struct Memory(Mutex<Vec<u8>>);

impl Scratch for Memory {
    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        let mut all = self.0.lock().unwrap();
        let end = at as usize + bytes.len();
        let length = all.len().max(end);
        all.resize(length, 0);
        all[at as usize..end].copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<(), Error> {
        let all = self.0.lock().unwrap();
        bytes.copy_from_slice(&all[at as usize..at as usize + bytes.len()]);
        Ok(())
    }
}

impl Item for u64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn decode(input: &mut Window) -> Result<Self, Error> {
        Ok(u64::from_le_bytes(input.array()?))
    }
}

fn series(metric: &str) -> Series {
    Series { metric: metric.to_owned(), ..Series::default() }
}

fn run(spill: &Arc<Spill>, blocks: &[(&str, &[u64])]) -> Run {
    let mut writer = RunWriter::new(spill);
    for (name, items) in blocks {
        writer.series(&series(name));
        items.iter().for_each(|item| writer.push(item).unwrap());
    }
    writer.finish().unwrap()
}

fn read(spill: &Arc<Spill>, runs: &[Run]) -> Vec<(String, Vec<u64>)> {
    let mut merge = Merge::<u64>::open(spill, runs).unwrap();
    let mut all = Vec::new();
    while let Some(series) = merge.next_series().unwrap() {
        let mut items = Vec::new();
        while let Some(item) = merge.next().unwrap() {
            items.push(item);
        }
        all.push((series.metric, items));
    }
    all
}

fn spill(memory_bytes: u64) -> Arc<Spill> {
    Spill::new(Some(Arc::new(Memory(Mutex::default()))), memory_bytes)
}

#[test]
fn runs_merge_by_series_and_then_by_item() {
    let spill = spill(1 << 20);
    let runs =
        [run(&spill, &[("a", &[1, 5]), ("c", &[2])]), run(&spill, &[("a", &[3]), ("b", &[4])])];
    let expected = [("a", vec![1, 3, 5]), ("b", vec![4]), ("c", vec![2])];
    assert_eq!(read(&spill, &runs), expected.map(|(name, items)| (name.to_owned(), items)));
}

#[test]
fn a_series_goes_on_over_segments_in_memory_and_scratch_space() {
    // Room for one segment: the others go to scratch space.
    let spill = spill(SEGMENT_BYTES as u64 + 100);
    let items: Vec<u64> = (0..500_000).collect();
    let long = run(&spill, &[("a", &items), ("b", &[7])]);
    assert!(long.0.iter().any(|segment| matches!(segment, Segment::Memory(_))));
    assert!(long.0.iter().any(|segment| matches!(segment, Segment::Scratch { .. })));
    let found = read(&spill, &[long, run(&spill, &[("b", &[6])])]);
    assert_eq!(found, [("a".to_owned(), items), ("b".to_owned(), vec![6, 7])]);
}

#[test]
fn many_runs_become_few_and_lose_nothing() {
    let spill = spill(1000);
    let runs: Vec<Run> = (0..300).map(|i| run(&spill, &[("a", &[i, i + 300])])).collect();
    let runs = spill.reduce::<u64>(runs).unwrap();
    assert!(runs.len() <= FAN_IN);
    assert_eq!(read(&spill, &runs), [("a".to_owned(), (0..600).collect::<Vec<_>>())]);
}

#[test]
fn a_host_without_scratch_space_ends_in_a_limit() {
    let spill = Spill::new(None, 10);
    let mut writer = RunWriter::new(&spill);
    writer.series(&series("a"));
    writer.push(&1u64).unwrap();
    assert_eq!(writer.finish().err().map(|error| error.kind()), Some(Kind::Limit));
}

#[test]
fn seeking_passes_over_what_stands_before() {
    let spill = spill(1 << 20);
    let one = run(&spill, &[("a", &[1]), ("b", &[2]), ("d", &[3])]);
    let mut merge = Merge::<u64>::open(&spill, &[one]).unwrap();
    assert!(merge.seek(&series("b")).unwrap());
    assert_eq!(merge.next().unwrap(), Some(2));
    assert!(!merge.seek(&series("c")).unwrap());
    assert_eq!(merge.peek(), None);
    assert!(merge.seek(&series("d")).unwrap());
}

#[test]
fn long_runs_merge_by_batches() {
    let spill = spill(64 << 20);
    // Runs of all lengths, one of them behind all others, with equal items within and between them.
    let lists: [Vec<u64>; 5] = [
        (0..300_000).map(|at| at / 3 * 7).collect(),
        (0..1000).map(|at| at * 301).collect(),
        vec![5; 200_000],
        (0..400_000).map(|at| 800_000 + at).collect(),
        vec![0],
    ];
    let runs: Vec<Run> =
        lists.iter().map(|items| run(&spill, &[("a", items), ("b", &[1])])).collect();
    let mut all = lists.concat();
    all.sort_unstable();
    let expected = [("a".to_owned(), all), ("b".to_owned(), vec![1; 5])];
    assert!(read(&spill, &runs) == expected);
    // What is left of a series is passed over.
    let mut merge = Merge::<u64>::open(&spill, &runs).unwrap();
    assert!(merge.next_series().unwrap().is_some());
    assert_eq!(merge.next().unwrap(), Some(0));
    assert!(merge.seek(&series("b")).unwrap());
    assert_eq!((merge.next().unwrap(), merge.peek()), (Some(1), Some(&1)));
}
