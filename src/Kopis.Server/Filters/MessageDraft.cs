using System.Buffers;
using Kopis.Mail.Filtering;

namespace Kopis.Server.Filters;

/// <summary>A whole message between its filters: a header that can be changed, and the body as it
/// was held.</summary>
internal sealed class MessageDraft : IDisposable
{
    private readonly HeldBytes _message;
    private HeldBytes? _otherBody;
    private long _bodyStart;

    private MessageDraft(HeldBytes message, EditableHeader header, long bodyStart)
    {
        _message = message;
        Header = header;
        _bodyStart = bodyStart;
    }

    /// <summary>The header.</summary>
    internal EditableHeader Header { get; }

    /// <summary>The bytes that contain the body, and where in them it begins.</summary>
    internal (HeldBytes Bytes, long Start) Body => (_otherBody ?? _message, _bodyStart);

    /// <summary>Reads the header of a message.</summary>
    /// <param name="message">The message, which the caller disposes.</param>
    /// <param name="start">Where it begins, after our own lines.</param>
    /// <returns>Null if the header is too long.</returns>
    internal static async ValueTask<MessageDraft?> ReadAsync(HeldBytes message, int start)
    {
        int most = (int)Math.Min(message.Length - start, EditableHeader.BytesMax);
        byte[] beginning = ArrayPool<byte>.Shared.Rent(Math.Max(1, most));
        try
        {
            int got = await message.ReadAsync(start, beginning.AsMemory(0, most));
            EditableHeader? header = EditableHeader.Parse(
                beginning.AsSpan(0, got), isAll: start + got >= message.Length);
            return header is null ? null
                : new MessageDraft(message, header, start + header.BodyStart);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(beginning);
        }
    }

    /// <summary>Applies a filter's changes.</summary>
    internal void Apply(MessageChanges changes, HeldBytes? body)
    {
        foreach (FieldEdit edit in changes.Fields)
        {
            Header.Apply(edit);
        }

        if (body is not null)
        {
            _otherBody?.Dispose();
            (_otherBody, _bodyStart) = (body, 0);
            Header.End();
        }
    }

    /// <summary>Writes the present message: header, then body.</summary>
    internal async ValueTask WriteAsync(Func<ReadOnlyMemory<byte>, ValueTask> write)
    {
        ArrayBufferWriter<byte> header = new();
        Header.Write(header);
        for (int at = 0; at < header.WrittenCount; at += MessageUpload.BlockBytesMax)
        {
            await write(header.WrittenMemory.Slice(
                at, Math.Min(MessageUpload.BlockBytesMax, header.WrittenCount - at)));
        }

        (HeldBytes bytes, long place) = Body;
        byte[] block = ArrayPool<byte>.Shared.Rent(MessageUpload.BlockBytesMax);
        try
        {
            int got;
            while ((got = await bytes.ReadAsync(
                place, block.AsMemory(0, MessageUpload.BlockBytesMax))) > 0)
            {
                await write(block.AsMemory(0, got));
                place += got;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _otherBody?.Dispose();
}
