using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Kopis.Base;
using Kopis.Queue.Store.State;

namespace Kopis.Queue.Spawn;

/// <summary>
/// Writes the frames between our qmail-send and our qmail-rspawn (docs/SENDING.md, Frames). Each is
/// a u32 length of what follows, a u8 type, and a body; numbers are little-endian. Readers:
/// <see cref="WideOrderReader"/>, <see cref="WideReplyReader"/>.
/// </summary>
public static class WideFrames
{
    /// <summary>The spawner's first byte. A u32 with the number of deliveries that it can run
    /// follows.</summary>
    public const byte Greeting = 255;

    /// <summary>The most deliveries at once.</summary>
    public const int SlotsMax = 10_000;

    /// <summary>The longest name of a destination.</summary>
    public const int DestinationBytesMax = 255;

    /// <summary>The shortest and the longest time for which an answer is valid.</summary>
    public const uint SecondsMin = 60, SecondsMax = 3600;

    // Path, sender, parameters, and two fields for each recipient, each with a NUL.
    internal const int OrderBytesMax = 8 + 1 + StateRoutes.TextBytesMax
        + ((5 + (2 * DeliveryCommand.BatchMax)) * (DeliveryCommand.FieldBytesMax + 1));

    // Four numbers, the fixed part of the detail, four texts, and the text of the report.
    internal const int ReplyBytesMax = 8 + DetailFixedBytes
        + (4 * (1 + AttemptDetail.TextBytesMax)) + DeliveryReport.TextBytesMax;

    internal const int DetailFixedBytes = 16;
    internal const byte Order = (byte)'D', Question = (byte)'Q', Report = (byte)'R';
    internal const byte Answer = (byte)'A', RoutedOrder = (byte)'V';

    /// <summary>Writes the spawner's greeting.</summary>
    public static void WriteGreeting(IBufferWriter<byte> to, int slots)
    {
        to.WriteByte(Greeting);
        Put32(to, (uint)slots);
    }

    /// <summary>Writes an order.</summary>
    /// <param name="to">Gets the frame.</param>
    /// <param name="slot">The delivery's slot.</param>
    /// <param name="command">What <see cref="DeliveryCommand"/> wrote. The slot byte in it is
    /// ignored.</param>
    /// <param name="route">The route; null: the usual one.</param>
    public static void WriteOrder(
        IBufferWriter<byte> to, int slot, ReadOnlySpan<byte> command, byte[]? route = null)
    {
        int bytes = 4 + command.Length - 1;
        Start(to, route is null ? Order : RoutedOrder, bytes + (route?.Length + 1 ?? 0));
        Put32(to, (uint)slot);
        if (route is not null)
        {
            to.WriteByte((byte)route.Length);
            to.Write(route);
        }

        to.Write(command[1..]);
    }

    /// <summary>Writes a question: which destination has a domain's mail?</summary>
    public static void WriteQuestion(
        IBufferWriter<byte> to, uint id, ReadOnlySpan<byte> domain, ReadOnlySpan<byte> sender)
    {
        Start(to, Question, 4 + domain.Length + 1 + sender.Length + 1);
        Put32(to, id);
        to.Write(domain);
        to.WriteByte(0);
        to.Write(sender);
        to.WriteByte(0);
    }

    /// <summary>Writes a report about one recipient. NULs in the text, and what exceeds the length
    /// of a report, are left out.</summary>
    public static void WriteReport(
        IBufferWriter<byte> to, int slot, int place, Outcome outcome, bool isPassedOn,
        AttemptDetail detail)
    {
        byte[] text = outcome.Text.Span.Contains((byte)0)
            ? [.. outcome.Text.ToArray().Where(one => one != 0)] : outcome.Text.ToArray();
        text = text[..Math.Min(text.Length, DeliveryReport.TextBytesMax)];
        string[] texts =
            [detail.Host, detail.Address, detail.TlsVersion, detail.EnhancedStatus];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = Clean(texts[i]);
        }

        Start(to, Report, 7 + DetailFixedBytes + texts.Sum(one => 1 + one.Length) + text.Length);
        Put32(to, (uint)slot);
        Put16(to, (ushort)place);
        to.WriteByte(isPassedOn && outcome.Verdict == Verdict.Delivered
            ? (byte)'P' : outcome.Letter);
        to.WriteByte((byte)detail.Class);
        to.WriteByte((byte)detail.Stage);
        Put16(to, detail.Code);
        Put32(to, detail.Milliseconds);
        to.WriteByte((byte)detail.Flags);
        to.WriteByte((byte)detail.Action);
        Put32(to, detail.ActionSeconds);
        Put16(to, detail.ActionValue);
        foreach (string one in texts)
        {
            to.WriteByte((byte)one.Length);
            to.Write(Encoding.ASCII.GetBytes(one));
        }

        to.Write(text);
    }

    /// <summary>Writes the answer to a question.</summary>
    public static void WriteAnswer(IBufferWriter<byte> to, WideAnswer answer)
    {
        Start(to, Answer, 9 + answer.Destination.Length);
        Put32(to, answer.Id);
        to.WriteByte(answer.DependsOnSender ? (byte)1 : (byte)0);
        Put32(to, Math.Clamp(answer.Seconds, SecondsMin, SecondsMax));
        to.Write(Encoding.ASCII.GetBytes(answer.Destination));
    }

    private static void Start(IBufferWriter<byte> to, byte type, int bodyBytes)
    {
        Put32(to, (uint)(1 + bodyBytes));
        to.WriteByte(type);
    }

    private static string Clean(string text)
    {
        text = text.Length > AttemptDetail.TextBytesMax
            ? text[..AttemptDetail.TextBytesMax] : text;
        return text.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? string.Concat(text.Select(one => one is >= '!' and <= '~' ? one : '?')) : text;
    }

    private static void Put32(IBufferWriter<byte> to, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to.GetSpan(4), value);
        to.Advance(4);
    }

    private static void Put16(IBufferWriter<byte> to, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to.GetSpan(2), value);
        to.Advance(2);
    }
}
