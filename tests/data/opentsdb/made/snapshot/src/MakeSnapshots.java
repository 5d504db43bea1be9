import java.io.*;
import java.nio.file.Files;
import java.util.*;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.*;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hbase.*;
import org.apache.hadoop.hbase.client.*;
import org.apache.hadoop.hbase.errorhandling.ForeignExceptionDispatcher;
import org.apache.hadoop.hbase.io.hfile.*;
import org.apache.hadoop.hbase.shaded.protobuf.generated.SnapshotProtos;
import org.apache.hadoop.hbase.snapshot.*;
import org.apache.hadoop.hbase.tool.BulkLoadHFiles;
import org.apache.hadoop.hbase.util.*;

/**
 * Fills tables of a running HBase with versions and delete markers, in several store files, a clone and a split among
 * them; takes snapshots; writes what scans show. Arguments: OUT, a scratch folder.
 */
public final class MakeSnapshots {
  private static final byte[] T = Bytes.toBytes("t"), U = Bytes.toBytes("u");
  private static final TableName PLAIN = TableName.valueOf("mk"), CLONE = TableName.valueOf("mkns", "mk_clone");
  private static final long TTL_S = 100 * 86_400, OVER_AFTER_MS = 20_000;
  private static final Random RANDOM = new Random(11);
  private static Admin admin;
  private static Connection connection;
  private static Configuration conf;
  private static String out, scratch;

  public static void main(String[] args) throws Exception {
    out = args[0];
    scratch = args[1];
    conf = HBaseConfiguration.create();
    conf.setInt("hbase.client.retries.number", 5);
    connection = ConnectionFactory.createConnection(conf);
    admin = connection.getAdmin();
    // Markers and versions shall stay in the files that they were written to.
    admin.compactionSwitch(false, new ArrayList<>());
    admin.createNamespace(NamespaceDescriptor.create("mkns").build());
    long now = System.currentTimeMillis();
    fill(now);
    // A flush leaves out what is over: it has to end in between.
    Thread.sleep(Math.max(0, now + OVER_AFTER_MS + 5_000 - System.currentTimeMillis()));
    shown(PLAIN, "plain");
    admin.snapshot("mk-plain", PLAIN);
    admin.cloneSnapshot("mk-plain", CLONE);
    try (Table table = connection.getTable(CLONE)) {
      for (int i = 0; i < 6; i++) table.put(put(i, now).addColumn(T, Bytes.toBytes("c"), now - 500 + i, Bytes.toBytes("clone" + i)));
    }
    admin.flush(CLONE);
    admin.splitRegionAsync(admin.getRegions(CLONE).get(0).getRegionName(), Bytes.toBytes("r03")).get();
    shown(CLONE, "linked");
    admin.snapshot("mk-linked", CLONE);
    unconsolidated();
    admin.close();
    connection.close();
  }

  private static ColumnFamilyDescriptorBuilder family(byte[] name) {
    return ColumnFamilyDescriptorBuilder.newBuilder(name).setTimeToLive((int) TTL_S);
  }

  private static void fill(long now) throws Exception {
    admin.createTable(TableDescriptorBuilder.newBuilder(PLAIN).setCompactionEnabled(false)
      .setColumnFamily(family(T).setDataBlockEncoding(org.apache.hadoop.hbase.io.encoding.DataBlockEncoding.DIFF).build())
      .setColumnFamily(family(U).setMaxVersions(3).setMinVersions(1).setKeepDeletedCells(KeepDeletedCells.TRUE).build())
      .build(), new byte[][] {Bytes.toBytes("r06")});
    for (int round = 0; round < 3; round++) {
      try (Table table = connection.getTable(PLAIN)) {
        for (int i = 0; i < 60; i++) operate(table, now);
      }
      admin.flush(PLAIN);
    }
    bulkLoad(now);
  }

  /** A row of twelve; a time of nine: the first is over soon after it is written. */
  private static Put put(int row, long now) { return new Put(row(row)); }
  private static byte[] row(int row) { return Bytes.toBytes(String.format("r%02d", row)); }
  private static long time(long now) {
    int step = RANDOM.nextInt(8);
    return step == 0 ? old(now) : now - 100_000 + step;
  }
  private static long old(long now) { return now - TTL_S * 1000 + OVER_AFTER_MS - RANDOM.nextInt(3); }

