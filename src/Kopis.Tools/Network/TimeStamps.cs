using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary><c>tai64n</c> and <c>tai64nlocal</c>: put times before the lines of a log, and make
/// them readable (daemontools).</summary>
public static class TimeStamps
{
    private const string LocalForm = "yyyy-MM-dd HH:mm:ss";

    /// <summary><c>tai64n</c>: puts before each line the time at which it began.</summary>
    public static int Tai64N(ProgramContext context) => Copy(Stamp(TimeProvider.System));

    /// <summary><c>tai64nlocal</c>: converts such times to local time.</summary>
    public static int Tai64NLocal(ProgramContext context) => Copy(Localize());

    /// <summary>Adds times to lines. Blocks may begin and end anywhere.</summary>
    internal static LineEnds.Transform Stamp(TimeProvider time)
    {
        bool atStart = true;
        return (block, to) =>
        {
            while (!block.IsEmpty)
            {
                if (atStart)
                {
                    Span<byte> label = to.GetSpan(Tai64n.LabelBytes + 2);
                    label[0] = (byte)'@';
                    Tai64n.Write(label.Slice(1, Tai64n.LabelBytes), time.GetUtcNow());
                    label[Tai64n.LabelBytes + 1] = (byte)' ';
                    to.Advance(Tai64n.LabelBytes + 2);
                }

                int end = block.IndexOf((byte)'\n');
                atStart = end >= 0;
                ReadOnlySpan<byte> piece = atStart ? block[..(end + 1)] : block;
                to.Write(piece);
                block = block[piece.Length..];
            }
        };
    }

    /// <summary>Converts times to local time; text that only resembles one stays unchanged. Blocks
    /// may begin and end anywhere; an empty one is the end.</summary>
    internal static LineEnds.Transform Localize()
    {
        List<byte> head = []; // A line's start, until it is long enough to check.
        bool inLine = false;
        return (block, to) =>
        {
            if (block.IsEmpty)
            {
                to.Write(head.ToArray());
                head.Clear();
            }

            while (!block.IsEmpty)
            {
                int end = block.IndexOf((byte)'\n');
                ReadOnlySpan<byte> piece = end < 0 ? block : block[..(end + 1)];
                block = block[piece.Length..];
                if (inLine)
                {
                    to.Write(piece);
                    inLine = end < 0;
                    continue;
                }

                head.AddRange(piece);
                if (end >= 0 || head[0] != (byte)'@' || head.Count > Tai64n.LabelBytes)
                {
                    WriteHead(to, head.ToArray());
                    head.Clear();
                    inLine = end < 0;
                }
            }
        };
    }

    private static void WriteHead(IBufferWriter<byte> to, ReadOnlySpan<byte> head)
    {
        if (head[0] == (byte)'@'
            && Tai64n.TryRead(head[1..], out DateTimeOffset time, out uint nanoseconds))
        {
            DateTimeOffset local = time.ToOffset(LocalTime.OffsetAt(time));
            to.Write(ByteText.ToBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"{local.ToString(LocalForm, CultureInfo.InvariantCulture)}.{nanoseconds:d9}")));
            head = head[(Tai64n.LabelBytes + 1)..];
        }

        to.Write(head);
    }

    private static int Copy(LineEnds.Transform transform)
    {
        try
        {
            return LineEnds.Copy(0, 1, transform);
        }
        catch (ConfigurationException)
        {
            return ExitCode.Temporary; // Silent: its log may be broken.
        }
    }
}
