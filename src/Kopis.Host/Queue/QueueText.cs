using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Commands;

namespace Kopis.Host.Queue;

/// <summary>The queue for people: a line for each message, and one or two for each recipient.
/// </summary>
internal sealed class QueueText : IQueueView
{
    private const int FlushBytes = 32 * 1024;
    private const int DateTailBytes = 6; // " -0000"

    private readonly ArrayBufferWriter<byte> _text = new();

    public void Message(ListedMessage message)
    {
        Add($"{Date(message.Born)} GMT  #{message.Number}  <{Safe(message.Sender)}> \n");
        Flush(FlushBytes);
    }

    public void Recipient(ListedRecipient recipient)
    {
        string channel = recipient.IsLocal ? "local" : "remote";
        Add($"\t{channel}\t{Safe(recipient.Address)}\t{WaitsFor(recipient)}\n");
        if (recipient.Via.Length > 0)
        {
            Add($"\t\tvia {Safe(recipient.Via)}\n");
        }

        if (Last(recipient) is { } last)
        {
            Add($"\t\t{last}\n");
        }

        Flush(FlushBytes);
    }

    public void End() => Flush(0);

    /// <summary>Why a recipient is still here.</summary>
    internal static string WaitsFor(ListedRecipient recipient) => recipient.State switch
    {
        ListedState.Waiting when recipient.NextTry > 0 =>
            $"next try {Date(recipient.NextTry)} GMT",
        ListedState.Waiting => "next try when this round is over",
        ListedState.Due => "due: waits for its turn or a free place",
        ListedState.Running => "a delivery runs",
        ListedState.Held => "held",
        ListedState.Done => "done",
        _ => recipient.NextTry > 0 ? $"next try {Date(recipient.NextTry)} GMT or later" : "to do",
    };

    /// <summary>Its last report; null where there was none since the start.</summary>
    internal static string? Last(ListedRecipient recipient) => recipient.Tries == 0
        ? null
        : string.Create(CultureInfo.InvariantCulture,
            $"{recipient.Tries} tries, last {Date(recipient.LastTry)} GMT: ")
            + (recipient.Text.Length > 0 ? Safe(recipient.Text) : "(the report is not kept)");

    internal static string Date(long seconds) => QmailDate.Rfc822(
        DateTimeOffset.FromUnixTimeSeconds(seconds))[..^DateTailBytes];

    /// <summary>A terminal gets nothing but what can be printed.</summary>
    internal static string Safe(ReadOnlySpan<byte> text) => string.Concat(
        ByteText.ToText(text).TrimEnd('\n').Select(c => c is >= ' ' and <= '~' ? c
            : c == '\n' ? '/' : '_'));

    private void Add(FormattableString text) =>
        _text.Write(ByteText.ToBytes(text.ToString(CultureInfo.InvariantCulture)));

    private void Flush(int from)
    {
        if (_text.WrittenCount >= from)
        {
            Fd.WriteAll(1, _text.WrittenSpan);
            _text.ResetWrittenCount();
        }
    }
}
