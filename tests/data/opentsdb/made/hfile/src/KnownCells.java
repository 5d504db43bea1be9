import java.nio.ByteBuffer;
import java.util.*;

/** Cells that are known, in the order of a store file, and as lines of text. Knows nothing of HBase. */
final class KnownCells {
  static final class Known {
    byte[] row, qualifier, value;
    long time, sequence;
    int type;
    final List<byte[]> tags = new ArrayList<>(); // type, then data

    String line() {
      StringBuilder tagText = new StringBuilder();
      for (byte[] tag : tags) tagText.append(String.format("%04x", tag.length)).append(hex(tag));
      return String.join("\t", hex(row), "t", hex(qualifier), "" + time, NAMES.get(type), hex(value), tagText, "" + sequence);
    }
  }

  static final byte[] FAMILY = {'t'};
  static final Map<Integer, String> NAMES =
    Map.of(4, "Put", 8, "Delete", 10, "DeleteFamilyVersion", 12, "DeleteColumn", 14, "DeleteFamily");

  static String hex(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (byte b : bytes) text.append(String.format("%02x", b));
    return text.toString();
  }

  /** Rows of several lengths, qualifiers of 0 to 300 bytes, values that repeat, every type, tags and sequences. */
  static List<Known> kinds(int rows, boolean old) {
    Random random = new Random(7);
    TreeMap<String, Known> cells = new TreeMap<>();
    for (int r = 0; r < rows; r++) {
      byte[] row = r % 7 == 3
        ? ("row-" + "x".repeat(r % 5) + r).getBytes()
        : ByteBuffer.allocate(13).put(new byte[] {0, 0, (byte) (1 + r / 9)}).putInt(1_700_000_000 - 1_700_000_000 % 3600 + r % 9 * 3600)
          .put(new byte[] {0, 0, 1, 0, 0, (byte) (r % 4)}).array();
      int[] lengths = r == 5 ? new int[] {0, 1, 126, 127, 128, 300} : new int[] {r % 3, 2, 2, 4};
      for (int length : lengths) {
        byte[] qualifier = new byte[length];
        random.nextBytes(qualifier);
        int versions = 1 + random.nextInt(3);
        for (int v = 0; v < versions; v++) {
          Known cell = new Known();
          cell.row = row;
          cell.qualifier = qualifier;
          cell.time = 1_700_000_000_000L + (random.nextInt(4) == 0 ? random.nextLong() >>> 20 : random.nextInt(1000));
          if (random.nextInt(40) == 0) cell.time = random.nextInt(300);
          int roll = random.nextInt(12);
          cell.type = roll == 0 ? 8 : roll == 1 ? 12 : 4;
          cell.value = cell.type == 4 ? value(random) : new byte[0];
          extras(cell, random);
          add(cells, cell);
        }
      }
      if (r % 8 == 1) {
        Known cell = new Known();
        cell.row = row;
        cell.qualifier = new byte[0];
        cell.value = new byte[0];
        cell.time = 1_700_000_000_500L;
        cell.type = r % 16 == 1 || old ? 14 : 10;
        extras(cell, random);
        add(cells, cell);
      }
    }
    return new ArrayList<>(cells.values());
  }

  /** Small cells with tags that come again, more than a dictionary holds. */
  static List<Known> tagged() {
    Random random = new Random(5);
    TreeMap<String, Known> cells = new TreeMap<>();
    for (int r = 0; r < 420; r++) {
      Known cell = new Known();
      cell.row = String.format("r%03d", r).getBytes();
      cell.qualifier = new byte[] {0, 1};
      cell.time = 1_700_000_000_000L;
      cell.type = 4;
      cell.value = new byte[] {7};
      for (int n = random.nextInt(3); n > 0; n--) {
        int pick = random.nextBoolean() ? random.nextInt(20) : random.nextInt(180);
        cell.tags.add(pick % 7 == 0 ? new byte[] {(byte) (64 + pick % 3)} : ByteBuffer.allocate(9).put((byte) 8).putLong(pick).array());
      }
      add(cells, cell);
    }
    return new ArrayList<>(cells.values());
  }

  private static byte[] value(Random random) {
    switch (random.nextInt(6)) {
      case 0: return new byte[0];
      case 1: return new byte[] {42};
      case 2: return new byte[] {127, -1, -1, -1};
      case 3: return new byte[200];
      default:
        byte[] value = new byte[1 + random.nextInt(9)];
        random.nextBytes(value);
        return value;
    }
  }

  private static void extras(Known cell, Random random) {
    int[] bits = {0, 7, 8, 20, 41};
    int bit = bits[random.nextInt(bits.length)];
    cell.sequence = bit == 0 ? 0 : random.nextLong() >>> (63 - bit);
    if (random.nextInt(3) == 0) cell.tags.add(ByteBuffer.allocate(9).put((byte) 8).putLong(random.nextInt(1 << 30)).array());
    if (random.nextInt(9) == 0) {
      byte[] tag = new byte[1 + random.nextInt(200)];
      random.nextBytes(tag);
      tag[0] = 70;
      cell.tags.add(tag);
    }
  }

  /** Keyed by what a store file is sorted by; a key that is there already stays. */
  private static void add(TreeMap<String, Known> cells, Known cell) {
    String key = hex(cell.row) + "!" + hex(cell.qualifier) + "!"
      + String.format("%016x%02x", Long.MAX_VALUE - cell.time, 255 - cell.type);
    cells.putIfAbsent(key, cell);
  }
}
