using System.Buffers;
using System.IO.Pipelines;
using Kopis.Mail;
using Kopis.Net;
using Kopis.Queue;

namespace Kopis.Receive;

/// <summary>
/// The data of one message on its way from the client to the queue, in blocks. A message that fits
/// one block asks for the queue only at its end, so that slow clients do not hold the queue's
/// connections. Disposed before its end, it queues nothing.
/// </summary>
internal sealed class SmtpMessage(ISubmissionClient queue, long bytesMax) : IAsyncDisposable
{
    // Each time this much has come the client has another timeoutsmtpd; a byte a second is not
    // enough with the default of 1200 s, and the slowest modem is.
    private const int ProgressBytes = 4096;

    private readonly SmtpDataDecoder _decoder = new();
    private readonly HopCounter _hops = new();
    private readonly MessageBlock _block = new();
    private ISubmission? _submission;
    private bool _noQueue;
    private long _size; // Bytes as stored, without our Received line.

    /// <summary>Where our own lines are written before the data is read.</summary>
    internal IBufferWriter<byte> Head => _block;

    /// <summary>The refusal in the queue program's own words, where it has some.</summary>
    internal string? CustomText => _submission?.CustomText;

    private bool IsTooBig => bytesMax > 0 && _size > bytesMax;

    private bool IsUnwanted => IsTooBig || _hops.Count >= SmtpLimits.HopsLimit || _noQueue;

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

    /// <summary>Hands over what is left and the envelope.</summary>
    /// <returns>The queue's answer; null where it could not even be asked.</returns>
    /// <remarks>Nothing cuts this wait short: a client that is told nothing sends again what was
    /// queued.</remarks>
    internal async Task<QueueReply?> FinishAsync(byte[] envelope)
    {
        await SendBlockAsync();
        return _submission is null
            ? null
            : await _submission.FinishAsync(envelope, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        _block.Dispose();
        await AbandonAsync();
    }

    private SmtpMessageEnd Judge() =>
        _hops.Count >= SmtpLimits.HopsLimit ? SmtpMessageEnd.Looping
        : IsTooBig ? SmtpMessageEnd.TooBig
        : SmtpMessageEnd.Whole;

    // Stops when the block is full: then something is left, and the status is More.
    private SmtpDataStatus Decode(ref ReadOnlySequence<byte> rest)
    {
        SmtpDataStatus status = SmtpDataStatus.More;
        while (status == SmtpDataStatus.More && !rest.IsEmpty && _block.Free > 0)
        {
            ReadOnlySpan<byte> piece = rest.FirstSpan;
            piece = piece[..Math.Min(piece.Length, _block.Free)];
            int before = _block.Written.Length;
            status = _decoder.Decode(piece, _block, out int used);
            ReadOnlySpan<byte> stored = _block.Written.Span[before..];
            _hops.Append(stored);
            _size += stored.Length;
            rest = rest.Slice(used);
        }

        return status;
    }

    private async ValueTask SendBlockAsync()
    {
        if (IsUnwanted)
        {
            // The rest is read all the same: the client listens only after its dot line.
            await AbandonAsync();
        }
        else
        {
            try
            {
                _submission ??= await queue.BeginAsync(
                    MessageOrigin.Network, qp: 0, CancellationToken.None);
                await _submission.WriteAsync(_block.Written, CancellationToken.None);
            }
            catch (IOException)
            {
                _noQueue = true;
                await AbandonAsync();
            }
        }

        _block.Clear();
    }

    private async ValueTask AbandonAsync()
    {
        if (_submission is not null)
        {
            await _submission.DisposeAsync();
            _submission = null;
        }
    }
}
