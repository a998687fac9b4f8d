using System.Buffers.Binary;

namespace Kopis.Posix;

/// <summary>The user's local time, by all forms of TZ; .NET knows only names of zones.</summary>
public static unsafe class LocalTime
{
    private const int TmBytes = 64; // Over glibc's and musl's struct tm (56).
    private const int OffsetOfGmtOff = 40;

    /// <summary>The offset of local time east of UTC at an instant.</summary>
    public static TimeSpan OffsetAt(DateTimeOffset time)
    {
        long seconds = time.ToUnixTimeSeconds();
        byte* tm = stackalloc byte[TmBytes];
        return Native.localtime_r(&seconds, tm) is null
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds(BinaryPrimitives.ReadInt64LittleEndian(
                new ReadOnlySpan<byte>(tm + OffsetOfGmtOff, sizeof(long))));
    }
}
