import java.io.*;
import java.util.Arrays;
import org.apache.hadoop.conf.*;
import org.apache.hadoop.io.compress.*;

/** Frames of zstd-jni in Hadoop's blocks, as HBase's own ZstdCodec writes them; its module is not on Maven Central. */
public final class FramedZstd extends Configured implements CompressionCodec {
  private static final int BUFFER = 256 * 1024;

  /** Packs all that it was given when it is told that this is all. */
  public static final class Frames implements Compressor {
    private final ByteArrayOutputStream in = new ByteArrayOutputStream();
    private byte[] packed = new byte[0];
    private int at;
    private boolean finish, finished;

    public void setInput(byte[] bytes, int off, int len) { in.write(bytes, off, len); finished = false; }
    public boolean needsInput() { return !finished(); }
    public void setDictionary(byte[] bytes, int off, int len) { throw new UnsupportedOperationException(); }
    public long getBytesRead() { return in.size(); }
    public long getBytesWritten() { return packed.length; }
    public void finish() { finish = true; }
    public boolean finished() { return finished && at == packed.length; }
    public int compress(byte[] to, int off, int len) {
      if (at == packed.length && finish && !finished) {
        packed = in.size() == 0 ? new byte[0] : com.github.luben.zstd.Zstd.compress(in.toByteArray(), 3);
        at = 0;
        in.reset();
        finished = true;
      }
      int count = Math.min(len, packed.length - at);
      System.arraycopy(packed, at, to, off, count);
      at += count;
      return count;
    }
    public void reset() { in.reset(); packed = new byte[0]; at = 0; finish = finished = false; }
    public void end() { }
    public void reinit(Configuration conf) { reset(); }
  }

  /** HBase opens what it wrote, to count. */
  public static final class Unframes implements Decompressor {
    private byte[] plain = new byte[0];
    private int at;
    private boolean finished;

    public void setInput(byte[] bytes, int off, int len) {
      byte[] frame = Arrays.copyOfRange(bytes, off, off + len);
      plain = com.github.luben.zstd.Zstd.decompress(frame, (int) com.github.luben.zstd.Zstd.decompressedSize(frame));
      at = 0;
      finished = false;
    }
    public boolean needsInput() { return at == plain.length; }
    public void setDictionary(byte[] bytes, int off, int len) { throw new UnsupportedOperationException(); }
    public boolean needsDictionary() { return false; }
    public boolean finished() { return finished; }
    public int decompress(byte[] to, int off, int len) {
      int count = Math.min(len, plain.length - at);
      System.arraycopy(plain, at, to, off, count);
      at += count;
      finished = count == 0;
      return count;
    }
    public int getRemaining() { return 0; }
    public void reset() { plain = new byte[0]; at = 0; finished = false; }
    public void end() { }
  }

  public CompressionOutputStream createOutputStream(OutputStream out) { return createOutputStream(out, createCompressor()); }
  public CompressionOutputStream createOutputStream(OutputStream out, Compressor compressor) {
    return new BlockCompressorStream(out, compressor, BUFFER, (int) com.github.luben.zstd.Zstd.compressBound(BUFFER) - BUFFER);
  }
  public Class<? extends Compressor> getCompressorType() { return Frames.class; }
  public Compressor createCompressor() { return new Frames(); }
  public CompressionInputStream createInputStream(InputStream in) throws IOException { return createInputStream(in, createDecompressor()); }
  public CompressionInputStream createInputStream(InputStream in, Decompressor decompressor) throws IOException {
    return new BlockDecompressorStream(in, decompressor, BUFFER);
  }
  public Class<? extends Decompressor> getDecompressorType() { return Unframes.class; }
  public Decompressor createDecompressor() { return new Unframes(); }
  public String getDefaultExtension() { return ".zst"; }
}