  private static void operate(Table table, long now) throws IOException {
    int row = RANDOM.nextInt(12);
    byte[] family = RANDOM.nextInt(3) == 0 ? U : T;
    byte[] qualifier = Bytes.toBytes(new String[] {"", "a", "b"}[RANDOM.nextInt(3)]);
    long time = time(now);
    int kind = RANDOM.nextInt(14);
    if (kind == 9) {
      // No newer version stands in front of it.
      qualifier = Bytes.toBytes("z");
      time = old(now);
    }
    if (kind < 10) {
      Put put = put(row, now).addColumn(family, qualifier, time, Bytes.toBytes("v" + RANDOM.nextInt(1000)));
      if (kind == 0 && time > now - 1_000_000) put.setTTL(now + OVER_AFTER_MS - time);
      if (kind == 1) put.setTTL(400L * 86_400_000);
      table.put(put);
      return;
    }
    Delete delete = new Delete(row(row));
    if (kind == 10) delete.addColumn(family, qualifier, time);
    if (kind == 11) delete.addColumns(family, qualifier, time);
    if (kind == 12) delete.addFamilyVersion(family, time);
    if (kind == 13) delete.addFamily(family, time);
    table.delete(delete);
  }

  private static void bulkLoad(long now) throws Exception {
    FileSystem fs = FileSystem.getLocal(conf);
    Path dir = new Path(scratch, "bulk");
    fs.delete(dir, true);
    HFileContext context = new HFileContextBuilder().withBlockSize(512).build();
    HFile.Writer writer = HFile.getWriterFactory(conf, new CacheConfig(conf)).withPath(fs, new Path(dir, "t/0a0b0c"))
      .withFileContext(context).create();
    for (int row = 0; row < 12; row++) {
      for (int step = 7; step > 4; step--) {
        writer.append(new KeyValue(row(row), T, Bytes.toBytes("a"), now - 100_000 + step, Bytes.toBytes("bulk" + row)));
      }
    }
    writer.close();
    BulkLoadHFiles.create(conf).bulkLoad(PLAIN, dir);
  }

  /** Writes what a scan shows. */
  private static void shown(TableName name, String file) throws IOException {
    try (Table table = connection.getTable(name); ResultScanner rows = table.getScanner(new Scan());
        PrintStream lines = new PrintStream(out + "/" + file + ".tsv", "UTF-8")) {
      for (Result row : rows) for (Cell cell : row.rawCells()) {
        lines.print(String.join("\t", Bytes.toHex(CellUtil.cloneRow(cell)), Bytes.toString(CellUtil.cloneFamily(cell)),
          Bytes.toHex(CellUtil.cloneQualifier(cell)), "" + cell.getTimestamp(), "" + cell.getType(),
          Bytes.toHex(CellUtil.cloneValue(cell))) + "\n");
      }
    }
  }

  /** The manifests of the plain table's regions as they stand while a snapshot is taken. */
  private static void unconsolidated() throws Exception {
    Path root = CommonFSUtils.getRootDir(conf);
    FileSystem fs = root.getFileSystem(conf);
    Path dir = new Path(out, "unconsolidated/.hbase-snapshot/mk-parts");
    FileSystem local = new RawLocalFileSystem();
    local.initialize(java.net.URI.create("file:///"), conf);
    local.delete(dir, true);
    local.mkdirs(dir);
    SnapshotProtos.SnapshotDescription description = SnapshotProtos.SnapshotDescription.newBuilder().setName("mk-parts")
      .setTable("mk").setCreationTime(System.currentTimeMillis()).setVersion(2)
      .setType(SnapshotProtos.SnapshotDescription.Type.FLUSH).build();
    SnapshotDescriptionUtils.writeSnapshotInfo(description, dir, local);
    SnapshotManifest manifest = SnapshotManifest.create(conf, fs, dir, description, new ForeignExceptionDispatcher("mk"));
    manifest.addTableDescriptor(admin.getDescriptor(PLAIN));
    for (RegionInfo region : admin.getRegions(PLAIN)) manifest.addRegion(CommonFSUtils.getTableDir(root, PLAIN), region);
  }
}
