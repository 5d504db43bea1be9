import java.util.*;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.*;
import org.apache.hadoop.hbase.*;
import org.apache.hadoop.hbase.io.compress.Compression;
import org.apache.hadoop.hbase.io.encoding.DataBlockEncoding;
import org.apache.hadoop.hbase.io.hfile.*;
import org.apache.hadoop.hbase.regionserver.StoreFile;

/** Writes HFiles of version 2.3 by HBase 1.2: OUT, then NAME=COMPRESSION,ENCODING for each file. */
public final class MakeHFiles1 {
  public static void main(String[] args) throws Exception {
    for (int i = 1; i < args.length; i++) {
      String[] words = args[i].split("[=,]");
      Configuration conf = HBaseConfiguration.create();
      conf.setInt("hfile.format.version", 2);
      FileSystem fs = new RawLocalFileSystem();
      fs.initialize(java.net.URI.create("file:///"), conf);
      Path path = new Path(args[0], words[0]);
      fs.delete(path, false);
      HFileContext context = new HFileContextBuilder().withCompression(Compression.Algorithm.valueOf(words[1]))
        .withDataBlockEncoding(DataBlockEncoding.valueOf(words[2])).withBlockSize(1024).withIncludesMvcc(true)
        .withHBaseCheckSum(true).build();
      StoreFile.Writer writer = new StoreFile.WriterBuilder(conf, new CacheConfig(conf), fs).withFilePath(path)
        .withComparator(KeyValue.COMPARATOR).withFileContext(context).build();
      for (KnownCells.Known known : KnownCells.kinds(14, false)) {
        KeyValue cell = new KeyValue(known.row, KnownCells.FAMILY, known.qualifier, known.time,
          KeyValue.Type.codeToType((byte) known.type), known.value);
        cell.setSequenceId(known.sequence);
        writer.append(cell);
      }
      writer.appendMetadata(17, false);
      writer.close();
      HFile.Reader reader = HFile.createReader(fs, path, new CacheConfig(conf), conf);
      System.out.println(words[0] + ": " + reader.length() + " bytes, version " + reader.getTrailer().getMajorVersion()
        + "." + reader.getTrailer().getMinorVersion() + ", " + reader.getEntries() + " cells");
      reader.close();
    }
  }
}
