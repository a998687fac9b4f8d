using System.Buffers.Binary;

namespace Kopis.Posix;

/// <summary>The user's time, by TZ in all its forms: .NET knows names of zones only.</summary>
public static unsafe class LocalTime
{
    private const int TmBytes = 64; // Over glibc's and musl's struct tm (56).
    private const int OffsetOfGmtOff = 40;

    /// <summary>How far east of UTC local time is at an instant.</summary>
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
