using System.Buffers;
using System.IO.Pipelines;
using Kopis.Mail;
using Kopis.Net;
using Kopis.Queue;

namespace Kopis.Receive;

/// <summary>
/// The data of one message on its way from the client to the queue, by DATA or by any number of
/// chunks. Disposed before its end, it queues nothing.
/// </summary>
/// <param name="upload">Has our own lines already.</param>
/// <param name="bytesMax">The most it may have as stored; zero for no limit.</param>
internal sealed class SmtpMessage(MessageUpload upload, long bytesMax) : IAsyncDisposable
{
    // Each time this much has come the client has another timeoutsmtpd; a byte a second is not
    // enough with the default of 1200 s, and the slowest modem is.
    internal const int ProgressBytes = 4096;

    private readonly SmtpDataDecoder _decoder = new();
    private readonly SmtpChunkDecoder _chunks = new();
    private readonly HopCounter _hops = new();
    private long _size; // Bytes as stored, without our Received line.

    /// <summary>The refusal in the queue program's own words, where it has some.</summary>
    internal string? CustomText => upload.CustomText;

    private bool IsTooBig => bytesMax > 0 && _size > bytesMax;

    private bool IsUnwanted => IsTooBig || _hops.Count >= SmtpLimits.HopsLimit;

    /// <summary>Reads to the dot line; what follows it stays in the connection.</summary>
    internal async Task<SmtpMessageEnd> ReadAsync(Connection connection, TimeSpan timeout)
    {
        connection.SetDeadline(timeout);
        long progress = 0;
        while (true)
        {
            if (await connection.TryReadAsync() is not { } read)
            {
                return connection.IsTimedOut ? SmtpMessageEnd.TimedOut : SmtpMessageEnd.Broken;
            }

            ReadOnlySequence<byte> rest = read.Buffer;
            SmtpDataStatus status;
            while ((status = Decode(ref rest)) == SmtpDataStatus.More && !rest.IsEmpty)
            {
                await SendBlockAsync();
            }

            progress += read.Buffer.Length - rest.Length;
            connection.Input.AdvanceTo(rest.Start);
            if (status != SmtpDataStatus.More)
            {
                return status == SmtpDataStatus.End ? Judge() : SmtpMessageEnd.StrayLineEnd;
            }

            if (read.IsCompleted)
            {
                return SmtpMessageEnd.Broken;
            }

            if (progress >= ProgressBytes)
            {
                connection.SetDeadline(timeout);
                progress = 0;
            }
        }
    }

    /// <summary>Reads one chunk; what follows it stays in the connection.</summary>
    internal async Task<SmtpMessageEnd> ReadChunkAsync(
        Connection connection, SmtpChunk chunk, TimeSpan timeout)
    {
        SmtpChunkInput input = new(connection, chunk.Size, timeout);
        while (await input.ReadAsync() is { } piece)
        {
            ReadOnlySequence<byte> rest = piece;
            while (!rest.IsEmpty)
            {
                if (!TryDecodeChunk(ref rest))
                {
                    return SmtpMessageEnd.StrayLineEnd;
                }

                if (upload.Block.Free == 0)
                {
                    await SendBlockAsync();
                }
            }

            input.Advance();
        }

        return input.Failure is { } failure ? failure
            : chunk.IsLast && _chunks.IsInLineEnd ? SmtpMessageEnd.StrayLineEnd
            : Judge();
    }

    /// <summary>Hands over what is left and the envelope.</summary>
    /// <returns>The queue's answer; null where it could not even be asked.</returns>
    internal Task<QueueReply?> FinishAsync(byte[] envelope) => upload.FinishAsync(envelope);

    public ValueTask DisposeAsync() => upload.DisposeAsync();

    private SmtpMessageEnd Judge() =>
        _hops.Count >= SmtpLimits.HopsLimit ? SmtpMessageEnd.Looping
        : IsTooBig ? SmtpMessageEnd.TooBig
        : SmtpMessageEnd.Whole;

    // Stops when the block is full: then something is left, and the status is More.
    private SmtpDataStatus Decode(ref ReadOnlySequence<byte> rest)
    {
        MessageBlock block = upload.Block;
        SmtpDataStatus status = SmtpDataStatus.More;
        while (status == SmtpDataStatus.More && !rest.IsEmpty && block.Free > 0)
        {
            ReadOnlySpan<byte> piece = rest.FirstSpan;
            piece = piece[..Math.Min(piece.Length, block.Free)];
            int before = block.Written.Length;
            status = _decoder.Decode(piece, block, out int used);
            ReadOnlySpan<byte> stored = block.Written.Span[before..];
            _hops.Append(stored);
            _size += stored.Length;
            rest = rest.Slice(used);
        }

        return status;
    }

    // The rest of one that is unwanted is read all the same: the client listens only after its dot
    // line.
    private ValueTask SendBlockAsync() =>
        IsUnwanted ? upload.AbandonAsync() : upload.SendBlockAsync();

    private bool TryDecodeChunk(ref ReadOnlySequence<byte> rest)
    {
        ReadOnlySpan<byte> piece = rest.FirstSpan;
        piece = piece[..Math.Min(piece.Length, upload.Block.Free)];
        int before = upload.Block.Written.Length;
        bool sound = _chunks.TryDecode(piece, upload.Block);
        ReadOnlySpan<byte> stored = upload.Block.Written.Span[before..];
        _hops.Append(stored);
        _size += stored.Length;
        rest = rest.Slice(piece.Length);
        return sound;
    }
}
