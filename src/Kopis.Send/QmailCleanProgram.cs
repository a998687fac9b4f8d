using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// <c>qmail-clean</c>: removes from queue/mess what qmail-send names as finished, and nothing that
/// is not of the one right form (docs/ARCHITECTURE.md). fd 0 requests, fd 1 replies.
/// </summary>
public static class QmailCleanProgram
{
    private const int RequestBytesMax = 100; // Contract §6.2.

    /// <summary>Runs until the end of its input.</summary>
    public static int Run(ProgramContext context)
    {
        Lifeline.Watch(context);
        string mess = context.In("queue/mess");
        const int tooLong = RequestBytesMax + 1;
        byte[] request = new byte[tooLong + 1];
        byte[] block = new byte[4096];
        int length = 0;
        int got;
        while ((got = Fd.Read(0, block)) > 0)
        {
            foreach (byte b in block.AsSpan(0, got))
            {
                if (b != 0)
                {
                    request[length] = b;
                    length = Math.Min(length + 1, tooLong);
                    continue;
                }

                Fd.WriteAll(1, [Answer(mess, request.AsSpan(0, length))]);
                length = 0;
            }
        }

        return ExitCode.Success;
    }

    /// <summary><c>+</c> done, <c>!</c> could not, <c>x</c> no such request.</summary>
    internal static byte Answer(string mess, ReadOnlySpan<byte> request)
    {
        try
        {
            return request.Length <= RequestBytesMax && Obey(mess, request) is { } done
                ? (byte)(done ? '+' : '!')
                : (byte)'x';
        }
        catch (IOException)
        {
            return (byte)'!';
        }
    }

    private static bool? Obey(string mess, ReadOnlySpan<byte> request)
    {
        if (request.Length < 6 || request[4] != (byte)'/')
        {
            return null;
        }

        Span<Range> parts = stackalloc Range[4];
        ReadOnlySpan<byte> rest = request[5..];
        int count = Split(rest, parts);
        Span<ulong> numbers = stackalloc ulong[3];
        for (int i = 0; i < count; i++)
        {
            if (i >= numbers.Length || !MessageNumber.TryParse(rest[parts[i]], out numbers[i]))
            {
                return null;
            }
        }

        ReadOnlySpan<byte> verb = request[..4];
        if (verb.SequenceEqual("foop"u8) && count == 1)
        {
            MessStore.RemoveOwnFile(mess, numbers[0]);
            return true;
        }

        if (verb.SequenceEqual("segm"u8) && count == 1)
        {
            return MessStore.RemoveSegment(mess, numbers[0]);
        }

        return verb.SequenceEqual("hole"u8) && count == 3
            && numbers[1] is >= Holes.BlockBytes and <= long.MaxValue
            && numbers[2] is > 0 and <= long.MaxValue
                ? MessStore.PunchHole(mess, numbers[0], (long)numbers[1], (long)numbers[2])
                : null;
    }

    private static int Split(ReadOnlySpan<byte> text, Span<Range> parts)
    {
        int count = 0;
        int start = 0;
        for (int i = 0; i <= text.Length && count < parts.Length; i++)
        {
            if (i == text.Length || text[i] == (byte)'/')
            {
                parts[count++] = start..i;
                start = i + 1;
            }
        }

        return count;
    }
}
