import java.util.Arrays;
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
 * Creates tables as OpenTSDB's create_table.sh does: `Tables NAME=FAMILY,FAMILY ...`.
 *
 * The client waits by itself until the master is ready; who calls this sets the limit.
 */
public class Tables {
  public static void main(String[] tables) throws Exception {
    try (Connection connection = ConnectionFactory.createConnection(HBaseConfiguration.create());
        Admin admin = connection.getAdmin()) {
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
  }
}
