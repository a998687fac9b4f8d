using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Header;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Queue.Intake;
using Kopis.Server.Checks;
using Kopis.Server.Filters;

namespace Kopis.Server.Smtp;

/// <summary>The data of one message on its way from the client to the queue, by DATA or by any
/// number of chunks. If it is disposed before its end, nothing is queued.</summary>
/// <param name="upload">The way to the queue, which already has our own lines; null for chunks that
/// are read and dropped.</param>
/// <param name="bytesMax">The largest size as stored; zero for no limit.</param>
/// <param name="loops">Whether its recipients already had it; null: no check.</param>
internal sealed class SmtpMessage(MessageUpload? upload, long bytesMax, LoopCheck? loops)
    : IAsyncDisposable
{
    // Each time this many bytes have arrived, the client gets another timeoutsmtpd. With the
    // default of 1200 s, a byte a second is too slow, and the slowest modem is fast enough.
    internal const int ProgressBytes = 4096;

    private readonly SmtpDataDecoder _decoder = new();
    private readonly SmtpChunkDecoder _chunks = new();
    private readonly HopCounter _hops = new(loops is null ? null : loops.OnDelivered);
    private readonly PooledBuffer _unfiltered = new();
    private long _size; // Bytes as stored, without our Received line.
    private bool _isBegun;

    /// <summary>Reads the message for checks; null: no checks.</summary>
    internal MessageChecks? Checks { get; init; }

    /// <summary>Removes forged results; null if nothing, or nothing more, is to be removed.
    /// </summary>
    internal ForgedResultsFilter? Filter { get; set; }

    /// <summary>Holds it for its filters; null if there are none.</summary>
    internal FilteredIntake? Held { get; init; }

    /// <summary>Lets it into the queue only while its login is valid.</summary>
    internal LoginIntake? Queue { get; init; }

    /// <summary>Whether it was not queued because its login was no longer valid at its end.
    /// </summary>
    internal bool IsOver => Queue is { IsRefused: true };

    /// <summary>Whether header fields come right before it, which its first line must not continue.
    /// </summary>
    internal bool IsAfterFields { get; init; }

    /// <summary>The refusal in the queue program's own words, if it has given one.</summary>
    internal string? CustomText => upload?.CustomText;

    /// <summary>The bytes of the message as they came, apart from line ends.</summary>
    internal long Size => _size;

    /// <summary>The fields that identify the message.</summary>
    internal MessageNames Names { get; } = new();

    private bool IsTooBig => bytesMax > 0 && _size > bytesMax;

    private bool IsLooping =>
        _hops.Count >= SmtpLimits.HopsLimit || loops is { IsForNobody: true };

    private bool IsUnwanted => IsTooBig || IsLooping;

    /// <summary>See <see cref="LoopCheck.Silence"/>.</summary>
    /// <param name="isStrangers">Whether the sender is a stranger; otherwise nothing is done.
    /// </param>
    internal void SilenceLoops(bool isStrangers)
    {
        if (isStrangers)
        {
            loops?.Silence();
        }
    }

    /// <summary>Reads until the line with the dot, or one chunk. What follows stays in the
    /// connection.</summary>
    internal async Task<SmtpMessageEnd> ReadAsync(
        Connection connection, SmtpChunk? chunk, TimeSpan timeout)
    {
        connection.SetDeadline(timeout);
        long left = chunk?.Size ?? long.MaxValue;
        long progress = 0;
        while (left > 0)
        {
            if (await connection.TryConverseAsync() is not { } read)
            {
                return connection.IsTimedOut ? SmtpMessageEnd.TimedOut : SmtpMessageEnd.Broken;
            }

            ReadOnlySequence<byte> rest =
                read.Buffer.Slice(0, Math.Min(read.Buffer.Length, left));
            long here = rest.Length;
            SmtpDataStatus status;
            while ((status = Decode(ref rest, chunk is not null)) == SmtpDataStatus.More
                && !rest.IsEmpty)
            {
                await SendBlockAsync();
            }

            long taken = here - rest.Length;
            (left, progress) = (left - taken, progress + taken);
            connection.Input.AdvanceTo(rest.Start);
            if (status != SmtpDataStatus.More)
            {
                return status == SmtpDataStatus.End ? Judge() : SmtpMessageEnd.StrayLineEnd;
            }

            if (read.IsCompleted && left > 0)
            {
                return SmtpMessageEnd.Broken;
            }

            if (progress >= ProgressBytes)
            {
                connection.SetDeadline(timeout);
                progress = 0;
            }
        }

        return chunk is { IsLast: true } && _chunks.IsInLineEnd
            ? SmtpMessageEnd.StrayLineEnd : Judge();
    }

    /// <summary>Sends the rest, and the envelope.</summary>
    /// <returns>The queue's reply; null if the queue could not be reached.</returns>
    internal Task<QueueReply?> FinishAsync(byte[] envelope, byte[] head)
    {
        Names.End();
        Filter?.End(upload!.Block);
        return upload!.FinishAsync(envelope, head);
    }

    public ValueTask DisposeAsync()
    {
        Checks?.Dispose();
        _unfiltered.Dispose();
        return upload?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private SmtpMessageEnd Judge() =>
        IsLooping ? SmtpMessageEnd.Looping
        : IsTooBig ? SmtpMessageEnd.TooBig
        : SmtpMessageEnd.Whole;

    // Stops when the block is full. Then something is left, and the status is More.
    private SmtpDataStatus Decode(ref ReadOnlySequence<byte> rest, bool isChunk)
    {
        SmtpDataStatus status = SmtpDataStatus.More;
        if (upload is null)
        {
            rest = rest.Slice(rest.End);
        }

        while (status == SmtpDataStatus.More && !rest.IsEmpty && upload!.Block.Free > 0)
        {
            PooledBuffer block = upload.Block;
            ReadOnlySpan<byte> piece = rest.FirstSpan;
            piece = piece[..Math.Min(piece.Length, block.Free)];
            int before = block.Count;
            int used = piece.Length;
            bool isDirect = Filter is null && _isBegun;
            IBufferWriter<byte> to = isDirect ? block : _unfiltered;
            status = !isChunk ? _decoder.Decode(piece, to, out used)
                : _chunks.TryDecode(piece, to) ? SmtpDataStatus.More
                : SmtpDataStatus.StrayLineEnd;
            ReadOnlySpan<byte> stored = isDirect
                ? block.Written.Span[before..] : _unfiltered.Written.Span;
            _hops.Append(stored);
            Names.Append(stored);
            Checks?.Read(stored);
            _size += stored.Length;
            if (!isDirect)
            {
                Pass(stored, block);
                _unfiltered.Clear();
            }

            rest = rest.Slice(used);
        }

        return status;
    }

    private void Pass(ReadOnlySpan<byte> stored, PooledBuffer block)
    {
        if (!_isBegun && IsAfterFields && stored is [(byte)' ' or (byte)'\t', ..])
        {
            block.Write("\n"u8); // It is not a field, so it begins the body.
        }

        _isBegun |= !stored.IsEmpty;
        if (Filter is { } filter)
        {
            filter.Read(stored, block);
            Filter = filter.IsOver ? null : filter;
        }
        else
        {
            block.Write(stored);
        }
    }

    // The rest of an unwanted message is read as well, since the client listens only after its line
    // with the dot.
    private ValueTask SendBlockAsync() =>
        IsUnwanted ? upload!.AbandonAsync() : upload!.SendBlockAsync();
}
