import java.io.PrintStream;
import java.util.*;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.*;
import org.apache.hadoop.hbase.*;
import org.apache.hadoop.hbase.io.compress.Compression;
import org.apache.hadoop.hbase.io.encoding.DataBlockEncoding;
import org.apache.hadoop.hbase.io.hfile.*;
import org.apache.hadoop.hbase.regionserver.*;
import org.apache.hadoop.hbase.util.*;

/** Writes HFiles by HBase 2.5's StoreFileWriter: OUT, then one word for each file. */
public final class MakeHFiles {
  public static void main(String[] args) throws Exception {
    String out = args[0];
    List<KnownCells.Known> kinds = KnownCells.kinds(14, false), tagged = KnownCells.tagged();
    print(out + "/cells.tsv", kinds);
    print(out + "/cells-tagged.tsv", tagged);
    for (int i = 1; i < args.length; i++) write(out, args[i], args[i].contains(",packed,") ? tagged : kinds);
  }

  private static void print(String file, List<KnownCells.Known> cells) throws Exception {
    try (PrintStream lines = new PrintStream(file, "UTF-8")) {
      for (KnownCells.Known cell : cells) lines.print(cell.line() + "\n");
    }
  }

  /** NAME=COMPRESSION,ENCODING,CHECKSUM,BYTES_PER_CHECKSUM,BLOCK,INDEX_BLOCK,tags|packed|bare|empty,BLOOM[,zstd codec] */
  private static void write(String out, String spec, List<KnownCells.Known> cells) throws Exception {
    String[] words = spec.substring(spec.indexOf('=') + 1).split(",");
    Path path = new Path(out, spec.substring(0, spec.indexOf('=')));
    Configuration conf = HBaseConfiguration.create();
    conf.setInt(HFileBlockIndex.MAX_CHUNK_SIZE_KEY, Integer.parseInt(words[5]));
    conf.setInt(HFileBlockIndex.MIN_INDEX_NUM_ENTRIES_KEY, 2);
    conf.setInt("io.storefile.bloom.block.size", 64);
    conf.setInt("hbase.hfile.compression.blocksize", 1);
    if (words.length > 8) conf.set("hbase.io.compress.zstd.codec", words[8]);
    FileSystem fs = new RawLocalFileSystem();
    fs.initialize(java.net.URI.create("file:///"), conf);
    boolean bare = words[6].equals("bare");
    HFileContext context = new HFileContextBuilder()
      .withCompression(Compression.Algorithm.valueOf(words[0]))
      .withDataBlockEncoding(DataBlockEncoding.valueOf(words[1]))
      .withChecksumType(ChecksumType.valueOf(words[2])).withBytesPerCheckSum(Integer.parseInt(words[3]))
      .withHBaseCheckSum(true).withBlockSize(Integer.parseInt(words[4]))
      .withIncludesMvcc(!bare).withIncludesTags(!bare).withCompressTags(words[6].equals("packed")).withCreateTime(1_700_000_000_000L)
      .withColumnFamily(KnownCells.FAMILY).build();
    fs.delete(path, false);
    StoreFileWriter writer = new StoreFileWriter.Builder(conf, new CacheConfig(conf), fs).withFilePath(path)
      .withBloomType(BloomType.valueOf(words[7])).withMaxKeyCount(cells.size()).withFileContext(context).build();
    if (!words[6].equals("empty")) for (KnownCells.Known known : cells) {
      List<Tag> tags = new ArrayList<>();
      if (!bare) for (byte[] tag : known.tags) tags.add(new ArrayBackedTag(tag[0], Arrays.copyOfRange(tag, 1, tag.length)));
      KeyValue cell = new KeyValue(known.row, KnownCells.FAMILY, known.qualifier, known.time,
        KeyValue.Type.codeToType((byte) known.type), known.value, tags);
      cell.setSequenceId(known.sequence);
      writer.append(cell);
    }
    writer.appendMetadata(17, false);
    writer.close();
    HFile.Reader reader = HFile.createReader(fs, path, conf);
    System.out.println(path.getName() + ": " + fs.getFileStatus(path).getLen() + " bytes, " + reader.getEntries()
      + " cells, " + reader.getTrailer().getNumDataIndexLevels() + " levels");
    reader.close();
  }
}
