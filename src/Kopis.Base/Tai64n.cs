using System.Buffers.Binary;

namespace Kopis.Base;

/// <summary>Times as 24 hexadecimal digits: seconds of TAI above 2⁶², then nanoseconds.</summary>
public static class Tai64n
{
    /// <summary>The number of digits of a label.</summary>
    public const int LabelBytes = 24;

    private const long Epoch = 4611686018427387914; // 1970-01-01 is 10 s of TAI past 2⁶².
    private const int NanosecondsPerTick = 100;

    // The range of calendar dates: the years 1 to 9999.
    private const long SecondsLeast = -62_135_596_800;
    private const long SecondsMost = 253_402_300_799;

    /// <summary>Writes the label of an instant, without the <c>@</c> that precedes it in logs.
    /// </summary>
    public static void Write(Span<byte> label, DateTimeOffset time)
    {
        Span<byte> binary = stackalloc byte[LabelBytes / 2];
        long seconds = time.ToUnixTimeSeconds();
        long ticks = (time - DateTimeOffset.FromUnixTimeSeconds(seconds)).Ticks;
        BinaryPrimitives.WriteInt64BigEndian(binary, Epoch + seconds);
        BinaryPrimitives.WriteUInt32BigEndian(binary[8..], (uint)(ticks * NanosecondsPerTick));
        Convert.TryToHexStringLower(binary, label, out _);
    }

    /// <summary>Reads a label at the start of a text.</summary>
    /// <returns>False if there is no label, or its year is outside the range of dates.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> text, out DateTimeOffset time, out uint nanoseconds)
    {
        time = default;
        nanoseconds = 0;
        Span<byte> binary = stackalloc byte[LabelBytes / 2];
        if (text.Length < LabelBytes
            || Convert.FromHexString(text[..LabelBytes], binary, out _, out _)
                != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        long seconds = unchecked(BinaryPrimitives.ReadInt64BigEndian(binary) - Epoch);
        nanoseconds = BinaryPrimitives.ReadUInt32BigEndian(binary[8..]);
        if (seconds is < SecondsLeast or > SecondsMost || nanoseconds > 999_999_999)
        {
            return false;
        }

        time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return true;
    }
}
