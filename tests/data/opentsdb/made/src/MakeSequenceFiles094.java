import java.io.*;
import java.util.*;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.*;
import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.io.ImmutableBytesWritable;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hadoop.io.SequenceFile;
import org.apache.hadoop.io.compress.DefaultCodec;

/**
 * Writes SequenceFiles with the classes of Hadoop 1.2.1 and HBase 0.94.27, whose Result is a Writable.
 *
 * OUT NONE|RECORD|BLOCK   standard input: row, family, qualifier, timestamp, type, value in hex
 */
public class MakeSequenceFiles094 {
  static byte[] bytes(String hex) {
    byte[] bytes = new byte[hex.length() / 2];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
    return bytes;
  }

  public static void main(String[] a) throws Exception {
    Map<String, List<KeyValue>> rows = new LinkedHashMap<String, List<KeyValue>>();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line; (line = in.readLine()) != null;) {
      String[] f = line.split("\t", -1);
      if (!rows.containsKey(f[0])) rows.put(f[0], new ArrayList<KeyValue>());
      rows.get(f[0]).add(new KeyValue(bytes(f[0]), f[1].getBytes("UTF-8"), bytes(f[2]), Long.parseLong(f[3]),
          KeyValue.Type.valueOf(f[4]), bytes(f[5])));
    }
    Configuration conf = new Configuration();
    conf.setInt("io.seqfile.compress.blocksize", 1000);
    SequenceFile.Writer out = SequenceFile.createWriter(FileSystem.getLocal(conf).getRaw(), conf, new Path(a[0]),
        ImmutableBytesWritable.class, Result.class, SequenceFile.CompressionType.valueOf(a[1]), new DefaultCodec());
    for (Map.Entry<String, List<KeyValue>> row : rows.entrySet()) {
      out.append(new ImmutableBytesWritable(bytes(row.getKey())), new Result(row.getValue()));
    }
    out.append(new ImmutableBytesWritable(Bytes.toBytes("without")), new Result());
    out.close();
  }
}
