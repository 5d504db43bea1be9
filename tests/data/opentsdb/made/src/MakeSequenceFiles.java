import java.io.*;
import java.util.*;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.*;
import org.apache.hadoop.hbase.*;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.io.ImmutableBytesWritable;
import org.apache.hadoop.hbase.mapreduce.*;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hadoop.io.SequenceFile;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.util.ReflectionUtils;

/**
 * Writes SequenceFiles with the classes of Hadoop 3.3.6 and HBase 2.5.10.
 *
 * copy IN OUT NONE|RECORD|BLOCK CODEC SYNC BLOCK   the records of IN, written anew
 * kinds OUT                                        one row with a cell of every type, one with tags
 * old IN OUT VERSION                               IN with the header of version 4 or 5
 * dump IN                                          its cells, as Hadoop's own reader finds them
 */
public class MakeSequenceFiles {
  static final Configuration CONF = new Configuration();

  static SequenceFile.Reader reader(String in) throws IOException {
    return new SequenceFile.Reader(CONF, SequenceFile.Reader.file(new Path(in)));
  }

  static SequenceFile.Writer writer(String out, String type, String codec, int sync) throws Exception {
    SequenceFile.CompressionType kind = SequenceFile.CompressionType.valueOf(type);
    SequenceFile.Writer.Option compression = SequenceFile.Writer.compression(kind);
    if (kind != SequenceFile.CompressionType.NONE) {
      Class<?> c = Class.forName("org.apache.hadoop.io.compress." + codec);
      compression = SequenceFile.Writer.compression(kind, (CompressionCodec) ReflectionUtils.newInstance(c, CONF));
    }
    return SequenceFile.createWriter(CONF, SequenceFile.Writer.file(new Path(out)),
        SequenceFile.Writer.keyClass(ImmutableBytesWritable.class), SequenceFile.Writer.valueClass(Result.class),
        compression, SequenceFile.Writer.syncInterval(sync));
  }

  static void copy(String in, String out, String type, String codec, int sync, int block) throws Exception {
    CONF.setInt("io.seqfile.compress.blocksize", block);
    try (SequenceFile.Reader from = reader(in); SequenceFile.Writer to = writer(out, type, codec, sync)) {
      Object key = null;
      while ((key = from.next(key)) != null) {
        to.append(key, from.getCurrentValue((Object) null));
      }
    }
  }

  static Cell cell(String row, String qualifier, long time, KeyValue.Type type, String value, Tag... tags) {
    return new KeyValue(Bytes.toBytes(row), Bytes.toBytes("t"), Bytes.toBytes(qualifier), time, type,
        Bytes.toBytes(value), Arrays.asList(tags));
  }

  static void kinds(String out) throws Exception {
    List<Cell> kinds = new ArrayList<>();
    kinds.add(cell("row", "", 9, KeyValue.Type.DeleteFamily, ""));
    kinds.add(cell("row", "", 8, KeyValue.Type.DeleteFamilyVersion, ""));
    kinds.add(cell("row", "q", 7, KeyValue.Type.DeleteColumn, ""));
    kinds.add(cell("row", "q", 6, KeyValue.Type.Delete, ""));
    kinds.add(cell("row", "q", 6, KeyValue.Type.Put, "value"));
    Cell tagged = cell("tagged", "q", 1, KeyValue.Type.Put, "", new ArrayBackedTag((byte) 65, "ttl"));
    try (SequenceFile.Writer to = writer(out, "NONE", null, 100 << 10)) {
      to.append(new ImmutableBytesWritable(Bytes.toBytes("row")), Result.create(kinds));
      to.append(new ImmutableBytesWritable(Bytes.toBytes("tagged")), Result.create(Arrays.asList(tagged)));
      to.append(new ImmutableBytesWritable(Bytes.toBytes("without")), Result.create(new ArrayList<Cell>()));
    }
  }

  /** No release that ran with HBase wrote these versions; what differs from 6 is only the header. */
  static void old(String in, String out, int version) throws Exception {
    try (DataInputStream from = new DataInputStream(new FileInputStream(in));
        DataOutputStream to = new DataOutputStream(new FileOutputStream(out))) {
      from.readFully(new byte[4]);
      to.write(new byte[] { 'S', 'E', 'Q', (byte) version });
      for (int i = 0; i < 2; i++) org.apache.hadoop.io.Text.writeString(to, org.apache.hadoop.io.Text.readString(from));
      boolean compressed = from.readBoolean();
      to.writeBoolean(compressed);
      to.writeBoolean(from.readBoolean());
      if (compressed) {
        String codec = org.apache.hadoop.io.Text.readString(from);
        if (version >= 5) org.apache.hadoop.io.Text.writeString(to, codec);
      }
      if (from.readInt() != 0) throw new IOException("metadata");
      byte[] rest = from.readAllBytes();
      to.write(rest);
    }
  }

  static void dump(String in) throws Exception {
    try (SequenceFile.Reader from = reader(in)) {
      Object key = null;
      while ((key = from.next(key)) != null) {
        Result result = (Result) from.getCurrentValue((Object) null);
        for (Cell c : result.rawCells() == null ? new Cell[0] : result.rawCells()) {
          System.out.println(Bytes.toHex(CellUtil.cloneRow(c)) + "\t" + Bytes.toString(CellUtil.cloneFamily(c)) + "\t"
              + Bytes.toHex(CellUtil.cloneQualifier(c)) + "\t" + c.getTimestamp() + "\t" + c.getType() + "\t"
              + Bytes.toHex(CellUtil.cloneValue(c)));
        }
      }
    }
  }

  public static void main(String[] a) throws Exception {
    CONF.setStrings("io.serializations", CONF.get("io.serializations"), MutationSerialization.class.getName(),
        ResultSerialization.class.getName());
    switch (a[0]) {
      case "copy": copy(a[1], a[2], a[3], a[4], Integer.parseInt(a[5]), Integer.parseInt(a[6])); break;
      case "kinds": kinds(a[1]); break;
      case "old": old(a[1], a[2], Integer.parseInt(a[3])); break;
      default: dump(a[1]);
    }
  }
}
