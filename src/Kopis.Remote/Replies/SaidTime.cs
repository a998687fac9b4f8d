using System.Buffers.Text;
using Kopis.Base;

namespace Kopis.Remote.Replies;

/// <summary>Finds the time after which a reply says that mail may come again: <c>for 300
/// seconds</c>, <c>in 5 minutes</c>, <c>retry in 00:04:30</c>. Pure; reads each byte once.
/// </summary>
internal static class SaidTime
{
    private const int SecondsLeast = 60; // Shorter waits would cost us slots.
    private const int SecondsMost = 86_400; // qmail-send waits no longer.
    private const int DigitsMax = 6;

    /// <summary>The first time that a reply names, in seconds.</summary>
    /// <param name="lower">The reply in lower case.</param>
    /// <returns>0 if it names none, or an invalid one.</returns>
    internal static uint Find(ReadOnlySpan<byte> lower)
    {
        for (int at = 0; at < lower.Length;)
        {
            int start = lower[at..].IndexOfAnyInRange((byte)'0', (byte)'9');
            if (start < 0)
            {
                return 0;
            }

            ReadOnlySpan<byte> number = lower[(at + start)..];
            int end = number.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            end = end < 0 ? number.Length : end;
            at += start + end;
            if (end <= DigitsMax && IsWordStart(lower, at - end)
                && Utf8Parser.TryParse(number[..end], out int count, out _)
                && SecondsOf(count, number[end..]) is var seconds and >= SecondsLeast
                    and <= SecondsMost)
            {
                return (uint)seconds;
            }
        }

        return 0;
    }

    private static bool IsWordStart(ReadOnlySpan<byte> text, int at) =>
        at == 0 || text[at - 1] is (byte)' ' or (byte)'(' or (byte)'\n' or (byte)'=';

    private static long SecondsOf(int count, ReadOnlySpan<byte> rest)
    {
        if (rest is [(byte)':', _, _, (byte)':', _, _, ..]
            && Two(rest[1..]) is { } minutes && Two(rest[4..]) is { } seconds)
        {
            return (count * 3600L) + (minutes * 60) + seconds;
        }

        ReadOnlySpan<byte> unit = rest.TrimStart((byte)' ');
        int end = unit.IndexOfAnyExceptInRange((byte)'a', (byte)'z');
        unit = end < 0 ? unit : unit[..end];
        return count * (ByteText.ToText(unit[..Math.Min(unit.Length, 8)]) switch
        {
            "s" or "sec" or "secs" or "second" or "seconds" => 1L,
            "min" or "mins" or "minute" or "minutes" => 60,
            "h" or "hour" or "hours" => 3600,
            _ => 0,
        });
    }

    private static int? Two(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text[..2], out int number, out int used) && used == 2
            && number is >= 0 and < 60 ? number : null;
}
