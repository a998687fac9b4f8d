using System.Buffers;
using Kopis.Base;

namespace Kopis.Queue.Spawn;

/// <summary>What a spawner says of one recipient (contract §6.2).</summary>
/// <param name="Slot">The delivery's slot.</param>
/// <param name="Verdict">Null if the report was mangled: to be tried again.</param>
/// <param name="Text">The report, at most <see cref="TextBytesMax"/> bytes.</param>
public sealed record DeliveryReport(int Slot, Verdict? Verdict, byte[] Text)
{
    /// <summary>Longer reports are cut (contract §0: report cap in qmail-send).</summary>
    public const int TextBytesMax = 10_000;

    /// <summary>Delivered to a server that took over what was said of DSN: letter <c>P</c>, an
    /// answer to the long form of an order only.</summary>
    public bool IsPassedOn { get; init; }

    /// <summary>The recipient's place in the order; in frames only.</summary>
    public int Place { get; init; }

    /// <summary>What is known of the attempt; in frames only, else null.</summary>
    public AttemptDetail? Detail { get; init; }

    /// <summary>Writes a report; NULs in the text, which would end it, are left out.</summary>
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
