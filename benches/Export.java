import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hbase.Cell;
import org.apache.hadoop.hbase.CellUtil;
import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.io.ImmutableBytesWritable;
import org.apache.hadoop.hbase.mapreduce.ResultSerialization;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hadoop.io.SequenceFile;
import org.apache.hadoop.io.SequenceFile.CompressionType;
import org.apache.hadoop.io.compress.DefaultCodec;
import org.apache.hadoop.io.serializer.WritableSerialization;

/**
 * Exports of HBase's, by its own classes.
 *
 * `write TEXT OUT UIDS none|zlib compacted|single`: import text in the order of rows (metric, hour, tags), as rows that
 * OpenTSDB has compacted or not, and the table of their UIDs. `read FILE`: the points of such a file, counted, each value taken apart.
 */
public class Export {
  private static final byte[] FAMILY = Bytes.toBytes("t");
  private static final long WRITTEN_MS = 1_717_300_000_000L;

  public static void main(String[] args) throws Exception {
    Configuration conf = new Configuration(false);
    conf.setStrings("io.serializations", WritableSerialization.class.getName(), ResultSerialization.class.getName());
    if (args[0].equals("read")) {
      read(conf, args[1]);
    } else {
      Export export = new Export(args[5].equals("compacted"));
      export.write(conf, args[1], args[2], args[3], args[4].equals("zlib"));
    }
  }

  private final boolean isCompacted;

  private Export(boolean isCompacted) {
    this.isCompacted = isCompacted;
  }

  // UIDs in the order in which names are met, as OpenTSDB gives them.
  private final Map<String, Integer> metrics = new HashMap<>();
  private final Map<String, Integer> keys = new HashMap<>();
  private final Map<String, Integer> values = new HashMap<>();

  private static byte[] uid(Map<String, Integer> known, String name) {
    return Arrays.copyOfRange(Bytes.toBytes(known.computeIfAbsent(name, n -> known.size() + 1)), 1, 4);
  }

  /** A point in its row: where it sorts, its qualifier and its value. */
  private record Point(int offsetMs, byte[] qualifier, byte[] value) {}

  private static Point point(long time, String text) {
    boolean isMs = time >= 1L << 32;
    int offsetMs = (int) (isMs ? time % 3_600_000 : time % 3600 * 1000);
    boolean isFloat = text.contains(".") || text.contains("e") || text.contains("E");
    byte[] value = isFloat ? encoded(Double.parseDouble(text)) : encoded(Long.parseLong(text));
    int flags = (isFloat ? 8 : 0) | value.length - 1;
    byte[] qualifier = isMs
        ? Bytes.toBytes(0xf0000000 | offsetMs << 6 | flags)
        : Bytes.toBytes((short) (offsetMs / 1000 << 4 | flags));
    return new Point(offsetMs, qualifier, value);
  }

  /** What a telnet put stores: 4 bytes where they hold the number, else 8. */
  private static byte[] encoded(double number) {
    return (float) number == number ? Bytes.toBytes((float) number) : Bytes.toBytes(number);
  }

  private static byte[] encoded(long number) {
    if (number == (byte) number) {
      return new byte[] {(byte) number};
    }
    return number == (short) number ? Bytes.toBytes((short) number) : number == (int) number ? Bytes.toBytes((int) number) : Bytes.toBytes(number);
  }

  private void write(Configuration conf, String text, String out, String uids, boolean isPacked) throws Exception {
    TreeMap<byte[], List<Point>> rows = new TreeMap<>(Bytes.BYTES_COMPARATOR);
    try (BufferedReader lines = Files.newBufferedReader(Paths.get(text)); SequenceFile.Writer writer = writer(conf, out, isPacked)) {
      String open = "";
      for (String line; (line = lines.readLine()) != null; ) {
        String[] words = line.split(" ");
        long time = Long.parseLong(words[1]);
        long hour = (time >= 1L << 32 ? time / 1000 : time) / 3600;
        // All rows of a metric and an hour stand together in the text; in the table they are sorted by UIDs.
        String metricHour = words[0] + " " + hour;
        if (!metricHour.equals(open)) {
          flush(rows, writer);
          open = metricHour;
        }
        rows.computeIfAbsent(key(words, (int) (hour * 3600)), k -> new ArrayList<>()).add(point(time, words[2]));
      }
      flush(rows, writer);
    }
    writeUids(conf, uids);
  }

  private byte[] key(String[] words, int baseTime) {
    List<byte[]> tags = new ArrayList<>();
    for (int i = 3; i < words.length; i++) {
      String[] tag = words[i].split("=");
      tags.add(Bytes.add(uid(keys, tag[0]), uid(values, tag[1])));
    }
    tags.sort(Bytes.BYTES_COMPARATOR);
    byte[] key = Bytes.add(uid(metrics, words[0]), Bytes.toBytes(baseTime));
    for (byte[] tag : tags) {
      key = Bytes.add(key, tag);
    }
    return key;
  }

