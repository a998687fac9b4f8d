using System.Text;
using Kopis.Queue.Store.Messages;

namespace Kopis.Send.Tests;

/// <summary>A message of the simulated store, and what truly became of it.</summary>
internal sealed record StoredMessage(ulong Number, long Born, string Sender, string[] Recipients)
{
    /// <summary>Who queued it.</summary>
    internal uint Uid { get; init; }

    /// <summary>Who submitted it over the network.</summary>
    internal uint Client { get; init; }

    /// <summary>Addresses that a spawner delivered to, reported or not.</summary>
    internal HashSet<string> Delivered { get; } = [];

    /// <summary>Addresses that stood in a bounce that was queued, or rightly discarded.</summary>
    internal HashSet<string> Bounced { get; } = [];

    /// <summary>Addresses whose success or failure qmail-send was told of.</summary>
    internal HashSet<string> Reported { get; } = [];

    /// <summary>Addresses that a command has removed, or may have.</summary>
    internal HashSet<string> Removed { get; } = [];

    /// <summary>Of these, those whose mark survives any crash.</summary>
    internal HashSet<string> MarkedDurably { get; } = [];

    /// <summary>Each recipient was delivered or bounced: it may leave (invariant 2).</summary>
    internal bool IsAccountedFor => Array.TrueForAll(
        Recipients, recipient => Delivered.Contains(recipient) || Bounced.Contains(recipient)
            || Removed.Contains(recipient));

    /// <summary>The log says that it ended.</summary>
    internal bool IsEnded { get; private set; }

    /// <summary>Takes the log's word, and checks it.</summary>
    internal void End()
    {
        Assert.False(IsEnded, $"msg {Number} ended twice");
        Assert.True(IsAccountedFor, $"msg {Number} ended early");
        IsEnded = true;
    }

    internal Envelope Envelope => new(Kopis.Queue.Store.Messages.Envelope.Format(
        Encoding.Latin1.GetBytes(Sender),
        Recipients.Select(r => (ReadOnlyMemory<byte>)Encoding.Latin1.GetBytes(r))));

    /// <summary>As the store's reader gives it.</summary>
    internal ArrivedMessage Arrived(int recordBytes, int envelopeBytesMax)
    {
        Envelope envelope = Envelope;
        bool isWhole = envelope.Bytes.Length <= envelopeBytesMax;
        return new(
            Number, Born, Bytes: 226, Qp: 19002, Uid, HasOwnFile: Number % 3 == 0,
            MessageNumber.Offset(Number) + recordBytes,
            isWhole ? envelope : new Envelope(
                Kopis.Queue.Store.Messages.Envelope.Format(envelope.Sender.Span, [])))
        {
            UnreadEnvelopeBytes = isWhole ? 0 : envelope.Bytes.Length,
            Client = Client,
        };
    }
}
