using System.Buffers;
using Kopis.Base;

namespace Kopis.Queue.Spawn;

/// <summary>A spawner's report about one recipient (contract §6.2).</summary>
/// <param name="Slot">The delivery's slot.</param>
/// <param name="Verdict">Null if the report was malformed; the recipient is then tried again.
/// </param>
/// <param name="Text">The text, of at most <see cref="TextBytesMax"/> bytes.</param>
public sealed record DeliveryReport(int Slot, Verdict? Verdict, byte[] Text)
{
    /// <summary>Longer texts are cut (contract §0: report cap in qmail-send).</summary>
    public const int TextBytesMax = 10_000;

    /// <summary>Whether it was delivered to a server that took over the DSN requests: letter
    /// <c>P</c>, only in reply to the long form of a command.</summary>
    public bool IsPassedOn { get; init; }

    /// <summary>The recipient's place in the command; only in frames.</summary>
    public int Place { get; init; }

    /// <summary>Details of the attempt; only in frames, else null.</summary>
    public AttemptDetail? Detail { get; init; }

    /// <summary>Writes a report without NULs in its text, since a NUL would end it.</summary>
    public static void Write(
        IBufferWriter<byte> to, byte slot, Outcome outcome, bool isPassedOn = false)
    {
        to.WriteByte(slot);
        to.WriteByte(
            isPassedOn && outcome.Verdict == Base.Verdict.Delivered ? (byte)'P' : outcome.Letter);
        ReadOnlySpan<byte> text = outcome.Text.Span;
        while (!text.IsEmpty)
        {
            int nul = text.IndexOf((byte)0);
            to.Write(nul < 0 ? text : text[..nul]);
            text = nul < 0 ? [] : text[(nul + 1)..];
        }

        to.WriteByte(0);
    }
}
