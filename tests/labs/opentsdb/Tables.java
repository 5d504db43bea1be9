import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.Admin;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptorBuilder;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.client.TableDescriptorBuilder;
import org.apache.hadoop.hbase.io.encoding.DataBlockEncoding;
import org.apache.hadoop.hbase.regionserver.BloomType;
import org.apache.hadoop.hbase.util.Bytes;

/**
 * What the lab asks of HBase's administration:
 *
 *   create NAME=FAMILY,FAMILY ...   tables as OpenTSDB's create_table.sh makes them
 *   clone SNAPSHOT TABLE            a table of links to the files of a snapshot
 *   split TABLE ROW                 both halves of its region, a row in hex; their files stay references
 *
 * The client waits by itself until the master is ready; who calls this sets the limit.
 */
public class Tables {
  public static void main(String[] args) throws Exception {
    List<String> names = Arrays.asList(args).subList(1, args.length);
    try (Connection connection = ConnectionFactory.createConnection(HBaseConfiguration.create());
        Admin admin = connection.getAdmin()) {
      switch (args[0]) {
        case "create":
          create(admin, names);
          break;
        case "clone":
          admin.cloneSnapshot(names.get(0), TableName.valueOf(names.get(1)));
          break;
        case "split":
          split(admin, TableName.valueOf(names.get(0)), Bytes.fromHex(names.get(1)));
          break;
        default:
          throw new IllegalArgumentException(args[0]);
      }
    }
  }

  private static void create(Admin admin, List<String> tables) throws Exception {
    for (String table : tables) {
      String[] parts = table.split("=");
      TableDescriptorBuilder builder = TableDescriptorBuilder.newBuilder(TableName.valueOf(parts[0]));
      Arrays.stream(parts[1].split(",")).forEach(family -> builder.setColumnFamily(
          ColumnFamilyDescriptorBuilder.newBuilder(Bytes.toBytes(family))
              .setMaxVersions(1)
              .setDataBlockEncoding(DataBlockEncoding.DIFF)
              .setBloomFilterType(BloomType.ROW)
              .build()));
      admin.createTable(builder.build());
    }
  }

  private static void split(Admin admin, TableName table, byte[] row) throws Exception {
    // A compaction would make whole files of the references at once.
    admin.compactionSwitch(false, List.of());
    admin.flush(table);
    byte[] region = admin.getRegions(table).get(0).getRegionName();
    admin.splitRegionAsync(region, row).get();
  }
}
