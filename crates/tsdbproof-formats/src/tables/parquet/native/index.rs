//! The footer: columns, and where the groups of rows lie.

use std::{ops::Range, sync::Arc};

use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    },
    basic::Compression,
    file::metadata::{
        ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
    },
};
use tsdbproof_core::{Error, Kind, shown};

use super::{
    arrays::holds,
    contained,
    group::{Column, File, Group},
};
use crate::{
    Index, Part, ReadOptions,
    tables::{
        parquet::{ENCRYPTED, MAGIC},
        resolve::{Header, resolve},
        rows::Rows,
    },
};

/// Bytes behind a footer: its length and the magic.
const TRAILER_BYTES: u64 = 8;
/// Characters of what the decoder says.
pub(super) const SAID_CHARS: usize = 200;

fn malformed(what: impl Into<String>) -> Error {
    Error::new(Kind::Malformed, what).help("the file was cut or changed; take another copy")
}

/// Takes a file's last bytes: asks for more of them, or gives a part for each group of rows.
pub(super) fn index(options: &ReadOptions, tail: &[u8], size: u64) -> Result<Index, Error> {
    if tail.ends_with(&ENCRYPTED) {
        let what = "a Parquet file whose footer is encrypted";
        return Err(Error::new(Kind::Unsupported, what).help("write it again without encryption"));
    }
    let ends = tail.strip_suffix(&MAGIC).and_then(|before| before.split_last_chunk());
    let (before, length) = ends.ok_or_else(|| malformed("the file ends before its footer does"))?;
    let length = u64::from(u32::from_le_bytes(*length));
    let footer_at = size.checked_sub(TRAILER_BYTES).and_then(|end| end.checked_sub(length));
    let footer_at = footer_at
        .filter(|at| *at >= MAGIC.len() as u64)
        .ok_or_else(|| malformed(format!("a footer of {length} bytes in a file of {size}")))?;
    let start = usize::try_from(length).ok().and_then(|length| before.len().checked_sub(length));
    let Some(footer) = start.and_then(|start| before.get(start..)) else {
        return Ok(Index::Wanted(footer_at));
    };
    let unread = |error: String| {
        malformed(format!("a footer that can't be read: {}", shown(error, SAID_CHARS)))
    };
    let metadata = contained(|| ParquetMetaDataReader::decode_metadata(footer)).map_err(unread)?;
    // What the arrays were before they were written is a hint that may be wrong.
    let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = contained(|| ArrowReaderMetadata::try_new(Arc::new(metadata), plain));
    parts(metadata.map_err(unread)?, options, size, footer_at).map(Index::Parts)
}

fn parts(
    metadata: ArrowReaderMetadata,
    options: &ReadOptions,
    size: u64,
    footer_at: u64,
) -> Result<Vec<Part>, Error> {
    let fields = metadata.schema().fields();
    let header =
        |field: &Arc<arrow_schema::Field>| (field.name().clone(), holds(field.data_type()));
    let names: Vec<_> = fields.iter().map(header).collect();
    let headers: Vec<_> =
        names.iter().map(|(name, holds)| Header { name, holds: *holds }).collect();
    let rows = Rows::new(resolve(&options.columns, &headers)?, options);
    let read: Vec<usize> = (0..headers.len()).filter(|index| rows.wants(*index)).collect();
    let mask = ProjectionMask::roots(metadata.parquet_schema(), read.iter().copied());
    let groups = groups(metadata.metadata(), &mask, footer_at)?;
    let unread = rows.columns.unread(|index| headers.get(index).map_or("", |header| header.name));
    let unread = unread.collect();
    let limits = options.limits;
    let columns = headers.len();
    let file = Arc::new(File { metadata, mask, read, columns, size, limits, unread });
    let part = |(nth, (index, columns)): (usize, (usize, Vec<Column>))| {
        let hull = hull(&columns);
        let (file, rows, columns) = (Arc::clone(&file), rows.clone(), Arc::new(columns));
        let range = hull.clone();
        let open = move |_| -> Box<dyn crate::FormatReader> {
            let columns = Arc::clone(&columns);
            Box::new(Group::new(&file, index, columns, range.clone(), rows.clone(), nth == 0))
        };
        Part { range: hull, open: Arc::new(open) }
    };
    Ok(groups.into_iter().enumerate().map(part).collect())
}

/// The bytes from the first column to the last.
fn hull(columns: &[Column]) -> Range<u64> {
    let start = columns.iter().map(|column| column.range.start).min().unwrap_or(0);
    start..columns.iter().map(|column| column.range.end).max().unwrap_or(0)
}

/// The groups with rows, by their place, each with the columns that are read.
fn groups(
    metadata: &ParquetMetaData,
    mask: &ProjectionMask,
    footer_at: u64,
) -> Result<Vec<(usize, Vec<Column>)>, Error> {
    let rows: i64 =
        metadata.row_groups().iter().map(RowGroupMetaData::num_rows).fold(0, i64::saturating_add);
    let told = metadata.file_metadata().num_rows();
    if rows != told {
        return Err(malformed(format!("a footer of {told} rows, and of row groups of {rows}")));
    }
    let mut groups = Vec::new();
    for (index, group) in metadata.row_groups().iter().enumerate() {
        check_codecs(group, mask)?;
        let columns = columns(group, mask, footer_at)
            .ok_or_else(|| malformed(format!("row group {index} lies outside of the file")))?;
        if group.num_rows() > 0 {
            groups.push((index, columns));
        }
    }
    groups.sort_by_key(|(_, columns)| hull(columns).start);
    let overlap = |two: &[(usize, Vec<Column>)]| match two {
        [one, next] => hull(&one.1).end > hull(&next.1).start,
        _ => false,
    };
    match groups.windows(2).any(overlap) {
        true => Err(malformed("row groups that lie within each other")),
        false => Ok(groups),
    }
}

/// Holds that the columns that are read are compressed in a way that is known here.
fn check_codecs(group: &RowGroupMetaData, mask: &ProjectionMask) -> Result<(), Error> {
    let read = group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
    for (_, chunk) in read {
        let codec = match chunk.compression() {
            Compression::BROTLI(_) => "Brotli",
            Compression::LZO => "LZO",
            _ => continue,
        };
        let help = "write the file again with zstd, LZ4, Snappy or gzip";
        let what = format!("columns compressed by {codec}");
        return Err(Error::new(Kind::Unsupported, what).help(help));
    }
    Ok(())
}

/// The columns of a group that are read, by their place; `None` where they can't lie so.
fn columns(group: &RowGroupMetaData, mask: &ProjectionMask, footer_at: u64) -> Option<Vec<Column>> {
    let read = group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
    let mut columns = read
        .map(|(_, chunk)| {
            let range = range(chunk).filter(|range| range.end <= footer_at)?;
            Some(Column { range, values: chunk.num_values() })
        })
        .collect::<Option<Vec<_>>>()?;
    columns.sort_by_key(|column| column.range.start);
    let is_apart = |two: &[Column]| match two {
        [one, next] => one.range.end <= next.range.start,
        _ => true,
    };
    (!columns.is_empty() && columns.windows(2).all(is_apart)).then_some(columns)
}

/// Where the pages of a column lie: the dictionary first, where there is one.
fn range(chunk: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let dictionary = chunk.dictionary_page_offset().filter(|at| *at > 0);
    let start = u64::try_from(dictionary.unwrap_or(chunk.data_page_offset())).ok()?;
    let end = start.checked_add(u64::try_from(chunk.compressed_size()).ok()?)?;
    (chunk.uncompressed_size() >= 0 && start >= MAGIC.len() as u64).then_some(start..end)
}
