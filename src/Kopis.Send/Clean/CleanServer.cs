using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Send.Clean;

/// <summary>Removes from queue/mess what qmail-send names as finished. Requests in any other form
/// are refused.</summary>
internal sealed class CleanServer(IFileSystem files, string mess)
{
    private const int RequestBytesMax = 100; // Contract §6.2.
    private const int TooLong = RequestBytesMax + 1;

    private readonly byte[] _request = new byte[TooLong + 1];
    private int _length;

    /// <summary>Handles each request that these bytes complete.</summary>
    internal void Handle(ReadOnlySpan<byte> block, Action<byte> reply)
    {
        foreach (byte b in block)
        {
            if (b != 0)
            {
                _request[_length] = b;
                _length = Math.Min(_length + 1, TooLong);
                continue;
            }

            reply(Answer(_request.AsSpan(0, _length)));
            _length = 0;
        }
    }

    /// <summary>Answers a request: <c>+</c> done, <c>!</c> failed, <c>x</c> not a request.
    /// </summary>
    internal byte Answer(ReadOnlySpan<byte> request)
    {
        try
        {
            return request.Length <= RequestBytesMax && Obey(request) is { } done
                ? (byte)(done ? '+' : '!')
                : (byte)'x';
        }
        catch (IOException)
        {
            return (byte)'!';
        }
    }

    private bool? Obey(ReadOnlySpan<byte> request)
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
            MessStore.RemoveOwnFile(files, mess, numbers[0]);
            return true;
        }

        if (verb.SequenceEqual("segm"u8) && count == 1)
        {
            return MessStore.RemoveSegment(files, mess, numbers[0]);
        }

        return verb.SequenceEqual("hole"u8) && count == 3
            && numbers[1] is >= Holes.BlockBytes and <= long.MaxValue
            && numbers[2] is > 0 and <= long.MaxValue
                ? MessStore.PunchHole(
                    files, mess, numbers[0], (long)numbers[1], (long)numbers[2])
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
