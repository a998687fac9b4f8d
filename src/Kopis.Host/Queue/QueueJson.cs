using System.Buffers;
using System.Text;
using System.Text.Json;
using Kopis.Posix;
using Kopis.Queue.Commands;

namespace Kopis.Host.Queue;

/// <summary>The queue for programs: a line of JSON for each message (kopis-queue(1)). Bytes that
/// are not UTF-8 become U+FFFD.</summary>
internal sealed class QueueJson : IQueueView, IDisposable
{
    private const int FlushBytes = 32 * 1024;

    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly Utf8JsonWriter _json;
    private bool _isOpen;

    internal QueueJson() => _json = new Utf8JsonWriter(_text);

    public void Message(ListedMessage message)
    {
        Close();
        _isOpen = true;
        _json.WriteStartObject();
        _json.WriteNumber("message", message.Number);
        _json.WriteNumber("arrived", message.Born);
        _json.WriteNumber("uid", message.Uid);
        _json.WriteString("sender", Text(message.Sender));
        _json.WriteStartArray("recipients");
    }

    public void Recipient(ListedRecipient recipient)
    {
        _json.WriteStartObject();
        _json.WriteString("address", Text(recipient.Address));
        _json.WriteString("channel", recipient.IsLocal ? "local" : "remote");
        _json.WriteString("state", recipient.State switch
        {
            ListedState.Waiting => "waiting",
            ListedState.Due => "due",
            ListedState.Running => "running",
            ListedState.Held => "held",
            ListedState.Done => "done",
            _ => "todo",
        });
        if (recipient.Via.Length > 0)
        {
            _json.WriteString("via", Text(recipient.Via));
        }

        if (recipient.NextTry > 0)
        {
            _json.WriteNumber("next_try", recipient.NextTry);
        }

        if (recipient.Tries > 0)
        {
            _json.WriteNumber("tries", recipient.Tries);
            _json.WriteNumber("last_try", recipient.LastTry);
            _json.WriteString("last_report", Text(recipient.Text));
        }

        _json.WriteEndObject();
        Flush(FlushBytes);
    }

    public void End()
    {
        Close();
        Flush(0);
    }

    public void Dispose() => _json.Dispose();

    /// <summary>What a command came to, as one line.</summary>
    internal static byte[] Of(QueueVerb verb, bool isDry, QueueCounts counts)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("verb", verb.ToString().ToLowerInvariant());
            json.WriteBoolean("dry_run", isDry);
            json.WriteNumber("messages", counts.Messages);
            json.WriteNumber("recipients", counts.Recipients);
            json.WriteNumber("running", counts.Running);
            json.WriteNumber("failed", counts.Failed);
            json.WriteEndObject();
        }

        return [.. text.WrittenSpan, (byte)'\n'];
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private void Close()
    {
        if (_isOpen)
        {
            _json.WriteEndArray();
            _json.WriteEndObject();
            _json.Flush();
            _json.Reset();
            _text.Write("\n"u8);
            _isOpen = false;
        }
    }

    private void Flush(int from)
    {
        _json.Flush();
        if (_text.WrittenCount >= from)
        {
            Fd.WriteAll(1, _text.WrittenSpan);
            _text.ResetWrittenCount();
        }
    }
}
