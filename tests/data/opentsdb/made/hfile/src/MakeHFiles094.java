import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.*;
import org.apache.hadoop.hbase.*;
import org.apache.hadoop.hbase.io.encoding.DataBlockEncoding;
import org.apache.hadoop.hbase.io.hfile.*;
import org.apache.hadoop.hbase.regionserver.StoreFile;

/** Writes HFiles by HBase 0.94: OUT, then NAME=COMPRESSION,ENCODING for each file. */
public final class MakeHFiles094 {
  public static void main(String[] args) throws Exception {
    System.setProperty("java.version", "1.8.0"); // It knows no Java 17.
    for (int i = 1; i < args.length; i++) {
      String[] words = args[i].split("[=,]");
      Configuration conf = HBaseConfiguration.create();
      conf.setBoolean("hbase.regionserver.checksum.verify", true);
      FileSystem fs = new RawLocalFileSystem();
      fs.initialize(java.net.URI.create("file:///"), conf);
      Path path = new Path(args[0], words[0]);
      fs.delete(path, false);
      StoreFile.Writer writer = new StoreFile.WriterBuilder(conf, new CacheConfig(conf), fs, 1024).withFilePath(path)
        .withComparator(KeyValue.COMPARATOR).withCompression(Compression.Algorithm.valueOf(words[1]))
        .withDataBlockEncoder(new HFileDataBlockEncoderImpl(DataBlockEncoding.valueOf(words[2]))).build();
      for (KnownCells.Known known : KnownCells.kinds(14, true)) {
        KeyValue cell = new KeyValue(known.row, KnownCells.FAMILY, known.qualifier, known.time,
          KeyValue.Type.codeToType((byte) known.type), known.value);
        cell.setMemstoreTS(known.sequence);
        writer.append(cell);
      }
      writer.appendMetadata(17, false);
      writer.close();
      HFile.Reader reader = HFile.createReader(fs, path, new CacheConfig(conf));
      System.out.println(words[0] + ": " + reader.length() + " bytes, version " + reader.getTrailer().getMajorVersion()
        + ", " + reader.getEntries() + " cells");
      reader.close();
    }
  }
}