  private void flush(TreeMap<byte[], List<Point>> rows, SequenceFile.Writer writer) throws Exception {
    for (Map.Entry<byte[], List<Point>> row : rows.entrySet()) {
      List<Point> points = row.getValue();
      points.sort(Comparator.comparingInt(Point::offsetMs));
      if (!isCompacted) {
        append(writer, points.stream()
            .map(point -> new KeyValue(row.getKey(), FAMILY, point.qualifier(), WRITTEN_MS, point.value()))
            .toArray(Cell[]::new));
        continue;
      }
      ByteArrayOutputStream qualifier = new ByteArrayOutputStream();
      ByteArrayOutputStream value = new ByteArrayOutputStream();
      boolean hasSeconds = false;
      boolean hasMs = false;
      for (Point point : points) {
        qualifier.write(point.qualifier());
        value.write(point.value());
        hasSeconds |= point.qualifier().length == 2;
        hasMs |= point.qualifier().length == 4;
      }
      if (points.size() > 1) {
        value.write(hasSeconds && hasMs ? 1 : 0);
      }
      append(writer, new KeyValue(row.getKey(), FAMILY, qualifier.toByteArray(), WRITTEN_MS, value.toByteArray()));
    }
    rows.clear();
  }

  private static SequenceFile.Writer writer(Configuration conf, String out, boolean isPacked) throws Exception {
    return SequenceFile.createWriter(conf,
        SequenceFile.Writer.file(new Path("file://" + Paths.get(out).toAbsolutePath())),
        SequenceFile.Writer.keyClass(ImmutableBytesWritable.class),
        SequenceFile.Writer.valueClass(Result.class),
        isPacked ? SequenceFile.Writer.compression(CompressionType.BLOCK, codec(conf)) : SequenceFile.Writer.compression(CompressionType.NONE));
  }

  private static DefaultCodec codec(Configuration conf) {
    DefaultCodec codec = new DefaultCodec();
    codec.setConf(conf);
    return codec;
  }

  private static void append(SequenceFile.Writer writer, Cell... cells) throws Exception {
    writer.append(new ImmutableBytesWritable(CellUtil.cloneRow(cells[0])), Result.create(cells));
  }

  private void writeUids(Configuration conf, String out) throws Exception {
    TreeMap<byte[], List<Cell>> rows = new TreeMap<>(Bytes.BYTES_COMPARATOR);
    List<Map<String, Integer>> kinds = List.of(metrics, keys, values);
    List<String> names = List.of("metrics", "tagk", "tagv");
    for (int kind = 0; kind < 3; kind++) {
      for (String name : kinds.get(kind).keySet()) {
        byte[] text = name.getBytes(StandardCharsets.ISO_8859_1);
        byte[] uid = uid(kinds.get(kind), name);
        byte[] column = Bytes.toBytes(names.get(kind));
        rows.computeIfAbsent(text, k -> new ArrayList<>()).add(new KeyValue(text, Bytes.toBytes("id"), column, WRITTEN_MS, uid));
        rows.computeIfAbsent(uid, k -> new ArrayList<>()).add(new KeyValue(uid, Bytes.toBytes("name"), column, WRITTEN_MS, text));
      }
    }
    try (SequenceFile.Writer writer = writer(conf, out, false)) {
      for (List<Cell> cells : rows.values()) {
        append(writer, cells.toArray(new Cell[0]));
      }
    }
  }

  private static void read(Configuration conf, String file) throws Exception {
    long points = 0;
    double sum = 0;
    Path path = new Path("file://" + Paths.get(file).toAbsolutePath());
    try (SequenceFile.Reader reader = new SequenceFile.Reader(conf, SequenceFile.Reader.file(path))) {
      Object key = new ImmutableBytesWritable();
      while ((key = reader.next(key)) != null) {
        Result row = (Result) reader.getCurrentValue((Object) null);
        for (Cell cell : row.rawCells()) {
          ByteBuffer qualifiers = ByteBuffer.wrap(cell.getQualifierArray(), cell.getQualifierOffset(), cell.getQualifierLength());
          ByteBuffer values = ByteBuffer.wrap(cell.getValueArray(), cell.getValueOffset(), cell.getValueLength());
          while (qualifiers.hasRemaining()) {
            boolean isMs = (qualifiers.get(qualifiers.position()) & 0xf0) == 0xf0;
            int flags = isMs ? qualifiers.getInt() : qualifiers.getShort();
            sum += (flags & 8) != 0 ? (flags & 7) == 3 ? values.getFloat() : values.getDouble() : whole(values, flags & 7);
            points++;
          }
        }
      }
    }
    System.out.println("points=" + points + " sum=" + sum);
  }

  private static long whole(ByteBuffer values, int lengthMinusOne) {
    switch (lengthMinusOne) {
      case 0: return values.get();
      case 1: return values.getShort();
      case 3: return values.getInt();
      default: return values.getLong();
    }
  }
}
